export default function SchemaTable() {
  const it = props.data;
  return (
    <Frame
      icon={Braces} title={it.path}
      subtitle={<>{it.repository} · {it.revision} · <code title={it.commit_hash}>{it.commit_hash.slice(0, 8)}</code></>}
      badges={<><Badge>{it.format}</Badge>{it.row_count !== null && <Badge>{count(it.row_count, "row")}</Badge>}</>}
    >
      <div className="hp-scroll">
        <table className="hp-table hp-schema">
          <thead><tr><th>Column</th><th>Type</th><th>Nulls</th></tr></thead>
          <tbody>
            {it.columns.map((column, index) => (
              <tr key={index}><td><strong>{column.name}</strong></td><td><code>{column.type}</code></td><td className="hp-dim">{column.nullable ? "allowed" : "never"}</td></tr>
            ))}
          </tbody>
        </table>
      </div>
    </Frame>
  );
}
