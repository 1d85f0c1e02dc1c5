"""From an utterance and its situation to tool calls: the shipped local model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from models_local.assemble import Assembler, Draft, by_type
from models_local.encoder import Encoder
from models_local.errors import damaged, missing
from models_local.followups import Followups
from models_local.heads import Heads, Reading
from models_local.labels import Labels
from models_local.nearest import Examples
from models_local.pieces import Pieces
from models_local.questions import NOTHING_TO_REPEAT, UNCERTAIN, question
from models_local.resolve import listed_item, on_listed, situated_repository
from models_local.schema import Tool, read_tools, well_formed
from models_local.situation import Call, Situation
from models_local.text import Chunk, segment

WEIGHTS = Path(__file__).parent / "weights"
Outcome = Literal["act", "ask", "answer", "chat", "refuse", "none"]
_OUTCOMES: tuple[Outcome, ...] = ("chat", "refuse", "none")
_DOCUMENTATION = "search_documentation"
_CONJUNCTIONS = frozenset({"and", "then", "also", "plus", "&", ",", ";"})


class Plan(BaseModel):
    """What an utterance asks for.

    `calls` are complete and well-formed. With outcome `ask`, `ask` is the question; if an argument is `missing`, the
    request that waits for it is `waiting`, and `calls` holds the requests before it. `alternatives` are the best
    readings when the planner is unsure. `confidence` is the calibrated probability that the plan is exactly right.
    """

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    calls: tuple[Call, ...] = ()
    ask: str | None = None
    missing: str | None = None
    waiting: Call | None = None
    alternatives: tuple[Call, ...] = ()
    confidence: float = Field(default=1.0, ge=0, le=1)


class Calibration(BaseModel):
    """What the exporter measured on held-out phrases; kept in the model's `config.json`."""

    encoder_sha256: str
    embedder_sha256: str
    temperature: float = 1.0
    slope: float = 1.0
    offset: float = 0.0
    threshold: float = 0.0

    def confidence(self, score: float) -> float:
        """The probability that a plan with this raw score is exactly right."""
        return float(1 / (1 + np.exp(-(self.slope * np.log(max(score, 1e-9)) + self.offset))))


@dataclass(frozen=True, slots=True)
class _Clause:
    """A stretch of the utterance with one request, and what the heads say about it."""

    text: str
    chunks: list[Chunk]
    reading: Reading


