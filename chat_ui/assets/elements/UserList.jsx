export default function UserList() {
  if (props.kind === "identity") return <Me it={props.data} />;
  return props.kind === "user" ? <NewUser it={props.data} /> : <People rows={items(props.data)} />;
}

function Me({ it }) {
  return (
    <Frame icon={User} title={it.name} subtitle={it.is_admin ? "Administrator of this hub" : "User of this hub"}>
      <Facts facts={[["Allowed", it.scope], ["Signed in by", it.credential]]} />
    </Frame>
  );
}

function NewUser({ it }) {
  return (
    <Frame icon={User} title={it.user.name} badges={it.user.is_admin && <Badge>administrator</Badge>}
      subtitle={it.password_link ? "Send this link to the new user: the password is chosen there. It works once." : "The link to choose a password was shown once."}>
      {it.password_link && <CopyLine text={`${window.location.origin}${it.password_link}`} label="Copy" />}
      {it.password_link && <p className="hp-more">The link ends <Time at={it.expires_at} /> and is not shown again.</p>}
    </Frame>
  );
}

function People({ rows }) {
  return (
    <Frame icon={Users} title={props.title}>
      {rows.length === 0 && <Empty>Nobody by that name.</Empty>}
      <ul className="hp-list hp-plain">
        {rows.map((it) => (
          <li key={it.id} className="hp-row">
            <span className="hp-letter">{it.name[0].toUpperCase()}</span>
            <span className="hp-grow"><strong>{it.name}</strong><small>since <Time at={it.created_at} /></small></span>
            {it.is_admin && <Badge>administrator</Badge>}{!it.is_active && <Badge tone="bad">inactive</Badge>}
          </li>
        ))}
      </ul>
      <More shown={props.data.next_cursor} />
    </Frame>
  );
}
