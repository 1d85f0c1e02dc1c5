"""What the shipped model would do with an utterance, without doing it and without a hub."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import orjson

from copilot.page import page_repository
from hub_core.errors import HubError
from models_local.planner import Plan, Planner
from models_local.situation import Call, Situation, Turn, mentioned_repository
from tools.schema import function_schemas

_TURNS = 6
_RECENT = 5
_USER_ROLES = frozenset({"user", "human"})

Json = dict[str, Any]


def plan(utterance: str, page: object = None, history: object = (), *, user: str | None = None, attachments: Iterable[str] = ()) -> Json:
    """Plan one utterance; blocks for some milliseconds, the first time for the load of the model.

    `page` is whatever `page_repository` reads. `history` is a list, oldest first, of strings (what the person said), of
    `{"role", "content"}`, or of `{"utterance", "calls"}`; turns without calls are planned anew, to know what they were about. The answer has
    `outcome`, `calls` and `confidence`, and where the model asks back also `ask` and, if it knows, `missing`, `waiting` and
    `alternatives`. Raises `ModelUnavailable`.
    """
    planner, tools = _planner(), function_schemas()
    known = Situation(page=page_repository(page), user=user, attachments=tuple(attachments))
    turns: list[Turn] = []
    for turn in list(_turns(history))[-_TURNS:]:
        if turn.utterance and not (turn.calls or turn.ask):
            turns.append(_turn_of(turn.utterance, planner.plan(turn.utterance, _with_history(known, turns), tools)))
        else:
            turns.append(turn)
    return _answer(planner.plan(utterance, _with_history(known, turns), tools))


def plan_line(line: str | bytes) -> Json:
    """One line of JSON in (`utterance`, and optionally `page`, `history`, `user`, `attachments`), one plan out; `{"error"}` for a bad line."""
    try:
        asked = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return {"error": f"This line is not JSON: {error}."}
    if isinstance(asked, str):
        asked = {"utterance": asked}
    if not isinstance(asked, dict) or not isinstance(asked.get("utterance"), str):
        return {"error": "A line is an object with the text “utterance”."}
    user, attached = asked.get("user"), asked.get("attachments")
    try:
        return plan(
            asked["utterance"], asked.get("page"), asked.get("history"), user=user if isinstance(user, str) else None,
            attachments=[name for name in attached if isinstance(name, str)] if isinstance(attached, list) else (),
        )
    except HubError as error:
        return {"error": str(error), "code": error.code}


@cache
def _planner() -> Planner:
    return Planner.load()


def _with_history(known: Situation, turns: list[Turn]) -> Situation:
    mentioned = [mentioned_repository(call.arguments, call.tool) for turn in reversed(turns) for call in reversed(turn.calls)]
    recent = tuple(dict.fromkeys(name for name in mentioned if name))[:_RECENT]
    return known.model_copy(update={"history": tuple(turns), "recent": recent})


def _turn_of(utterance: str, planned: Plan) -> Turn:
    waiting = (planned.waiting,) if planned.waiting else ()
    return Turn(utterance=utterance, calls=(*planned.calls, *waiting), ask=planned.ask, missing=planned.missing)


def _turns(history: object) -> Iterator[Turn]:
    """The turns that can be made out in a history; what cannot be read is left out."""
    last: Turn | None = None
    for item in history if isinstance(history, list | tuple) else ():
        entry: Mapping[str, Any] = item if isinstance(item, Mapping) else {"utterance": item}
        text = next((entry[key] for key in ("utterance", "content", "text") if isinstance(entry.get(key), str)), "")
        calls = tuple(_calls(entry.get("calls") or entry.get("tool_calls")))
        if entry.get("role", "user") not in _USER_ROLES:
            if last is not None and calls:
                last = last.model_copy(update={"calls": (*last.calls, *calls)})
            continue
        if last is not None:
            yield last
            last = None
        if not text and not calls:
            continue
        ask, missing = (value if isinstance(value := entry.get(key), str) else None for key in ("ask", "missing"))
        last = Turn(utterance=text, calls=calls, ask=ask, missing=missing)
    if last is not None:
        yield last


def _calls(given: object) -> Iterator[Call]:
    """Calls in our form (`tool`, `arguments`) or in OpenAI's (`function` with `name` and `arguments` as JSON text)."""
    for item in given if isinstance(given, list | tuple) else ():
        inner = item.get("function", item) if isinstance(item, Mapping) else None
        if not isinstance(inner, Mapping):
            continue
        tool = inner.get("tool") or inner.get("name")
        arguments = inner.get("arguments", inner.get("args", {}))
        if isinstance(arguments, str):
            try:
                arguments = orjson.loads(arguments)
            except orjson.JSONDecodeError:
                arguments = {}
        if isinstance(tool, str) and isinstance(arguments, Mapping):
            yield Call(tool=tool, arguments={str(key): value for key, value in arguments.items()})


def _answer(planned: Plan) -> Json:
    answer: Json = {"outcome": planned.outcome, "calls": _plain(planned.calls), "confidence": round(planned.confidence, 4)}
    if planned.ask:
        answer["ask"] = planned.ask
        further = {
            "missing": planned.missing, "waiting": _plain([planned.waiting])[0] if planned.waiting else None,
            "alternatives": _plain(planned.alternatives),
        }
        answer |= {key: value for key, value in further.items() if value}
    return answer


def _plain(calls: Iterable[Call]) -> list[Json]:
    return [call.model_dump(mode="json") for call in calls]
