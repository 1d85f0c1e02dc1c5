const STATE = { queued: [CircleDashed, ""], running: [Loader2, "accent"], succeeded: [Check, "good"], failed: [X, "bad"] };

export default function JobList() {
  const rows = items(props.data);
  return (
    <Frame icon={Activity} title={props.title} badges={<Say sentence="Show the jobs" icon={RefreshCw} tone="quiet">Refresh</Say>}>
      {rows.length === 0 && <Empty>No jobs.</Empty>}
      <ul className="hp-list hp-plain">
        {rows.map((it) => {
          const [Icon, tone] = STATE[it.state];
          return (
            <li key={it.id} className="hp-row">
              <span className={`hp-state hp-state-${tone}`}><Icon size={15} className={it.state === "running" ? "hp-spin" : ""} /></span>
              <span className="hp-grow">
                <strong>{it.kind}</strong>
                {(it.reason || it.note) && <small className={it.reason ? "hp-bad" : ""}>{it.reason || it.note}</small>}
                {it.state === "running" && <progress max={1} value={it.progress} aria-label={`${Math.round(it.progress * 100)}%`} />}
              </span>
              <span className="hp-aside"><span>{it.state === "running" ? `${Math.round(it.progress * 100)}%` : it.state}</span><Time at={it.finished_at || it.created_at} /></span>
            </li>
          );
        })}
      </ul>
      <More shown={props.data.next_cursor} />
    </Frame>
  );
}