class Planner:
    """Plans utterances. Thread-safe; a plan takes some milliseconds of CPU and blocks for that long."""

    def __init__(self, encoder: Encoder, heads: Heads, labels: Labels, pieces: Pieces, calibration: Calibration, examples: Examples) -> None:
        self._encoder, self._heads, self._labels, self._pieces = encoder, heads, labels, pieces
        self._calibration = calibration
        self._examples = examples
        self._assembler = Assembler(labels)
        self._followups = Followups(self._assembler)

    @classmethod
    def load(cls, folder: Path = WEIGHTS) -> "Planner":
        """Open the model in `folder`; raises ModelFileMissing or ModelFileDamaged."""
        for name in ("config.json", "labels.json", "tokenizer.json"):
            if not (folder / name).is_file():
                raise missing(folder / name)
        try:
            calibration = Calibration.model_validate_json((folder / "config.json").read_bytes())
            labels = Labels.load(folder / "labels.json")
        except (ValueError, KeyError) as error:
            raise damaged(folder / "config.json") from error
        encoder = Encoder(folder / "encoder.gguf", digest=calibration.encoder_sha256)
        heads = Heads.load(folder / "heads.npz", labels, calibration.temperature)
        return cls(encoder, heads, labels, Pieces.load(folder / "tokenizer.json"), calibration, Examples.load(folder / "examples.npz"))

    def close(self) -> None:
        """Free the model; the planner must not be used afterwards."""
        self._encoder.close()

    def plan(self, utterance: str, situation: Situation, tools: Sequence[Mapping[str, Any]]) -> Plan:
        """Plan one utterance; `tools` are the function schemas of what may be called."""
        offered = read_tools(tools)
        chunks = segment(utterance, self._labels.literals)
        if not chunks:
            return self._plan_silence(situation, offered)
        whole = self._read(utterance, chunks, situation)
        if situation.pending and (answered := self._answer(whole, situation, offered)):
            return answered
        clauses = self._clauses(whole, situation)
        plan = self._plan_clauses(clauses, situation, offered)
        if plan.outcome == "act" and plan.confidence < self._calibration.threshold:
            return plan.model_copy(update={"outcome": "ask", "ask": UNCERTAIN, "calls": (), "alternatives": self._alternatives(whole, situation, offered)})
        return plan

    def _read(self, utterance: str, chunks: list[Chunk], situation: Situation) -> _Clause:
        ids, firsts = self._pieces.encode(chunks, attached=bool(situation.attachments))
        kept = chunks[: len(firsts)]
        return _Clause(utterance, kept, self._heads.read(self._encoder.encode(ids), firsts))

    def _clauses(self, whole: _Clause, situation: Situation) -> list[_Clause]:
        """The utterance cut where the border head says so; uncut when the parts make no sense alone."""
        reading = whole.reading
        sure_of_one = float(reading.tool.max()) > 0.95
        inside = self._assembler.inside_enumeration(reading)
        borders = [index for index in range(1, len(whole.chunks)) if index not in inside]
        cuts = [index for index in borders if reading.borders[index] > (0.65 if sure_of_one else 0.5)]
        if not cuts and not sure_of_one:
            cuts = [index for index in borders if self._joins_requests(whole, index, situation)]
        parts = self._parts(whole, cuts, situation)
        weakest = min((float(part.reading.tool.max()) for part in parts), default=0.0)
        if len(parts) < 2 or weakest <= 0.4:
            return [whole]
        return [clause for part in parts for clause in self._clauses(part, situation)]

    def _joins_requests(self, whole: _Clause, index: int, situation: Situation) -> bool:
        """Whether a conjunction that the border head passed over stands between two different, complete requests."""
        if whole.chunks[index].text.lower() not in _CONJUNCTIONS:
            return False
        parts = self._parts(whole, [index], situation)
        tools = {self._labels.tools[int(part.reading.tool.argmax())] for part in parts}
        sure = all(part.reading.tool.max() > 0.9 and self._assembler.says_something(part.reading) for part in parts)
        return len(tools) == 2 and sure and not tools & {*_OUTCOMES, "repeat", _DOCUMENTATION}

    def _parts(self, whole: _Clause, cuts: Sequence[int], situation: Situation) -> list[_Clause]:
        parts = []
        for first, last in zip([0, *cuts], [*cuts, len(whole.chunks)], strict=True):
            text = whole.text[whole.chunks[first].start - _quote(whole, first) : _end(whole, last)].strip()
            chunks = segment(text, self._labels.literals)
            if any(character.isalnum() for chunk in chunks for character in chunk.text):
                parts.append(self._read(text, chunks, situation))
        return parts

    def _plan_clauses(self, clauses: Sequence[_Clause], situation: Situation, offered: Mapping[str, Tool]) -> Plan:
        calls: list[Call] = []
        confidence = 1.0
        leftover: Plan | None = None
        for clause in clauses:
            plan = self._plan_clause(clause, situation, offered)
            if plan.outcome in ("act", "answer"):
                calls.extend(call for call in plan.calls if call not in calls)
                for call in plan.calls:
                    situation = situation.after(call)
            elif plan.outcome == "ask":
                return plan.model_copy(update={"calls": (*calls, *plan.calls), "confidence": min(confidence, plan.confidence)})
            elif plan.outcome == "none" and calls and not _names_something(clause):
                return plan
            else:
                leftover = leftover if leftover and leftover.outcome != "chat" else plan
                continue
            confidence = min(confidence, plan.confidence)
        if not calls:
            return leftover or Plan(outcome="chat")
        only_questions = all(call.tool == _DOCUMENTATION for call in calls)
        return Plan(outcome="answer" if only_questions else "act", calls=tuple(calls), confidence=confidence)

    def _plan_clause(self, clause: _Clause, situation: Situation, offered: Mapping[str, Tool]) -> Plan:
        probabilities = clause.reading.tool
        best = int(probabilities.argmax())
        name, score = self._labels.tools[best], float(probabilities[best])
        unseen = self._examples.unseen_tool(clause.reading.pooled, name, score, offered, self._labels.tools, self._vector)
        if unseen is not None:
            return self._finish(by_type(unseen, clause.chunks), clause, situation, score=0.8)
        if name in _OUTCOMES:
            return Plan(outcome=name, confidence=self._calibration.confidence(score))
        if name == "repeat":
            return self._repeat(clause, situation, offered, score)
        item = listed_item(clause.text, situation)
        place = None
        if item is not None:
            name, place = on_listed(name, situation)
        tool = offered.get(name)
        if tool is None:
            return Plan(outcome="refuse", confidence=self._calibration.confidence(score))
        draft = self._assembler.draft(tool, clause.text, clause.chunks, clause.reading)
        if item is not None and place is not None and place not in draft.arguments:
            draft.put(place, item)
        return self._finish(draft, clause, situation, score)

    def _finish(self, draft: Draft, clause: _Clause, situation: Situation, score: float) -> Plan:
        """Fill in what the situation gives; ask for what is still missing."""
        tool = draft.tool
        if "query" in tool.required and "query" not in draft.arguments:
            draft.put("query", clause.text.strip())
        self._put_attachments(draft, situation)
        wants_repository = "repository" in tool.arguments and "repository" not in draft.arguments
        if wants_repository and ("repository" in tool.required or clause.reading.situated > 0.5):
            repository = situated_repository(clause.text, situation) or self._assembler.likely_repository(clause.chunks, clause.reading, tool)
            if repository:
                draft.put("repository", repository)
        confidence = self._calibration.confidence(score * draft.certainty)
        if draft.missing:
            lacking = draft.missing[0]
            waiting = Call(tool=tool.name, arguments=draft.arguments)
            return Plan(outcome="ask", ask=question(tool, lacking), missing=lacking, waiting=waiting, confidence=confidence)
        calls = tuple(call for call in draft.calls() if well_formed(tool, call.arguments))
        return Plan(outcome="answer" if tool.name == _DOCUMENTATION else "act", calls=calls, confidence=confidence)

    @staticmethod
    def _put_attachments(draft: Draft, situation: Situation) -> None:
        """Tell an attachment's name from a place in the repository: the names of the attachments are known."""
        if "file" not in draft.tool.arguments or not situation.attachments:
            return
        for said, meant in (("path", "file"), ("file", "path")):
            value = draft.arguments.get(said)
            if value is not None and meant not in draft.arguments and (value in situation.attachments) == (meant == "file"):
                del draft.arguments[said]
                draft.put(meant, value)
                return

    def _repeat(self, clause: _Clause, situation: Situation, offered: Mapping[str, Tool], score: float) -> Plan:
        drafts = self._followups.repeat(clause.text, clause.chunks, clause.reading, situation, offered)
        if not drafts:
            return Plan(outcome="ask", ask=NOTHING_TO_REPEAT, confidence=self._calibration.confidence(score))
        return self._finish(drafts, clause, situation, score)

    def _answer(self, whole: _Clause, situation: Situation, offered: Mapping[str, Tool]) -> Plan | None:
        best = int(whole.reading.tool.argmax())
        draft = self._followups.answer(
            whole.text, whole.chunks, whole.reading, situation, offered, self._labels.tools[best], float(whole.reading.tool[best])
        )
        return self._finish(draft, whole, situation, 1.0) if draft else None

    def _plan_silence(self, situation: Situation, offered: Mapping[str, Tool]) -> Plan:
        """Files sent without a word are to be stored where the user is."""
        tool = offered.get("upload_file")
        if not situation.attachments or tool is None:
            return Plan(outcome="none")
        draft = Draft(tool)
        repository = situated_repository("", situation)
        if repository and draft.put("repository", repository):
            return Plan(outcome="act", calls=tuple(draft.calls()), confidence=0.6)
        return Plan(outcome="ask", ask=question(tool, "repository"), missing="repository", waiting=Call(tool=tool.name))

    def _alternatives(self, whole: _Clause, situation: Situation, offered: Mapping[str, Tool]) -> tuple[Call, ...]:
        """The best two or three readings of the whole utterance as complete calls."""
        readings: list[Call] = []
        for index in np.argsort(whole.reading.tool)[::-1][:6]:
            tool = offered.get(self._labels.tools[int(index)])
            if tool is None or (float(whole.reading.tool[index]) < 0.02 and len(readings) > 1):
                continue
            draft = self._assembler.draft(tool, whole.text, whole.chunks, whole.reading)
            plan = self._finish(draft, whole, situation, 1.0)
            readings.extend(call for call in plan.calls[:1] if call not in readings)
        return tuple(readings[:3])

    def _vector(self, text: str) -> np.ndarray[Any, np.dtype[np.float32]]:
        return self._read(text, segment(text, self._labels.literals), Situation()).reading.pooled


def _quote(whole: _Clause, first: int) -> int:
    """One, when the chunk is quoted and its opening quotation mark stands before it."""
    return int(whole.chunks[first].shape == "quoted")


def _end(whole: _Clause, last: int) -> int:
    return whole.chunks[last].start - _quote(whole, last) if last < len(whole.chunks) else len(whole.text)


def _names_something(clause: _Clause) -> bool:
    return any(chunk.shape for chunk in clause.chunks)
