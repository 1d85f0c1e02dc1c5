export default function TokenList() {
  const rows = items(props.data);
  return (
    <Frame icon={KeyRound} title={props.title}>
      {rows.length === 0 && <Empty>You have no access tokens.</Empty>}
      <ul className="hp-list hp-plain">
        {rows.map((it) => (
          <li key={it.id} className="hp-row">
            <KeyRound size={15} className="hp-dim" />
            <span className="hp-grow">
              <strong>{it.name}</strong>
              <small>used <Time at={it.last_used_at} /> · {it.expires_at ? <>ends <Time at={it.expires_at} /></> : "does not end"}</small>
            </span>
            <Badge>{it.scope}</Badge>
            <Say sentence={`Revoke the access token ${it.name}`} tone="quiet">Revoke</Say>
          </li>
        ))}
      </ul>
    </Frame>
  );
}
