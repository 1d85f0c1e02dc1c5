const OUTCOME = {
  granted: [Check, "Approved"], rejected: [Ban, "Rejected. Nothing was changed."], failed: [AlertTriangle, "This could not be decided."],
};

export default function ApprovalCard() {
  const [sent, setSent] = usePressed();
  const open = props.outcome === "pending" && !sent;
  const decide = (granted) => {
    setSent(granted ? "granted" : "rejected");
    callAction({ name: "decide", payload: { approval_id: props.approval_id, granted } });
  };
  return (
    <section className={`hp-card hp-approval ${open ? "" : "hp-inert"}`} aria-live="polite">
      <header className="hp-head">
        <span className="hp-icon"><ShieldAlert size={18} strokeWidth={1.9} /></span>
        <div className="hp-heading"><h3 className="hp-title">{props.title}</h3><p className="hp-subtitle">{props.summary}</p></div>
      </header>
      <Facts facts={Object.entries(props.facts)} />
      {open ? (
        <footer className="hp-decide">
          <span className="hp-hint">Nothing happens until you decide.</span>
          <button type="button" className="hp-button" onClick={() => decide(false)}>Reject</button>
          <button type="button" className="hp-button hp-button-danger" onClick={() => decide(true)}>Approve</button>
        </footer>
      ) : <Outcome value={props.outcome === "pending" ? sent : props.outcome} waiting={props.outcome === "pending"} />}
    </section>
  );
}

function Outcome({ value, waiting }) {
  const [Icon, text] = OUTCOME[value];
  return <p className={`hp-outcome hp-outcome-${value}`}>{waiting ? <Loader2 size={15} className="hp-spin" /> : <Icon size={15} />}{props.reason || text}</p>;
}
