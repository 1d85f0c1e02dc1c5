export default function RepositoryCard() {
  const it = props.data;
  const clone = `${window.location.origin}${it.clone_path}`;
  const tags = [...new Set([...it.tasks, ...it.languages, ...it.tags])];
  return (
    <Frame
      icon={TYPE_ICON[it.type]} title={<><span className="hp-dim">{it.namespace}/</span>{it.name}</>} subtitle={it.description || null}
      badges={<><Badge>{it.type}</Badge><VisibilityBadge value={it.visibility} /></>}
    >
      <Facts facts={[
        ["Size", size(it.size)], ["Files", it.file_count.toLocaleString()], ["License", it.license], ["Default branch", it.default_branch],
        ["Updated", <Time at={it.updated_at} />],
        ["Commit", it.commit_hash ? <code title={it.commit_hash}>{it.commit_hash.slice(0, 8)}</code> : "none yet"],
      ]} />
      {tags.length > 0 && <div className="hp-tags">{tags.map((tag) => <Badge key={tag} icon={Tag}>{tag}</Badge>)}</div>}
      {it.card_error && <p className="hp-warning"><AlertTriangle size={14} /> The card cannot be read: {it.card_error}</p>}
      <CopyLine text={`git clone ${clone}`} label="Copy" />
    </Frame>
  );
}
