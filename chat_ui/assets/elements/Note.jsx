export default function Note() {
  const it = props.data;
  if (props.kind === "deleted") {
    return (
      <Frame icon={Trash2} title={props.title}>
        <Facts facts={Object.entries(it).map(([label, value]) => [label.replaceAll("_", " "), label === "size" ? size(value) : String(value)])} />
      </Frame>
    );
  }
  const text = typeof it === "string" ? it : it && typeof it.text === "string" ? it.text : null;
  return <Frame icon={FileText} title={props.title}>{text === null ? <pre className="hp-json">{JSON.stringify(it, null, 2)}</pre> : <p className="hp-prose">{text}</p>}</Frame>;
}
