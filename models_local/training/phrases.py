"""Read phrase files: one utterance per line, `{slot}` for values, labels after `||`.

A line is `utterance` or `utterance || argument=value; argument=value`. The file's name is the tool (or the outcome:
`chat`, `refuse`, `none`, `repeat`, `search_documentation`) and its folder the language.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from models_local.schema import Tool
from models_local.values import parse_days, parse_number

OUTCOMES = ("chat", "refuse", "none", "repeat")
DOCUMENTATION = "search_documentation"
ME = "me"
_SLOT = re.compile(r"\{(\w+)\}")


class PhraseError(ValueError):
    """A phrase file breaks the format; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a template: literal text, or a slot; a slot with `text` stands for exactly that text."""

    text: str
    slot: str | None = None


@dataclass(frozen=True, slots=True)
class Phrase:
    """One line of a phrase file: what is said, and the call it stands for."""

    tool: str
    language: str
    parts: tuple[Part, ...]
    labels: Mapping[str, str]

    @property
    def slots(self) -> frozenset[str]:
        """The slots that the template names."""
        return frozenset(part.slot for part in self.parts if part.slot)

    @property
    def template(self) -> str:
        """The template as written."""
        return "".join(part.text or "{" + (part.slot or "") + "}" for part in self.parts)

    @property
    def words(self) -> str:
        """The template without case and punctuation."""
        return " ".join(re.findall(r"\w+", self.template.lower()))


def read_phrases(folder: Path, tools: Mapping[str, Tool]) -> list[Phrase]:
    """Read every `<language>/<tool>.txt` below `folder`; raises PhraseError on a line that no tool can mean."""
    phrases: list[Phrase] = []
    for path in sorted(folder.glob("*/*.txt")):
        if path.stem not in tools and path.stem not in OUTCOMES:
            raise PhraseError(f"{path}: there is no tool or outcome {path.stem}.")
        phrases.extend(_read_file(path, tools.get(path.stem)))
    return phrases


def _read_file(path: Path, tool: Tool | None) -> Iterator[Phrase]:
    seen: set[str] = set()
    lines = map(str.strip, path.read_text(encoding="utf-8").splitlines())
    for number, line in enumerate(lines, start=1):
        if not line or line.startswith("#"):
            continue
        try:
            phrase = parse_line(line, path.stem, path.parent.name, tool)
        except PhraseError as error:
            raise PhraseError(f"{path}:{number}: {error}") from error
        key = line.lower()
        if key not in seen:
            seen.add(key)
            yield phrase


def parse_line(line: str, name: str, language: str, tool: Tool | None) -> Phrase:
    """Parse one line of the file of tool `name`; raises PhraseError."""
    if tool is None or name == DOCUMENTATION:
        return Phrase(name, language, tuple(_split(line)), {})
    utterance, separator, tail = line.partition("||")
    labels = _read_labels(tail) if separator else {}
    parts = tuple(_split(utterance.strip()))
    unknown = ({part.slot for part in parts if part.slot} | labels.keys()) - tool.arguments.keys()
    if unknown:
        raise PhraseError(f"{name} has no argument {', '.join(sorted(map(str, unknown)))}.")
    for key, value in labels.items():
        choices = [str(choice) for choice in tool.arguments[key].choices]
        if choices and value not in choices:
            raise PhraseError(f"{key} may be {', '.join(choices)}, not {value}.")
    return _mark_said_values(Phrase(name, language, parts, labels), tool)


def _read_labels(tail: str) -> dict[str, str]:
    labels = {}
    for pair in filter(None, (pair.strip() for pair in tail.split(";"))):
        key, separator, value = pair.partition("=")
        if not separator or not value.strip():
            raise PhraseError(f"'{pair}' is not argument=value.")
        labels[key.strip()] = value.strip()
    return labels


def _split(utterance: str) -> Iterator[Part]:
    position = 0
    for match in _SLOT.finditer(utterance):
        if match.start() > position:
            yield Part(utterance[position : match.start()])
        yield Part("", match[1])
        position = match.end()
    if position < len(utterance):
        yield Part(utterance[position:])


def _mark_said_values(phrase: Phrase, tool: Tool) -> Phrase:
    """Turn a label whose value stands in the utterance ("show ten rows || rows=10") into a slot with that text."""
    parts, labels = list(phrase.parts), dict(phrase.labels)
    for key, value in phrase.labels.items():
        if tool.arguments[key].choices or tool.arguments[key].kind == "boolean" or value == ME:
            continue
        for index, part in enumerate(parts):
            span = None if part.slot else _find_value(part.text, value, tool.arguments[key].kind)
            if span:
                start, end = span
                pieces = [Part(part.text[:start]), Part(part.text[start:end], key), Part(part.text[end:])]
                parts[index : index + 1] = [piece for piece in pieces if piece.text]
                del labels[key]
                break
    return replace(phrase, parts=tuple(parts), labels=labels)


def _find_value(text: str, value: str, kind: str) -> tuple[int, int] | None:
    said = rf"(?<![\w/.-]){re.escape(value)}(?![\w/-])(?!\.\w)"
    # "what license text is in LICENSE": the word in the value's own case is meant.
    if match := re.search(said, text) or re.search(said, text, re.IGNORECASE):
        return match.span()
    if kind != "integer":
        return None
    words = list(re.finditer(r"\w[\w-]*", text))
    for length in (3, 2, 1):
        for first in range(len(words) - length + 1):
            start, end = words[first].start(), words[first + length - 1].end()
            said = text[start:end]
            if words[first].group().lower() in ("of", "and", "for"):
                continue
            number = parse_number(said) if said.lower() not in ("one", "a", "an", "single", "no", "none") else None
            is_duration = re.search(r"(?:day|week|month|year|quarter|fortnight)s?$", said.lower())
            if value in (str(number), str(parse_days(said)) if is_duration else None):
                return start, end
    return None


def constants(phrases: Sequence[Phrase], tools: Mapping[str, Tool], least: int = 3) -> dict[str, tuple[str, ...]]:
    """The values each argument takes without being said: enumerations whole, others if at least `least` phrases have them."""
    found: dict[str, dict[str, int]] = {}
    for tool in tools.values():
        for argument in tool.arguments.values():
            choices = argument.choices or ((True, False) if argument.kind == "boolean" else ())
            for choice in choices:
                found.setdefault(argument.name, {})[str(choice).lower()] = least
    for phrase in phrases:
        for key, value in phrase.labels.items():
            counts = found.setdefault(key, {})
            folded = value.lower() if value.lower() in counts else value
            counts[folded] = counts.get(folded, 0) + 1
    kept = {key: tuple(value for value, count in counts.items() if count >= least) for key, counts in found.items()}
    return {key: values for key, values in sorted(kept.items()) if values}
