"""From phrases to training samples: fill the slots, vary the wording, join clauses, label every chunk."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from models_local.labels import Labels
from models_local.schema import Tool
from models_local.text import Chunk, segment
from models_local.training.corpus import ENUMERATION_SLOTS
from models_local.training.fillers import TYPE_WORDS, Filler
from models_local.training.phrases import DOCUMENTATION, OUTCOMES, Part, Phrase
from models_local.training.wordlists import CLAUSE_STARTS, FILLER_ENDS, FILLER_STARTS, JOINERS

# What an argument's absence is called, in labels of arguments that are said by a class and not by a span.
ABSENT = ""
_CONNECTOR = re.compile(
    r"[\s,:;=(-]*\b(?:(?:and\s+)?(?:call(?:ed)?|name(?:d)?|titled?|label(?:l?ed)?)(?:\s+(?:it|is|as))?|(?:with|under|by)\s+the\s+(?:name|title|label)(?:\s+of)?|with\s+name|the\s+name\s+is|as|to|it|for|with|saying|containing|content)?[\s:=\"'(-]*$",
    re.IGNORECASE,
)
_DEICTIC = re.compile(r"\b(?:it|its|this|that|here|there|in here|the repo|the repository|the dataset|the model|the space)\b", re.IGNORECASE)
# "create a dataset called a and a model called b": the verb is said once.
_ELLIPTIC_TOOL = "create_repository"
_ELLIPTIC = re.compile(r"(?:and |also )?(?:a|another|one more|a second|the) (?:private |public )?\{type\}", re.IGNORECASE)
_WHOLE_HUB = re.compile(r"\b(?:this|the) (?:hub|server|instance|place|week|month|year|morning|afternoon|evening)\b|\baround here\b", re.IGNORECASE)


@dataclass(slots=True)
class Sample:
    """One utterance with the truth about it. Spans are (start, end, slot) in characters of `text`."""

    text: str
    tool: str
    constants: dict[str, str] = field(default_factory=dict)
    spans: list[tuple[int, int, str]] = field(default_factory=list)
    borders: list[int] = field(default_factory=list)
    situated: bool = False
    attached: bool = False
    multiple: bool = False


LabelledSample = tuple[Sample, list[Chunk], list[str], list[int]]
"""A sample, its chunks, and for each chunk its tag and whether a clause begins there."""


class SampleMaker:
    """Makes samples from phrases; the same seed makes the same samples."""

    def __init__(self, tools: Mapping[str, Tool], labels: Labels, filler: Filler, rng: random.Random, *, vary: bool = True) -> None:
        self._tools = tools
        self._labels = labels
        self._filler = filler
        self._rng = rng
        self._vary = vary

    def single(self, phrase: Phrase) -> Sample:
        """One sample of one phrase."""
        parts = list(phrase.parts)
        constants = dict(phrase.labels)
        parts = self._without_a_slot(phrase, parts) if self._chance(0.05) else parts
        parts = self._without_type(phrase, parts) if self._chance(0.06) else parts
        if self._chance(0.1):
            parts = [part if part.slot else replace(part, text=_misspell(part.text, self._rng)) for part in parts]
        sample = self._fill(phrase, parts, constants)
        if self._vary:
            self._dress(sample)
        sample.attached = self._rng.random() < {"upload_file": 0.75, "write_file": 0.02}.get(phrase.tool, 0.05)
        return sample

    def joined(self, phrases: Sequence[Phrase]) -> Sample:
        """Several requests in one utterance; only borders and spans are labelled."""
        first = self.single(phrases[0])
        text, spans, borders = first.text.rstrip(" .!?"), list(first.spans), []
        for phrase in phrases[1:]:
            following = self.single(phrase)
            joiner = self._rng.choice(JOINERS)
            body = following.text if re.match(r"[A-Z]{2}|I\b", following.text) else following.text[:1].lower() + following.text[1:]
            # The joiner's punctuation closes the clause before; its first word opens the next.
            borders.append(len(text) + len(joiner) - len(joiner.lstrip(" ,.;\n")))
            spans += [(start + len(text) + len(joiner), end + len(text) + len(joiner), slot) for start, end, slot in following.spans]
            text = (text + joiner + body).rstrip(" .!?") if phrase is not phrases[-1] else text + joiner + body
        return Sample(text, phrases[0].tool, {}, spans, borders, attached=first.attached, multiple=True)

    def _chance(self, probability: float) -> bool:
        return self._vary and self._rng.random() < probability

    def _fill(self, phrase: Phrase, parts: Sequence[Part], constants: dict[str, str]) -> Sample:
        text, spans = "", []
        chosen: dict[str, str] = {}
        coordinated = self._chance(0.04)
        for index, part in enumerate(parts):
            if part.slot is None:
                text += part.text
                continue
            before, after = text[-1:], parts[index + 1].text[:1] if index + 1 < len(parts) else ""
            if part.slot in ENUMERATION_SLOTS:
                constants.setdefault(part.slot, self._rng.choice(self._labels.constants[part.slot]))
                text += self._enumeration_words(part.slot, constants[part.slot], phrase.tool, plural=after == "s")
                continue
            if part.text:
                said, inner = part.text, (0, len(part.text))
            elif part.slot in chosen:
                said, inner = chosen[part.slot], (0, len(chosen[part.slot]))
            else:
                following = parts[index + 1].text if index + 1 < len(parts) else ""
                said, inner = self._said(part.slot, phrase.tool, text, following)
                chosen[part.slot] = said[inner[0] : inner[1]]
            if before in "\"'`“" and before:
                said, inner = said[inner[0] : inner[1]], (0, inner[1] - inner[0])
            spans.append((len(text) + inner[0], len(text) + inner[1], part.slot))
            text += said
            if coordinated and part.slot in ("repository", "name", "path", "file") and after not in ("'", "/", "@", ":"):
                second = self._filler.value(part.slot, phrase.tool)
                text += self._rng.choice((" and ", ", ", " & ", " and also "))
                spans.append((len(text), len(text) + len(second), part.slot))
                text += second
                coordinated = False
        has_repository = phrase.tool in self._tools and "repository" in self._tools[phrase.tool].arguments
        situated = has_repository and not any(slot == "repository" for _, _, slot in spans)
        if situated and "repository" not in self._tools[phrase.tool].required:
            situated = bool(_DEICTIC.search(text)) and not _WHOLE_HUB.search(text)
        return Sample(text, phrase.tool, constants, spans, situated=situated)

    def _enumeration_words(self, slot: str, value: str, tool: str, *, plural: bool) -> str:
        if slot != "type":
            return value
        singular = plural or tool == "create_repository"
        options = [word for word in TYPE_WORDS[value] if not ((singular and word.endswith("s")) or (plural and word.endswith("y")))]
        return self._rng.choice(options)

    def _said(self, slot: str, tool: str, before: str, after: str) -> tuple[str, tuple[int, int]]:
        """A value as said, with the part of it that is the value itself."""
        value = self._filler.value(slot, tool)
        if slot == "expires_in_days" and not re.match(r"[\s-]*(?:day|week|month|year)", after, re.IGNORECASE) and self._rng.random() < 0.5:
            value = self._filler.duration()
        if not self._vary:
            return value, (0, len(value))
        draw = self._rng.random()
        free_text = slot in ("description", "content", "message", "search")
        if draw < (0.4 if free_text else 0.06) and '"' not in value:
            left, right = self._rng.choice(('""', '""', "''", "``", "“”"))
            if left != "'" or "'" not in value:
                return left + value + right, (1, 1 + len(value))
        if slot == "repository" and draw > 0.86 and not re.search(r"\b(?:the|my|our|repo\w*|dataset|model|space|project)\s*$|[/:=@({-]$", before, re.IGNORECASE):
            return self._decorated(value, after)
        return value, (0, len(value))

    def _decorated(self, value: str, after: str) -> tuple[str, tuple[int, int]]:
        noun = self._rng.choice(("dataset", "model", "repo", "repository", "space", "project", "data set", "code repo"))
        behind = re.match(r"\s*(?:dataset|model|repo|space)", after, re.IGNORECASE)
        patterns = ["the {}", "my {}", "our {}"] if behind else ["the {} " + noun, "my {} " + noun, noun + " {}", "the " + noun + " {}", "our {} " + noun, "the " + noun + " called {}"]
        left, right = self._rng.choice(patterns).split("{}")
        return left + value + right, (len(left), len(left) + len(value))

    def _without_a_slot(self, phrase: Phrase, parts: list[Part]) -> list[Part]:
        """The same request with a required value left out, as people forget it."""
        removable = [i for i, part in enumerate(parts) if part.slot in ("name", "path", "content") and part.slot in self._tools[phrase.tool].required] if phrase.tool in self._tools else []
        if len(removable) != 1 or len(parts) < 2:
            return parts
        index = removable[0]
        kept = parts[:index] + parts[index + 1 :]
        if index:
            trimmed = _CONNECTOR.sub("", kept[index - 1].text) if not kept[index - 1].slot else kept[index - 1].text
            kept[index - 1] = replace(kept[index - 1], text=trimmed)
        words = " ".join(part.text or "x" for part in kept)
        return kept if len(words.split()) >= 2 and kept[0].text.strip(" ,:") else parts

    def _without_type(self, phrase: Phrase, parts: list[Part]) -> list[Part]:
        """The same request for a repository of no said type."""
        if phrase.tool not in ("create_repository", "list_repositories"):
            return parts
        words = ("repo", "repository") if phrase.tool == "create_repository" else ("repo", "project", "thing", "repository")
        return [Part(self._rng.choice(words)) if part.slot == "type" else part for part in parts]

    def _dress(self, sample: Sample) -> None:
        """Put small words around the utterance and change its punctuation; meaning and spans stay."""
        if self._chance(0.35):
            sample.text = sample.text.rstrip(".!?") if not sample.spans or sample.spans[-1][1] < len(sample.text.rstrip(".!?")) + 1 else sample.text
        start = ""
        if self._chance(0.12) and sample.tool not in ("chat", "none"):
            start = self._rng.choice(FILLER_STARTS)
        elif self._chance(0.1) and sample.tool in self._tools:
            start = self._rng.choice(CLAUSE_STARTS)
        if start:
            body = sample.text if re.match(r"[A-Z]{2}|I\b", sample.text) else sample.text[:1].lower() + sample.text[1:]
            sample.text = start + body
            sample.spans = [(left + len(start), right + len(start), slot) for left, right, slot in sample.spans]
        if self._chance(0.1) and sample.tool in self._tools:
            sample.text = sample.text.rstrip(".!?") + self._rng.choice(FILLER_ENDS)
        elif self._chance(0.12) and sample.text[-1:].isalnum():
            sample.text += self._rng.choice((".", ".", "!", "?", "...", " .", "!!"))
        if self._chance(0.03):
            sample.text = sample.text.capitalize() if not sample.spans or sample.spans[0][0] > 0 else sample.text


def _misspell(text: str, rng: random.Random) -> str:
    """Swap, drop or double one letter of one longer word."""
    words = list(re.finditer(r"[A-Za-z]{4,}", text))
    if not words:
        return text
    word = rng.choice(words)
    at = rng.randrange(word.start() + 1, word.end() - 1)
    kind = rng.random()
    if kind < 0.4:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + text[at + 1 :] if kind < 0.75 else text[:at] + text[at] + text[at:]


def label_chunks(sample: Sample, chunks: Sequence[Chunk]) -> tuple[list[str], list[int]] | None:
    """BIO tags and clause borders (0/1) per chunk, or None when a chunk straddles the edge of a value."""
    tags: list[str] = []
    owners: list[tuple[int, int, str] | None] = []
    for chunk in chunks:
        owner = next(((start, end, slot) for start, end, slot in sample.spans if chunk.start < end and chunk.end > start), None)
        if owner and (chunk.start < owner[0] or chunk.end > owner[1]):
            return None
        owners.append(owner)
    for index, owner in enumerate(owners):
        if owner is None:
            tags.append("O")
        else:
            tags.append(("I-" if index and owners[index - 1] == owner else "B-") + owner[2])
    borders = [0] * len(chunks)
    for border in sample.borders:
        opening = next((place for place, chunk in enumerate(chunks) if chunk.end > border), None)
        if opening is not None:
            borders[opening] = 1
    return tags, borders


def training_samples(
    phrases: Sequence[Phrase], maker: SampleMaker, rng: random.Random, labels: Labels, count: int
) -> Iterator[LabelledSample]:
    """`count` labelled samples; every tool is met about equally often, one in four has several clauses."""
    by_tool: dict[str, list[Phrase]] = {}
    for phrase in phrases:
        by_tool.setdefault(phrase.tool, []).append(phrase)
    # Acting where nothing was asked is the worst mistake: what is no request is met more often.
    weights = [len(group) ** 0.6 * (2 if name in ("none", "refuse") else 1) for name, group in by_tool.items()]
    # People say the short things far more often than a list of distinct phrases does.
    familiarity = {name: [4.0 if len(phrase.template.split()) <= 4 else 1.0 for phrase in group] for name, group in by_tool.items()}
    elliptic = [phrase for phrase in by_tool.get(_ELLIPTIC_TOOL, ()) if _ELLIPTIC.match(phrase.template)]
    callable_tools = [name for name in by_tool if name not in OUTCOMES and name != DOCUMENTATION]
    made = 0
    while made < count:
        if rng.random() < 0.25:
            names = rng.choices(callable_tools, k=rng.choice((2, 2, 2, 3)))
            clauses = [_prefer_situated(by_tool[name], rng, first=i == 0) for i, name in enumerate(names)]
            if elliptic and rng.random() < 0.12:
                clauses = [rng.choice(by_tool[_ELLIPTIC_TOOL]), rng.choice(elliptic)]
            sample = maker.joined(clauses)
        else:
            name = rng.choices(list(by_tool), weights)[0]
            sample = maker.single(rng.choices(by_tool[name], familiarity[name])[0])
        chunks = segment(sample.text, labels.literals)
        labelled = label_chunks(sample, chunks)
        if labelled and chunks:
            made += 1
            yield sample, chunks, *labelled


def _prefer_situated(phrases: Sequence[Phrase], rng: random.Random, *, first: bool) -> Phrase:
    drawn = [phrase for phrase in rng.choices(phrases, k=6) if len(phrase.template) < 70] or [rng.choice(phrases)]
    short = sorted(drawn, key=lambda phrase: len(phrase.template)) if rng.random() < 0.6 else drawn
    if not first and rng.random() < 0.6:
        short = [phrase for phrase in short if "repository" not in phrase.slots] or short
    return short[0]
