const NUMERIC = /^(u?int|float|double|half|decimal)/;

export default function DataTable() {
  const it = props.data;
  const known = it.row_count === null ? "" : ` of ${it.row_count.toLocaleString()}`;
  return (
    <Frame
      icon={Table2} title={it.path}
      subtitle={<>{it.repository} · {it.revision} · <code title={it.commit_hash}>{it.commit_hash.slice(0, 8)}</code></>}
      badges={<><Badge>{it.format}</Badge><Badge>{it.rows.length.toLocaleString()}{known} rows</Badge></>}
    >
      <div className="hp-scroll" tabIndex={0}>
        <table className="hp-table">
          <thead>
            <tr>{it.columns.map((column, index) => (
              <th key={index} className={NUMERIC.test(column.type) ? "hp-number" : ""}><span>{column.name}</span><small title={column.type}>{column.type}</small></th>
            ))}</tr>
          </thead>
          <tbody>
            {it.rows.map((row, index) => (
              <tr key={index}>{row.map((cell, at) => (
                <td key={at} className={NUMERIC.test(it.columns[at].type) ? "hp-number" : ""}><Cell value={cell} /></td>
              ))}</tr>
            ))}
          </tbody>
        </table>
      </div>
      {it.rows.length === 0 && <Empty>This file has no rows.</Empty>}
      {(it.has_more || it.truncated) && (
        <p className="hp-more">{it.truncated ? "A limit was met: fewer rows are shown than were asked for." : "More rows follow. Ask for more, up to 200."}</p>
      )}
    </Frame>
  );
}

function Cell({ value }) {
  if (value === null) return <span className="hp-null">null</span>;
  if (typeof value === "boolean") return <span className="hp-bool">{String(value)}</span>;
  if (typeof value === "number") return <>{String(value)}</>;
  if (typeof value === "string") return <LongText text={value} />;
  if (value.kind === "text") return <LongText text={value.text} length={value.length} />;
  if (value.kind === "image") return <Picture it={value} />;
  if (value.kind === "binary") return <span className="hp-chip" title={value.head}>{size(value.size)} binary</span>;
  return <Nested it={value} />;
}

function LongText({ text, length }) {
  const [open, setOpen] = useState(false);
  const lines = text.split("\n").length;
  if (text.length <= 90 && lines < 3 && !length) return text ? <span className="hp-cell">{text}</span> : <span className="hp-null">empty</span>;
  return (
    <button type="button" className={`hp-cell hp-fold ${open ? "hp-open" : ""}`} aria-expanded={open} onClick={() => setOpen(!open)}>
      <span>{text}{length ? "…" : ""}</span>
      {open && length && <small>{length.toLocaleString()} characters in all</small>}
    </button>
  );
}

function Picture({ it }) {
  if (!it.data) return <span className="hp-chip">{it.mime.slice(6)} image, {size(it.size)}</span>;
  return <img className="hp-picture" src={`data:${it.mime};base64,${it.data}`} alt={`${it.mime.slice(6)} image, ${size(it.size)}`} />;
}

function Nested({ it }) {
  const [open, setOpen] = useState(false);
  const short = JSON.stringify(it.value);
  const label = Array.isArray(it.value) ? count(it.value.length, "item") : count(Object.keys(it.value).length, "field");
  if (short.length <= 48 && !it.cut) return <code className="hp-cell">{short}</code>;
  return (
    <span>
      <button type="button" className="hp-chip hp-chip-button" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? <ChevronDown size={12} /> : <ChevronRight size={12} />} {label}{it.cut ? "+" : ""}
      </button>
      {open && <pre className="hp-json">{JSON.stringify(it.value, null, 2)}</pre>}
    </span>
  );
}
