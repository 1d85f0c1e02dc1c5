export default function ErrorCard() {
  return (
    <section className="hp-card hp-error" role="alert">
      <header className="hp-head">
        <span className="hp-icon"><AlertTriangle size={18} strokeWidth={1.9} /></span>
        <div className="hp-heading"><h3 className="hp-title">{props.message}</h3>{props.hint && <p className="hp-subtitle">{props.hint}</p>}</div>
      </header>
      {props.link && <footer className="hp-steps"><a className="hp-say" href={props.link.href}><span>{props.link.label}</span></a></footer>}
      <p className="hp-code">{props.code}</p>
    </section>
  );
}
