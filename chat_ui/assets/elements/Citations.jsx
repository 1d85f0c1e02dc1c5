export default function Citations() {
  return (
    <div className="hp-citations">
      <p><BookOpen size={13} /> Sources</p>
      <ol>
        {props.citations.map((it, index) => (
          <li key={index}>
            <details>
              <summary><span className="hp-letter">{index + 1}</span><strong>{it.title}</strong><small>{it.source}</small></summary>
              <blockquote>{it.excerpt}</blockquote>
            </details>
          </li>
        ))}
      </ol>
    </div>
  );
}
