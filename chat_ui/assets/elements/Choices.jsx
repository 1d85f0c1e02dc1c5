export default function Choices() {
  const [chosen, setChosen] = usePressed();
  const choose = (choice) => { setChosen(choice.message); sendUserMessage(choice.message); };
  return (
    <div className="hp-choices" role="group" aria-label={props.question}>
      {props.question && <p>{props.question}</p>}
      <div>
        {props.choices.map((choice) => (
          <button key={choice.message} type="button" disabled={chosen !== null} onClick={() => choose(choice)}
            className={`hp-choice ${chosen === choice.message ? "hp-chosen" : ""}`}>
            <span>{choice.label}</span><ChevronRight size={15} />
          </button>
        ))}
      </div>
    </div>
  );
}
