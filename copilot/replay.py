"""From messages to events: of a run that goes on, and of a thread that is opened again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from pydantic import ValidationError

from copilot.events import Choice, ChoicesOffered, Event, EventAdapter, TextDelta, ToolCalled, ToolReturned, UserSaid
from copilot.wording import call_sentence, choices_for
from models_local.situation import Call, Situation

# Marks an answer that only repeats the result before it: surfaces have shown that already.
ECHO = "echo"


def replay(messages: Sequence[BaseMessage]) -> Iterator[Event]:
    """What a surface shows of a thread. Secrets are not in it."""
    known = Situation()
    for message in messages:
        if isinstance(message, HumanMessage):
            known = Situation.model_validate(message.additional_kwargs.get("situation", {}))
            yield UserSaid(text=message.text, attachments=list(known.attachments))
        elif isinstance(message, AIMessage):
            yield from answer(message, known)
        elif isinstance(message, ToolMessage):
            yield from _returned(message)


def answer(message: AIMessage, known: Situation, *, streamed: bool = False) -> Iterator[Event]:
    """What a model's message says: text (unless its pieces were `streamed`), a question with choices, calls."""
    question = _question(message, known)
    if question is not None:
        yield question
    elif message.text and not streamed and not message.response_metadata.get(ECHO):
        yield TextDelta(text=message.text)
    for call in message.tool_calls:
        yield ToolCalled(id=call["id"] or "", tool=call["name"], arguments=call["args"])


def _question(message: AIMessage, known: Situation) -> ChoicesOffered | None:
    facts = message.response_metadata
    if facts.get("outcome") != "ask":
        return None
    choices = [Choice(label=call_sentence(call), message=call_sentence(call)) for call in readings(message)]
    choices = choices or choices_for(facts.get("missing"), facts.get("waiting"), known)
    return ChoicesOffered(question=message.text, choices=choices) if choices else None


def readings(message: AIMessage) -> list[Call]:
    """The calls between which the shipped model was not sure."""
    return [Call.model_validate(reading) for reading in message.response_metadata.get("alternatives") or ()]


def _returned(message: ToolMessage) -> Iterator[Event]:
    kept = message.artifact.get("events") if isinstance(message.artifact, dict) else None
    try:
        yield from [EventAdapter.validate_python(event) for event in kept or ()]
    except ValidationError:  # written by another version of the hub: its text is still true
        yield ToolReturned(id=message.tool_call_id, tool=message.name or "", ok=message.status == "success", text=message.text)


def said(message: ToolMessage) -> str:
    """What people were told of a result."""
    return next((event.text for event in _returned(message) if isinstance(event, ToolReturned)), message.text)
