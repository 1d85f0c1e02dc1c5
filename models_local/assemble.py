"""From spans and classes to the arguments of a call, against the tool's own schema."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from models_local import values
from models_local.heads import Reading
from models_local.labels import Labels
from models_local.schema import Argument, Tool, coerce, missing_arguments
from models_local.situation import Call
from models_local.spans import Span, best_spans, likeliest_chunk
from models_local.text import Chunk, Shape

# A second value of one of these is a second request: "delete iris and titanic".
_REPEATABLE = ("repository", "name", "path", "file", "user")
_LINKS = frozenset({"and", "&", "+", ",", "plus", "or", ";"})
_BETWEEN = _LINKS | {"also", "as", "well", "both", "then", "the", "dataset", "model", "repo", "repository", "space", "branch", "tag", "file", "user", "token", "my"}
_REFERENCE = re.compile(r"[\w.-]+/[\w.-]+")
_BRANCH_FOLDERS = frozenset({"bug", "bugfix", "chore", "dev", "exp", "experiment", "feat", "feature", "fix", "hotfix", "origin", "release", "user", "users", "wip"})
_TEXT_SLOTS = frozenset({"description", "content", "message", "search"})


@dataclass(slots=True)
class Draft:
    """A call in the making: arguments that are known, further values of a repeated one, and how sure the parts are."""

    tool: Tool
    arguments: dict[str, Any] = field(default_factory=dict)
    further: list[tuple[str, Any]] = field(default_factory=list)
    certainty: float = 1.0

    @property
    def missing(self) -> tuple[str, ...]:
        """The required arguments that are not known yet."""
        return missing_arguments(self.tool, self.arguments)

    def put(self, name: str, value: Any) -> bool:
        """Set an argument when the schema has it and the value fits; says whether it did."""
        argument = self.tool.arguments.get(name)
        fitted = coerce(argument, value) if argument else None
        if fitted is None:
            return False
        self.arguments[name] = fitted
        return True

    def calls(self) -> list[Call]:
        """The calls the draft stands for, in the order said."""
        calls = [Call(tool=self.tool.name, arguments=dict(self.arguments))]
        for name, value in self.further:
            fitted = coerce(self.tool.arguments[name], value)
            if fitted is not None:
                calls.append(Call(tool=self.tool.name, arguments={**self.arguments, name: fitted}))
        return calls


def _move_reference(draft: Draft) -> None:
    """"the commits on acme/tiny-bert": where a repository is needed and none is said, `namespace/name` is it, not a revision."""
    said = draft.arguments.get("revision")
    if "repository" not in draft.missing or not isinstance(said, str) or not _REFERENCE.fullmatch(said):
        return
    if said.split("/")[0].lower() not in _BRANCH_FOLDERS and draft.put("repository", said):
        del draft.arguments["revision"]


class Assembler:
    """Builds drafts; knows the labels of the heads."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self.tags = labels.tags

    def draft(self, tool: Tool, utterance: str, chunks: Sequence[Chunk], reading: Reading) -> Draft:
        """The call of `tool` that this utterance makes, as far as the utterance itself says."""
        draft = Draft(tool)
        spans = best_spans(reading.tags, self.tags, tool.arguments.keys())
        self._put_spans(draft, utterance, chunks, spans)
        self._put_constants(draft, reading)
        self._put_overlooked(draft, chunks, reading, spans)
        _move_reference(draft)
        return draft

    def _put_spans(self, draft: Draft, utterance: str, chunks: Sequence[Chunk], spans: Sequence[Span]) -> None:
        by_slot: dict[str, list[Span]] = {}
        for span in spans:
            by_slot.setdefault(span.slot, []).append(span)
            draft.certainty *= span.probability
        repeated: str | None = None
        for slot, said in by_slot.items():
            several = slot in _REPEATABLE and repeated is None and _listed_together(said, chunks)
            meant = said if several else [max(said, key=lambda span: span.probability)]
            texts = [span_value(draft.tool.arguments[slot], utterance, chunks, span) for span in meant]
            if draft.put(slot, texts[0]) and len(texts) > 1:
                repeated = slot
                draft.further = [(slot, text) for text in texts[1:]]

    def _put_constants(self, draft: Draft, reading: Reading) -> None:
        for name, probabilities in reading.constants.items():
            if name in draft.arguments or name not in draft.tool.arguments:
                continue
            best = int(probabilities.argmax())
            draft.certainty *= float(probabilities[best])
            if best:
                draft.put(name, self._labels.constants[name][best - 1])

    def _put_overlooked(self, draft: Draft, chunks: Sequence[Chunk], reading: Reading, spans: Sequence[Span]) -> None:
        """A required name that no span covers: take the chunk that most likely says it, if there is a likely one."""
        taken = {index for span in spans for index in range(span.first, span.last + 1)}
        for name in draft.missing:
            if name in ("repository", "query") or draft.tool.arguments[name].choices:
                continue
            index = likeliest_chunk(reading.tags, self.tags, chunks, name, taken, least=0.25)
            if index is not None and draft.put(name, normalise(draft.tool.arguments[name], chunks[index].text)):
                taken.add(index)
                draft.certainty *= 0.6

    def inside_enumeration(self, reading: Reading) -> set[int]:
        """The chunks between two values of one argument ("a.csv and b.csv"), where no new request can begin."""
        said = [(index, self.tags[int(tag)][2:]) for index, tag in enumerate(reading.tags.argmax(axis=1)) if tag]
        near = [(before, after) for (before, slot), (after, other) in pairwise(said) if slot == other and after - before <= 3]
        return {index for before, after in near for index in range(before + 1, after + 1)}

    def says_something(self, reading: Reading) -> bool:
        """Whether the utterance names any value or choice."""
        spoken = bool((reading.tags.argmax(axis=1) != 0).any())
        return spoken or any(int(probabilities.argmax()) != 0 and float(probabilities.max()) > 0.9 for probabilities in reading.constants.values())

    def likely_repository(self, chunks: Sequence[Chunk], reading: Reading, tool: Tool) -> str | None:
        """A repository that the utterance may name though no span says so."""
        spans = best_spans(reading.tags, self.tags, tool.arguments.keys())
        taken = {index for span in spans for index in range(span.first, span.last + 1)}
        index = likeliest_chunk(reading.tags, self.tags, chunks, "repository", taken, least=0.25)
        return values.clean_repository(chunks[index].text) if index is not None else None


