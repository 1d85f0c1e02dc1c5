export default function ActivityList() {
  const rows = items(props.data);
  return (
    <Frame icon={History} title={props.title}>
      {rows.length === 0 && <Empty>Nothing has happened here yet.</Empty>}
      <ol className="hp-list hp-timeline">
        {rows.map((it) => (
          <li key={it.id} className="hp-row">
            <span className={`hp-dot ${it.outcome === "ok" ? "" : "hp-dot-bad"}`} />
            <span className="hp-grow">
              <strong>{it.operation}{it.subject && <span className="hp-dim"> {it.subject}</span>}</strong>
              <small>{it.user || "the hub"} · by {it.surface} · <Time at={it.at} /></small>
            </span>
            {it.outcome !== "ok" && <Badge tone="bad">{it.outcome.replaceAll("_", " ")}</Badge>}
          </li>
        ))}
      </ol>
      <More shown={props.data.next_cursor} />
    </Frame>
  );
}
