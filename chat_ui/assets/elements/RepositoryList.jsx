export default function RepositoryList() {
  const rows = items(props.data);
  return (
    <Frame icon={BookOpen} title={props.title} badges={<Badge>{rows.length} shown</Badge>}>
      {rows.length === 0 && <Empty>Nothing here yet.</Empty>}
      <ul className="hp-list">
        {rows.map((it) => {
          const Icon = TYPE_ICON[it.type];
          return (
            <li key={it.id}>
              <button type="button" className="hp-row" onClick={() => sendUserMessage(`Show ${it.path}`)}>
                <Icon size={17} className="hp-dim" />
                <span className="hp-grow">
                  <strong><span className="hp-dim">{it.namespace}/</span>{it.name}</strong>
                  {it.description && <small>{it.description}</small>}
                </span>
                <span className="hp-aside">
                  {it.visibility === "private" && <Lock size={13} aria-label="private" />}
                  <span>{size(it.size)}</span><Time at={it.updated_at} />
                </span>
              </button>
            </li>
          );
        })}
      </ul>
      <More shown={props.data.next_cursor} />
    </Frame>
  );
}
