export default function FileList() {
  const it = props.data;
  const name = (path) => (it.path && path.startsWith(`${it.path}/`) ? path.slice(it.path.length + 1) : path);
  const open = (entry) => sendUserMessage(
    entry.kind === "folder" ? `List the files in ${entry.path} of ${it.repository}` : `Show the file ${entry.path} of ${it.repository}`);
  return (
    <Frame icon={Folder} title={props.title} subtitle={<Where it={it} />}>
      {it.items.length === 0 && <Empty>{it.commit_hash ? "This folder is empty." : "No files yet: nothing has been committed."}</Empty>}
      <ul className="hp-list">
        {it.items.map((entry) => (
          <li key={entry.path}>
            <button type="button" className="hp-row" onClick={() => open(entry)}>
              {entry.kind === "folder" ? <Folder size={16} className="hp-accent" /> : <FileIcon size={16} className="hp-dim" />}
              <span className="hp-grow hp-path">{name(entry.path)}</span>
              <span className="hp-aside">{entry.lfs && <Badge>LFS</Badge>}<span>{size(entry.size)}</span></span>
            </button>
          </li>
        ))}
      </ul>
      <More shown={it.next_cursor} />
    </Frame>
  );
}

function Where({ it }) {
  return <>{it.repository} · {it.revision}{it.commit_hash && <> · <code title={it.commit_hash}>{it.commit_hash.slice(0, 8)}</code></>}</>;
}
