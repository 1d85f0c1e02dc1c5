// What every card shares. The hub puts this text in front of each element when it starts: Chainlit's elements cannot import each other.
import { useState } from "react";
import {
  Activity, AlertTriangle, Ban, BookOpen, Box, Braces, Check, ChevronDown, ChevronRight, CircleDashed, Clock, Code2, Copy, Database, ExternalLink,
  File as FileIcon, FileText, Folder, GitBranch, GitCommitHorizontal, Globe, History, KeyRound, LayoutGrid, Loader2, Lock, RefreshCw, ShieldAlert,
  Table2, Tag, Trash2, Undo2, User, Users, X,
} from "lucide-react";

function usePressed() {
  const [pressed, setPressed] = useState(window.hubpilotPressed.get(props.id) ?? null);
  return [pressed, (value) => { window.hubpilotPressed.set(props.id, value); setPressed(value); }];
}

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

function size(bytes) {
  if (bytes === null || bytes === undefined) return "";
  let value = bytes, unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) { value /= 1000; unit += 1; }
  return unit ? `${value.toFixed(1)} ${UNITS[unit]}` : `${bytes} bytes`;
}

function count(number, noun) {
  return `${number.toLocaleString()} ${noun}${number === 1 ? "" : "s"}`;
}

function ago(time) {
  if (!time) return "never";
  const seconds = (Date.now() - new Date(time).getTime()) / 1000;
  const steps = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];
  const words = new Intl.RelativeTimeFormat(navigator.language, { numeric: "auto" });
  for (const [unit, length] of steps) {
    if (Math.abs(seconds) >= length) return words.format(-Math.round(seconds / length), unit);
  }
  return "just now";
}

function Time({ at }) {
  return <time className="hp-nowrap" dateTime={at} title={at ? new Date(at).toLocaleString() : ""}>{ago(at)}</time>;
}

function Frame({ icon: Icon, title, subtitle, badges, tone, children }) {
  return (
    <section className={`hp-card ${tone ? `hp-${tone}` : ""}`}>
      <header className="hp-head">
        {Icon && <span className="hp-icon"><Icon size={18} strokeWidth={1.9} /></span>}
        <div className="hp-heading">
          <h3 className="hp-title">{title}</h3>
          {subtitle && <p className="hp-subtitle">{subtitle}</p>}
        </div>
        {badges && <div className="hp-badges">{badges}</div>}
      </header>
      {children}
      <NextSteps />
    </section>
  );
}

function Badge({ icon: Icon, children, tone }) {
  return <span className={`hp-badge ${tone ? `hp-badge-${tone}` : ""}`}>{Icon && <Icon size={12} strokeWidth={2.2} />}{children}</span>;
}

function VisibilityBadge({ value }) {
  return value === "public" ? <Badge icon={Globe}>public</Badge> : <Badge icon={Lock}>private</Badge>;
}

function CopyButton({ text, label = "Copy" }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
    } else {
      // Browsers offer the clipboard only to https pages and localhost; a hub on a local network is often neither.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.appendChild(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    setCopied(true);
    setTimeout(() => setCopied(false), 1600);
  };
  return (
    <button type="button" className="hp-copy" onClick={copy} aria-label={label} title={label}>
      {copied ? <Check size={15} /> : <Copy size={15} />}
      <span>{copied ? "Copied" : label}</span>
    </button>
  );
}

function CopyLine({ text, label }) {
  return <div className="hp-copyline"><code>{text}</code><CopyButton text={text} label={label} /></div>;
}

function Say({ sentence, icon: Icon, children, tone }) {
  return (
    <button type="button" className={`hp-say ${tone ? `hp-say-${tone}` : ""}`} onClick={() => sendUserMessage(sentence)} title={sentence}>
      {Icon && <Icon size={14} />}<span>{children || sentence}</span>
    </button>
  );
}

function NextSteps() {
  const steps = props.next_steps || [];
  if (!steps.length && !props.undo) return null;
  return (
    <footer className="hp-steps">
      {props.undo && <Say sentence={props.undo} icon={Undo2} tone="undo">Undo</Say>}
      {steps.map((step) => <Say key={step} sentence={step} />)}
    </footer>
  );
}

function Facts({ facts }) {
  return (
    <dl className="hp-facts">
      {facts.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([label, value]) => (
        <div key={label}><dt>{label}</dt><dd>{value}</dd></div>
      ))}
    </dl>
  );
}

function Empty({ children }) {
  return <p className="hp-empty">{children}</p>;
}

function More({ shown }) {
  return shown ? <p className="hp-more">There are more. Ask for a longer list, or narrow it down.</p> : null;
}

function items(data) {
  return Array.isArray(data) ? data : data.items || [];
}

const TYPE_ICON = { model: Box, dataset: Database, space: LayoutGrid, code: Code2 };
