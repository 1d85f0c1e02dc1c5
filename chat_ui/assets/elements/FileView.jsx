export default function FileView() {
  const it = props.data;
  return (
    <Frame
      icon={FileText} title={it.path} subtitle={<>{it.repository} · <code title={it.commit_hash}>{it.commit_hash.slice(0, 8)}</code> · {size(it.size)}</>}
      badges={it.lfs && <Badge>LFS</Badge>}
    >
      {it.text === null
        ? <Empty>This file is binary: download or clone the repository to open it.</Empty>
        : <div className="hp-text"><CopyButton text={it.text} /><pre>{it.text}</pre></div>}
      {it.truncated && <p className="hp-more">Only the beginning is shown.</p>}
    </Frame>
  );
}
