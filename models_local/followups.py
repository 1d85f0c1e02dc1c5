"""Utterances that complete or change an earlier request: an answer to a question, "what about titanic?", "again"."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from models_local import values
from models_local.assemble import Assembler, Draft, constants_from_words, normalise, span_value
from models_local.heads import Reading
from models_local.resolve import changed, listed_item
from models_local.schema import Argument, Tool
from models_local.situation import Situation
from models_local.spans import best_spans
from models_local.text import Chunk, Shape

_ANSWER_LEAD = re.compile(
    r"^(?:(?:please|ok|okay|um|uh|oh|sorry|yes|well|hm+)[\s,]+)*(?:(?:just|let'?s)\s+)?(?:(?:call|name|label|tag|title)\s+it|it'?s|it\s+is|it\s+should\s+be(?:\s+called)?|use|take|make\s+it|"
    r"i\s+(?:mean|meant|want|think)|(?:the\s+)?name(?:\s+is)?|in|into|to|for|from|of|as|with|the\s+one\s+called|how\s+about|maybe)?\s*[:,]?\s+",
    re.IGNORECASE,
)
_ANSWER_TAIL = re.compile(r"[\s,]*(?:please|pls|thanks|thank you|then|i guess|i think)?[\s.!?]*$", re.IGNORECASE)
_LOOKUP = "get_repository"


class Followups:
    """Reads follow-ups in the light of the situation."""

    def __init__(self, assembler: Assembler) -> None:
        self._assembler = assembler

    def answer(
        self, utterance: str, chunks: Sequence[Chunk], reading: Reading, situation: Situation, offered: Mapping[str, Tool], heard: str, probability: float
    ) -> Draft | None:
        """The waiting request completed by this utterance, or None when the utterance is a request of its own.

        `heard` and `probability` are the tool or outcome that the utterance alone would be read as.
        """
        waiting, missing = situation.pending or (None, "")
        tool = offered.get(waiting.tool) if waiting else None
        if waiting is None or tool is None or missing not in tool.arguments:
            return None
        is_outcome = heard in ("none", "refuse", "chat") and probability > 0.9 and not any(chunk.shape for chunk in chunks)
        if is_outcome and (len(chunks) > 1 or heard == "none"):
            return None
        if heard in offered and heard != waiting.tool and probability > 0.85 and len(chunks) > 3:
            return None
        draft = Draft(tool)
        for name, value in waiting.arguments.items():
            draft.put(name, value)
        value = self._answered(tool.arguments[missing], utterance, chunks, reading, situation)
        if value is None or not draft.put(missing, value):
            return None
        return draft

    def _answered(self, argument: Argument, utterance: str, chunks: Sequence[Chunk], reading: Reading, situation: Situation) -> Any | None:
        if argument.choices:
            return constants_from_words(argument, utterance)
        if argument.name == "repository" and (item := listed_item(utterance, situation)):
            return item
        if argument.name in ("content", "description", "message", "query"):
            return utterance.strip().strip('"“”')
        shaped = [chunk for chunk in chunks if chunk.shape and (chunk.shape is not Shape.NUMBER or argument.kind == "integer")]
        if len(shaped) == 1:
            return normalise(argument, shaped[0].text)
        bare = _ANSWER_TAIL.sub("", _ANSWER_LEAD.sub("", utterance.strip()))
        if bare and len(bare.split()) <= 3:
            return normalise(argument, bare)
        spans = best_spans(reading.tags, self._assembler.tags, {argument.name, "name", "repository"})
        return span_value(argument, utterance, chunks, spans[0]) if spans else None

    def repeat(self, utterance: str, chunks: Sequence[Chunk], reading: Reading, situation: Situation, offered: Mapping[str, Tool]) -> Draft | None:
        """The previous request with what this utterance says changed; a bare name alone is looked up."""
        said = self._said(utterance, chunks, reading)
        item = listed_item(utterance, situation)
        if item and "repository" not in said:
            said["repository"] = item
        previous = situation.previous
        if previous is None or previous.tool not in offered:
            return _afresh(said, offered)
        tool = offered[previous.tool]
        if item and "repository" not in tool.arguments:
            return _afresh(said, offered)
        draft = Draft(tool)
        for name, value in changed(previous, tool, said).items():
            draft.put(name, value)
        if "query" in tool.arguments:
            draft.put("query", utterance.strip())
        return draft

    def _said(self, utterance: str, chunks: Sequence[Chunk], reading: Reading) -> dict[str, Any]:
        slots = {"repository", "path", "revision", "rows", "limit", "owner", "user"}
        said: dict[str, Any] = {}
        for span in best_spans(reading.tags, self._assembler.tags, slots):
            kind = "integer" if span.slot in ("rows", "limit") else "string"
            value = span_value(Argument(span.slot, {"type": kind}, False), utterance, chunks, span)
            if value is not None:
                said.setdefault(span.slot, value)
        if "repository" in said:
            said["repository"] = values.clean_repository(said["repository"])
        return said


def _afresh(said: Mapping[str, Any], offered: Mapping[str, Tool]) -> Draft | None:
    """What a fragment means when nothing was asked before: a name is looked up, a number of rows is shown."""
    name, needed = (_LOOKUP, "repository") if "rows" not in said else ("preview_dataset", "rows")
    tool = offered.get(name)
    if tool is None or needed not in said:
        return None
    draft = Draft(tool)
    for argument, value in said.items():
        draft.put(argument, value)
    return draft
