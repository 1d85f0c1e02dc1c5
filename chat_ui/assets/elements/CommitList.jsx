export default function CommitList() {
  return props.kind === "commit" ? <OneCommit it={props.data} /> : <Commits it={props.data} />;
}

function OneCommit({ it }) {
  return (
    <Frame icon={GitCommitHorizontal} title={props.title} subtitle={<>{it.repository} · {it.branch}</>}
      badges={<Badge><code title={it.commit_hash}>{it.commit_hash.slice(0, 8)}</code></Badge>}>
      <ul className="hp-list hp-plain">
        {it.paths.map((path) => <li key={path} className="hp-row"><FileIcon size={15} className="hp-dim" /><span className="hp-grow hp-path">{path}</span></li>)}
      </ul>
    </Frame>
  );
}

function Commits({ it }) {
  return (
    <Frame icon={History} title={props.title} subtitle={<>{it.repository} · {it.revision}</>}>
      {it.items.length === 0 && <Empty>No commits yet.</Empty>}
      <ol className="hp-list hp-timeline">
        {it.items.map((commit) => (
          <li key={commit.commit_hash} className="hp-row">
            <span className="hp-dot" />
            <span className="hp-grow"><strong>{commit.title}</strong><small>{commit.author} · <Time at={commit.at} /></small></span>
            <code className="hp-dim" title={commit.commit_hash}>{commit.commit_hash.slice(0, 8)}</code>
          </li>
        ))}
      </ol>
      <More shown={it.next_cursor} />
    </Frame>
  );
}