def _listed_together(spans: Sequence[Span], chunks: Sequence[Chunk]) -> bool:
    for before, after in pairwise(spans):
        between = {chunk.text.lower() for chunk in chunks[before.last + 1 : after.first]}
        if not between & _LINKS or between - _BETWEEN:
            return False
    return True


def span_value(argument: Argument, utterance: str, chunks: Sequence[Chunk], span: Span) -> Any:
    """The value that a span says for an argument."""
    start, end = chunks[span.first].start, chunks[span.last].end
    text = utterance[start:end]
    if argument.name == "expires_in_days" or argument.name.endswith("_days"):
        following = chunks[span.last + 1].text if span.last + 1 < len(chunks) else ""
        return values.parse_days(text, following)
    if argument.name == "license":
        return _license(utterance, chunks, span)
    if span.first == span.last and chunks[span.first].shape is Shape.QUOTED and argument.name in ("name", "repository", "tag", "revision"):
        return text.strip()
    return normalise(argument, text)


def _license(utterance: str, chunks: Sequence[Chunk], span: Span) -> str | None:
    """The licence at a span; when only part of a known name was tagged ("the" of "the MIT license"), the whole of it."""
    near = [
        values.parse_license(utterance[chunks[first].start : chunks[last].end])
        for first in range(max(span.first - 1, 0), span.first + 1)
        for last in range(min(span.last + 2, len(chunks) - 1), span.last - 1, -1)
    ]
    said = values.parse_license(utterance[chunks[span.first].start : chunks[span.last].end])
    known = [name for name in [said, *near] if name in values.LICENSES.values()]
    return known[0] if known else said if any(character.isdigit() or character == "-" for character in said) or len(said) > 3 else None


def normalise(argument: Argument, text: str) -> Any:
    """The value of an argument from the words that say it; casing and characters of names are the user's own."""
    if argument.kind in ("integer", "number"):
        return values.parse_number(text)
    match argument.name:
        case "repository":
            return values.clean_repository(text)
        case "license":
            return values.parse_license(text)
        case "path" | "file":
            return values.clean_path(text)
        case "owner" | "user" if text.lower() in ("me", "my", "mine", "i", "myself"):
            return "me"
        case "owner" | "user":
            return values.clean_name(text)
        case "name":
            return values.clean_repository(text)
        case name if name in _TEXT_SLOTS:
            return _unquoted(text)
        case _:
            return values.clean_name(text)


def _unquoted(text: str) -> str:
    stripped = text.strip()
    match = re.fullmatch(r"([\"“'`«])(.*)([\"”'`»])", stripped, re.DOTALL)
    return match[2] if match and not re.search(r"[\"“”]", match[2]) else stripped


def by_type(tool: Tool, chunks: Sequence[Chunk]) -> Draft:
    """The call of a tool that the heads have never seen: values go to arguments by name, then by type, in order."""
    draft = Draft(tool, certainty=0.7)
    values_left = [chunk for chunk in chunks if chunk.shape]
    words = [chunk.text.lower() for chunk in chunks]
    for argument in tool.arguments.values():
        chosen = next((choice for choice in argument.choices if str(choice).lower() in words), None)
        if chosen is not None:
            draft.put(argument.name, chosen)
    for argument in sorted(tool.arguments.values(), key=lambda argument: not argument.required):
        if argument.choices or argument.kind == "boolean":
            continue
        fitting = next((chunk for chunk in values_left if _suits(argument, chunk)), None)
        if fitting is not None and draft.put(argument.name, normalise(argument, fitting.text)):
            values_left.remove(fitting)
    return draft


def _suits(argument: Argument, chunk: Chunk) -> bool:
    if argument.kind in ("integer", "number"):
        return chunk.shape is Shape.NUMBER
    wanted = {
        "path": {Shape.FILE, Shape.FOLDER},
        "file": {Shape.FILE},
        "revision": {Shape.VERSION, Shape.COMMIT},
        "url": {Shape.URL},
        "repository": {Shape.REPOSITORY, Shape.IDENTIFIER, Shape.URL, Shape.QUOTED},
    }
    return chunk.shape in wanted.get(argument.name, set(Shape) - {Shape.NUMBER})


def constants_from_words(argument: Argument, utterance: str) -> Any | None:
    """The choice of an enumeration that the words name outright ("a dataset please" -> "dataset")."""
    words = re.findall(r"\w+", utterance.lower())
    folded: Mapping[str, Any] = {str(choice).lower(): choice for choice in argument.choices}
    hits = {folded[stem] for word in words for stem in (word, word.removesuffix("s")) if stem in folded}
    return hits.pop() if len(hits) == 1 else None
