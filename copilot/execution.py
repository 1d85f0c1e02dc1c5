"""Where a model's wish becomes a call of the hub: as the person who is talking, and only after that person's approval if it destroys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import structlog
from langchain_core.messages import ToolMessage
from langgraph.errors import GraphBubbleUp
from langgraph.prebuilt.tool_node import ToolCallRequest
from langgraph.types import interrupt
from pydantic import BaseModel

from copilot.events import ApprovalNeeded, Choice, ChoicesOffered, CitationGiven, Event, ToolReturned
from copilot.results import failure, success
from copilot.situation import facts_of
from hub_core.context import Context
from hub_core.errors import ConfirmationRequired, HubError, Internal, InvalidInput
from hub_core.hub import Hub
from hub_core.operation import Effect
from hub_core.repositories.schemas import GetRepository
from hub_core.repositories.service import RepositoryService
from retrieval.port import DocumentationSearch
from tools.call import ToolResult, call_tool
from tools.card import Card
from tools.catalog import TOOL_BY_NAME, Tool
from tools.schema import parse_arguments

_CITATIONS = 3
_MAX_KEPT = 64 * 1024  # bytes of JSON

log = structlog.get_logger(__name__)

Verdict = Literal["granted", "rejected", "used", "expired", "left"]

_NOT_CALLED: dict[Verdict, str] = {
    "rejected": "You rejected it; nothing was changed.",
    "expired": "The approval came too late; nothing was changed. Ask again.",
    "used": "You approved it, and it has been carried out.",
    "left": "You did not approve it and went on; nothing was changed.",
}


@dataclass(frozen=True, slots=True)
class Turn:
    """Who is talking and how: given anew to every run, and never stored with the thread.

    `ctx` acts for the person through the Copilot. `verdicts` are decisions on waiting calls, by the call's id. `attachments` are the names
    of the files sent with this turn's message.
    """

    hub: Hub
    ctx: Context
    documentation: DocumentationSearch | None = None
    attachments: Sequence[str] = ()
    verdicts: dict[str, Verdict] = field(default_factory=dict)


async def execute(request: ToolCallRequest) -> ToolMessage:
    """Carry out one call and say what came of it; suspends the run while a person has to approve."""
    call, turn = request.tool_call, cast("Turn", request.runtime.context)
    call_id, name = call["id"] or "", call["name"]
    verdict = turn.verdicts.get(call_id)
    if verdict in _NOT_CALLED:
        return _emit(request, _refused(call_id, name, verdict))
    try:
        tool = _tool(name)
        arguments = parse_arguments(tool, _with_attachment(tool, call["args"], turn.attachments))
        return _emit(request, _done(call_id, name, await _call(tool, arguments, turn, call_id)))
    except GraphBubbleUp:
        raise
    except HubError as error:
        return _emit(request, _failed(call_id, name, error))
    except Exception:  # agent tool edge: a defect must end in an answer, and in the log
        log.exception("tool_crashed", tool=name, request_id=turn.ctx.request_id)
        return _emit(request, _failed(call_id, name, Internal("The hub failed at this.", hint="Its log has the details.")))


def _tool(name: str) -> Tool:
    if name not in TOOL_BY_NAME:
        raise InvalidInput(f"There is no tool {name!a}.", hint=f"There are: {', '.join(TOOL_BY_NAME)}.")
    return TOOL_BY_NAME[name]


async def _call(tool: Tool, arguments: BaseModel, turn: Turn, call_id: str) -> ToolResult:
    while True:
        try:
            if tool.effect >= Effect.COSTLY:
                arguments = await _exact(arguments, turn)
            return await call_tool(tool, turn.hub, turn.ctx, arguments, turn.documentation)
        except ConfirmationRequired as error:
            # Suspends the first time. When the run is resumed it returns, and the call is made again: it succeeds with the person's
            # grant, or asks anew when that grant has expired meanwhile.
            interrupt({"call_id": call_id, "approval": _approval(error).model_dump(mode="json")})


async def _exact(arguments: BaseModel, turn: Turn) -> BaseModel:
    """With the repository's full path: a bare name could mean another repository by the time the person has approved."""
    if not isinstance(repository := getattr(arguments, "repository", None), str):
        return arguments
    info = await turn.hub.run(RepositoryService.get, turn.ctx, GetRepository(repository=repository))
    return arguments.model_copy(update={"repository": info.path})


