"""Score the shipped model on held-out phrases with held-out values, and calibrate its confidence.

`python -m models_local.training.evaluate --phrases tools/examples --catalog catalog.json [--weights DIR] [--docs FILE]`
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models_local.assemble import span_value
from models_local.planner import WEIGHTS, Plan, Planner
from models_local.situation import Call, Situation, Turn
from models_local.spans import Span
from models_local.text import segment
from models_local.training.corpus import Corpus, read_corpus
from models_local.training.data import Sample, SampleMaker, label_chunks
from models_local.training.fillers import Filler
from models_local.training.phrases import DOCUMENTATION, OUTCOMES

PAGE = "datasets/dana/open-page"
PER_PHRASE = 2
# Below this probability of being exactly right the planner asks, with its best readings, instead of acting.
ASK_BELOW = 0.25
CARD = Path(__file__).parent / "card.md"
MARKS = ("<!-- scores -->", "<!-- /scores -->")


@dataclass(frozen=True, slots=True)
class Case:
    """An utterance in its situation with the calls (or outcome) it should lead to."""

    utterance: str
    situation: Situation
    tool: str
    calls: tuple[Call, ...]
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """One case, what was planned, and how long it took in milliseconds."""

    case: Case
    plan: Plan
    milliseconds: float

    @property
    def tool_right(self) -> bool:
        """Whether the right tool or outcome was chosen, whatever its arguments."""
        waiting = [self.plan.waiting] if self.plan.waiting else []
        chosen = [call.tool for call in (*self.plan.calls, *waiting)]
        return chosen == [call.tool for call in self.case.calls] if self.case.calls else self.plan.outcome == self.case.tool

    @property
    def exact(self) -> bool:
        """Whether tool and every argument are right."""
        if not self.case.calls:
            return self.tool_right
        if self.case.missing:
            return self.plan.waiting == self.case.calls[0]
        return self.plan.calls == self.case.calls


def cases(corpus: Corpus, *, seed: int = 11) -> list[Case]:
    """Held-out phrases, each filled a few times with held-out values."""
    rng = random.Random(seed)  # noqa: S311  # chance, not secrecy
    maker = SampleMaker(corpus.tools, corpus.labels, Filler(rng, corpus.plain_words, held_out=True), rng, vary=False)
    made = []
    for phrase in corpus.held_out:
        if phrase.tool != "repeat":
            samples = [maker.single(phrase) for _ in range(PER_PHRASE if phrase.slots else 1)]
            made += [case_of(corpus, sample) for sample in samples if label_chunks(sample, segment(sample.text, corpus.labels.literals))]
    return made


def case_of(corpus: Corpus, sample: Sample) -> Case:
    """The case that a sample stands for; what it leaves to the situation is the open page."""
    named = tuple(sample.text[start:end] for start, end, slot in sample.spans if slot == "file")
    situation = Situation(page=PAGE, attachments=named or (("attached.csv",) if sample.attached else ()))
    if sample.tool in OUTCOMES:
        return Case(sample.text, situation, sample.tool, ())
    tool = corpus.tools[sample.tool]
    arguments: dict[str, Any] = {}
    for name, value in sample.constants.items():
        arguments[name] = value == "true" if tool.arguments[name].kind == "boolean" else int(value) if tool.arguments[name].kind == "integer" else value
    chunks = segment(sample.text, corpus.labels.literals)
    for start, end, slot in sample.spans:
        inside = [index for index, chunk in enumerate(chunks) if chunk.start < end and chunk.end > start]
        value = span_value(tool.arguments[slot], sample.text, chunks, Span(slot, inside[0], inside[-1], 1.0))
        if value is not None:
            arguments.setdefault(slot, value)
    if "repository" in tool.arguments and "repository" not in arguments and sample.situated:
        arguments["repository"] = PAGE
    if sample.tool == DOCUMENTATION:
        arguments["query"] = sample.text.strip()
    missing = any(name not in arguments for name in tool.required)
    return Case(sample.text, situation, sample.tool, (Call(tool=sample.tool, arguments=arguments),), missing)


def unseen_cases(path: Path) -> list[Case]:
    """The cases of a JSON-lines file: utterance, page, recent, attachments, listed, history, calls, outcome."""
    made = []
    for line in filter(str.strip, path.read_text(encoding="utf-8").splitlines()):
        data = json.loads(line)
        history = tuple(
            Turn(utterance=turn.get("utterance", ""), calls=tuple(_call(call) for call in turn.get("calls", ())), ask=turn.get("ask"), missing=turn.get("missing"))
            for turn in data.get("history", ())
        )
        situation = Situation(
            page=data.get("page"), recent=tuple(data.get("recent", ())), attachments=tuple(data.get("attachments", ())), listed=tuple(data.get("listed", ())), user=data.get("user"), history=history
        )
        calls = tuple(_call(call) for call in data.get("calls", ()))
        made.append(Case(data["utterance"], situation, data.get("outcome") or (calls[0].tool if calls else "none"), calls, data.get("outcome") == "ask"))
    return made


def _call(data: dict[str, Any]) -> Call:
    return Call(tool=data["tool"], arguments=data.get("arguments", {}))


def run(planner: Planner, made: Sequence[Case], tools: Sequence[dict[str, Any]]) -> list[Result]:
    """Plan every case and time it."""
    results = []
    for case in made:
        started = time.perf_counter()
        plan = planner.plan(case.utterance, case.situation, tools)
        results.append(Result(case, plan, (time.perf_counter() - started) * 1000))
    return results


def calibrate(results: Sequence[Result]) -> tuple[float, float]:
    """Slope and offset that turn the raw score's logarithm into the probability of being exact (logistic regression).

    The results must come from a planner with slope 1 and offset 0.
    """
    scores = np.log([min(max(result.plan.confidence, 1e-6), 1 - 1e-6) / (1 - min(max(result.plan.confidence, 1e-6), 1 - 1e-6)) for result in results])
    exact = np.array([result.exact for result in results], dtype=float)
    slope, offset = 1.0, 2.0
    for _ in range(4000):
        error = 1 / (1 + np.exp(-(slope * scores + offset))) - exact
        slope -= 0.3 * float((error * scores).mean())
        offset -= 0.3 * float(error.mean())
    return slope, offset


def table(results: Sequence[Result]) -> str:
    """The score table as Markdown: per tool, cases, right tool, exact call, and latency."""
    by_tool: dict[str, list[Result]] = {}
    for result in results:
        by_tool.setdefault(result.case.tool, []).append(result)
    lines = ["| Tool or outcome | Cases | Right tool | Exact call |", "|---|---|---|---|"]
    for name, group in [*sorted(by_tool.items()), ("**all**", list(results))]:
        right, exact = (100 * sum(flags) / len(group) for flags in ([r.tool_right for r in group], [r.exact for r in group]))
        lines.append(f"| {name} | {len(group)} | {right:.1f} % | {exact:.1f} % |")
    times = sorted(result.milliseconds for result in results)
    p50, p95 = statistics.median(times), times[int(len(times) * 0.95)]
    return "\n".join([*lines, "", f"Latency of one plan: p50 {p50:.1f} ms, p95 {p95:.1f} ms (one CPU thread)."])


def write_docs(path: Path, scores: str) -> None:
    """Put the score table between the marks in a Markdown file."""
    text = path.read_text(encoding="utf-8")
    start, end = text.index(MARKS[0]) + len(MARKS[0]), text.index(MARKS[1])
    path.write_text(f"{text[:start]}\n{scores}\n{text[end:]}", encoding="utf-8")


def main() -> None:
    """Print the score table; with --docs also write it there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phrases", type=Path, required=True)
    parser.add_argument("--catalog", type=Path, required=True)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--docs", type=Path)
    parser.add_argument("--cases", type=Path, help="score this JSON-lines file instead of the held-out phrases")
    parser.add_argument("--errors", action="store_true", help="print every case that is not exact")
    options = parser.parse_args()
    corpus = read_corpus(options.phrases, options.catalog, options.weights / "tokenizer.json")
    tools = json.loads(options.catalog.read_text(encoding="utf-8"))
    made = unseen_cases(options.cases) if options.cases else cases(corpus)
    results = run(Planner.load(options.weights), made, tools)
    if options.errors:
        for result in results:
            if not result.exact:
                print(_difference(result))  # noqa: T201
    print(table(results))  # noqa: T201
    if options.docs:
        write_docs(options.docs, table(results))


