export default function RefList() {
  const refs = props.kind === "ref" ? [props.data] : items(props.data);
  return (
    <Frame icon={GitBranch} title={props.title} subtitle={refs.length ? refs[0].repository : null}>
      {refs.length === 0 && <Empty>None yet.</Empty>}
      <ul className="hp-list hp-plain">
        {refs.map((ref) => (
          <li key={ref.name} className="hp-row">
            <GitBranch size={15} className="hp-dim" />
            <span className="hp-grow"><strong>{ref.name}</strong>{ref.message && <small>{ref.message}</small>}</span>
            <code className="hp-dim" title={ref.commit_hash}>{ref.commit_hash.slice(0, 8)}</code>
          </li>
        ))}
      </ul>
    </Frame>
  );
}