def _with_attachment(tool: Tool, arguments: dict[str, Any], attachments: Sequence[str]) -> dict[str, Any]:
    """Without a name, “upload it” means what was attached to this message, not everything that still waits from earlier ones."""
    if tool.name == "upload_file" and not arguments.get("file") and len(attachments) == 1:
        return {**arguments, "file": attachments[0]}
    return arguments


def _approval(error: ConfirmationRequired) -> ApprovalNeeded:
    preview = error.details["preview"]
    return ApprovalNeeded(
        approval_id=error.details["approval_id"], operation=error.details["operation"], title=preview["title"],
        summary=preview["summary"], facts=preview["facts"],
    )


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A message for the model, the events people see now, and what the thread keeps of them."""

    message: ToolMessage
    events: list[Event]


def _emit(request: ToolCallRequest, outcome: _Outcome) -> ToolMessage:
    for event in outcome.events:
        request.runtime.stream_writer(event)
    return outcome.message


def _done(call_id: str, name: str, result: ToolResult) -> _Outcome:
    returned = ToolReturned(id=call_id, tool=name, ok=True, text=result.text, card=result.card, undo=result.undo)
    kept = returned.model_copy(update={"card": _kept(result)})
    cited: list[Event] = [
        CitationGiven(title=found.title, source=found.source, excerpt=found.text[:500]) for found in result.passages[:_CITATIONS]
    ]
    message = _message(call_id, name, success(result), [kept, *cited], facts_of(result.kept.kind, result.kept.data))
    return _Outcome(message, [returned, *cited])


def _kept(result: ToolResult) -> Card | None:
    """The card as the thread keeps it: without secrets, and not at all when it is large, as every step writes the whole thread."""
    return result.kept if len(result.kept.model_dump_json()) <= _MAX_KEPT else None


def _failed(call_id: str, name: str, error: HubError) -> _Outcome:
    events: list[Event] = [ToolReturned(id=call_id, tool=name, ok=False, text=str(error))]
    if candidates := error.details.get("candidates"):
        choices = [Choice(label=candidate, message=candidate) for candidate in candidates]
        events.append(ChoicesOffered(question="Which one do you mean?", choices=choices))
    return _Outcome(_message(call_id, name, failure(error), events, {"code": error.code}, status="error"), events)


def _refused(call_id: str, name: str, verdict: Verdict) -> _Outcome:
    text = _NOT_CALLED[verdict]
    events: list[Event] = [ToolReturned(id=call_id, tool=name, ok=verdict == "used", text=text)]
    return _Outcome(_message(call_id, name, text, events, {"code": verdict}, status="success" if verdict == "used" else "error"), events)


def _message(
    call_id: str, name: str, content: str, events: list[Event], facts: dict[str, Any], status: Literal["success", "error"] = "success"
) -> ToolMessage:
    artifact = {**facts, "events": [event.model_dump(mode="json") for event in events]}
    return ToolMessage(content=content, tool_call_id=call_id, name=name, status=status, artifact=artifact)


def abandoned(call_id: str, name: str, verdict: Verdict | None) -> ToolMessage:
    """The answer to a call that will not be made any more, so that the thread can go on; no verdict when it broke off in the middle."""
    if verdict in _NOT_CALLED:
        return _refused(call_id, name, verdict).message
    text = "This was interrupted: it may or may not have been carried out. Look before doing it again."
    events: list[Event] = [ToolReturned(id=call_id, tool=name, ok=False, text=text)]
    return _message(call_id, name, text, events, {"code": "interrupted"}, status="error")
