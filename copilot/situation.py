"""What the Copilot knows when something is said: the open page, and what the thread has been about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from copilot.page import page_repository
from models_local.situation import Call, Situation, Turn

_TURNS = 6
_RECENT = 5
_LISTED = 20
_LIST_LABEL = {
    "repositories": "path", "files": "path", "refs": "name", "commits": "commit_hash", "users": "name", "access_tokens": "name",
}


def situation(messages: Sequence[BaseMessage], *, page: object, user: str | None, attachments: Sequence[str]) -> Situation:
    """The situation of the next utterance, from the thread's messages so far."""
    return Situation(
        page=page_repository(page), recent=tuple(_recent(messages)), user=user, attachments=tuple(attachments),
        history=tuple(_turns(messages))[-_TURNS:], listed=tuple(_listed(messages)),
    )


def _turns(messages: Sequence[BaseMessage]) -> Iterator[Turn]:
    utterance: str | None = None
    calls: list[Call] = []
    ask: str | None = None
    missing: str | None = None
    for message in [*messages, HumanMessage("")]:
        if isinstance(message, HumanMessage):
            if utterance is not None:
                yield Turn(utterance=utterance, calls=tuple(calls), ask=ask, missing=missing)
            utterance, calls, ask, missing = message.text, [], None, None
        elif isinstance(message, AIMessage):
            calls += [Call(tool=call["name"], arguments=call["args"]) for call in message.tool_calls]
            if message.response_metadata.get("outcome") == "ask":
                ask, missing = message.text, message.response_metadata.get("missing")
                if waiting := message.response_metadata.get("waiting"):
                    calls.append(Call.model_validate(waiting))
        elif isinstance(message, ToolMessage) and _facts(message).get("code") == "ambiguous_name" and calls:
            # The hub's own question: which of these? The call waits for a better name.
            ask, missing = message.text, "repository"
            rest = {key: value for key, value in calls[-1].arguments.items() if key != "repository"}
            calls[-1] = Call(tool=calls[-1].tool, arguments=rest)


def _recent(messages: Sequence[BaseMessage]) -> list[str]:
    """The repositories that calls were about, the latest first, each as the hub named it; without those that are gone."""
    found: list[str] = []
    gone: set[str] = set()
    asked = {call["id"]: call["args"] for message in messages if isinstance(message, AIMessage) for call in message.tool_calls}
    for message in reversed(messages):
        if not isinstance(message, ToolMessage):
            continue
        facts = _facts(message)
        name = facts.get("repository") or asked.get(message.tool_call_id, {}).get("repository")
        if not isinstance(name, str):
            continue
        if message.name == "delete_repository" and message.status == "success":
            gone.add(name)
        elif name not in gone and name not in found and facts.get("code") not in ("repository_not_found", "ambiguous_name"):
            found.append(name)
    return found[:_RECENT]


def _listed(messages: Sequence[BaseMessage]) -> list[str]:
    """The items of the latest list, in the order they were shown."""
    for message in reversed(messages):
        if isinstance(message, ToolMessage) and (listed := _facts(message).get("listed")):
            return [str(item) for item in listed]
    return []


def _facts(message: ToolMessage) -> Mapping[str, Any]:
    return message.artifact if isinstance(message.artifact, Mapping) else {}


def facts_of(kind: str, data: Any) -> dict[str, Any]:
    """What later utterances may refer to in a result drawn as a card of this kind: its repository, and the items it lists."""
    facts: dict[str, Any] = {}
    items = data.get("items") if isinstance(data, Mapping) else data
    if isinstance(data, Mapping):
        facts["repository"] = data.get("path") if kind == "repository" else data.get("repository")
    elif kind == "refs" and data:
        facts["repository"] = data[0]["repository"]
    if (label := _LIST_LABEL.get(kind)) and isinstance(items, list):
        facts["listed"] = [item[label] for item in items[:_LISTED]]
    return {key: value for key, value in facts.items() if value}