def finish(folder: Path, corpus: Corpus, tools: Sequence[dict[str, Any]]) -> str:
    """Calibrate the exported model in `folder` and write its model card; returns the score table."""
    config = folder / "config.json"
    exported = json.loads(config.read_text(encoding="utf-8"))
    planner = Planner.load(folder)
    slope, offset = calibrate(run(planner, cases(corpus, seed=12), tools))
    planner.close()
    config.write_text(json.dumps({**exported, "slope": round(slope, 4), "offset": round(offset, 4), "threshold": ASK_BELOW}, indent=1) + "\n", encoding="utf-8")
    planner = Planner.load(folder)
    scores = table(run(planner, cases(corpus), tools))
    planner.close()
    (folder / "MODEL_CARD.md").write_text(CARD.read_text(encoding="utf-8").replace("{scores}", scores), encoding="utf-8")
    return scores


def _difference(result: Result) -> str:
    wanted = [(call.tool, call.arguments) for call in result.case.calls] or result.case.tool
    calls = (*result.plan.calls, *([result.plan.waiting] if result.plan.waiting else []))
    got = [(call.tool, call.arguments) for call in calls] or result.plan.alternatives
    return f"{result.case.utterance!r}\n    wanted {wanted}\n    got    {result.plan.outcome} {result.plan.confidence:.2f} {got}"


if __name__ == "__main__":
    main()
