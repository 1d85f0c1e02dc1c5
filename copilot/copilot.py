"""The Copilot: a person says something, the hub answers in events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast
from uuid import UUID
from weakref import WeakValueDictionary

import structlog
from langchain_core.messages import AIMessage, AIMessageChunk, AnyMessage, HumanMessage, RemoveMessage, ToolCall, ToolMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.serde.types import INTERRUPT
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.errors import GraphRecursionError
from langgraph.types import Command, Interrupt

from copilot.agent import MAX_CALLS, RECURSION_LIMIT, Agent, build_agent
from copilot.events import ApprovalNeeded, Event, Failed, TextDelta, TurnEnded
from copilot.execution import Turn, Verdict, abandoned
from copilot.model import Model, load_model
from copilot.replay import answer, replay
from copilot.situation import situation
from copilot.threads import ThreadInfo, ThreadStore
from hub_core.approvals.schemas import DecideApproval
from hub_core.approvals.service import ApprovalService
from hub_core.context import Context, Surface
from hub_core.errors import ApprovalNotFound, Conflict, HubError, InvalidInput, PermissionDenied
from hub_core.hub import Hub
from models_local.situation import Situation
from retrieval.port import DocumentationSearch

TURN_SECONDS = 300.0
MAX_MESSAGE = 20_000
MAX_TURNS = 100

_YES = frozenset({"yes", "y", "yes please", "approve", "approved", "approve it", "confirm", "i confirm", "yes, delete it", "go ahead"})
_NO = frozenset({"no", "n", "no thanks", "cancel", "reject", "reject it", "stop", "don't", "do not", "never mind", "nevermind"})

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A call that a person has to decide on."""

    call_id: str
    approval: ApprovalNeeded


@dataclass(frozen=True, slots=True)
class _State:
    """A thread as it was last written: what was said, and the call it is suspended at."""

    messages: Sequence[AnyMessage]
    waiting: _Waiting | None

    @property
    def unanswered(self) -> list[ToolCall]:
        """Calls without a result: the waiting one, or one that the end of the process interrupted."""
        last = next((message for message in reversed(self.messages) if isinstance(message, AIMessage)), None)
        answered = {message.tool_call_id for message in self.messages if isinstance(message, ToolMessage)}
        return [call for call in last.tool_calls if call["id"] not in answered] if last else []


class _Input(NamedTuple):
    """What a run starts with: the graph's input, who talks and how, and the situation."""

    start: dict[str, Any] | Command[Any]
    turn: Turn
    known: Situation


class Copilot:
    """Talks with people, each in threads of their own. Made at start-up; `started()` is its life.

    A model that cannot be loaded fails turns with `model_unavailable` and is tried again with the next one; nothing else is affected.
    """

    def __init__(self, hub: Hub, *, documentation: DocumentationSearch | None = None, model: Model | None = None) -> None:
        self._hub = hub
        self._documentation = documentation
        self._model = model
        self._agent: Agent | None = None
        self._loading = asyncio.Lock()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._threads: ThreadStore
        self._checkpoints: AsyncSqliteSaver

    @asynccontextmanager
    async def started(self) -> AsyncIterator[Copilot]:
        """Open the file of threads for the time of the block."""
        path = self._hub.settings.data_dir.absolute() / "threads.sqlite"
        async with AsyncExitStack() as stack:
            self._threads = await stack.enter_async_context(ThreadStore.opened(path))
            self._checkpoints = await stack.enter_async_context(AsyncSqliteSaver.from_conn_string(str(path)))
            # Only plain data and LangChain's messages are read back; the default would build any class a changed file names.
            self._checkpoints.serde = JsonPlusSerializer(allowed_msgpack_modules=None)
            await self._checkpoints.setup()
            yield self

    async def prepare(self) -> None:
        """Load the model now, so that the first turn does not wait for it; raises `ModelUnavailable`."""
        await self._loaded_agent()

    async def send(
        self, ctx: Context, thread_id: str | None, message: str, *, page: object = None, attachments: Sequence[str] = ()
    ) -> AsyncGenerator[Event, None]:
        """Say something in a thread, or in a new one for None, and get the answer's events; the last is `TurnEnded` with the thread's id.

        `page` is the open page (a reference, a path, a URL, or an object with one), `attachments` are names of files staged with
        `UploadService`. Where an approval waits, a plain yes or no decides it, and anything else turns it down first. Ending the
        iteration early stops the turn. Raises `NotAuthenticated`, `NotFound` (a thread that is not the caller's) and `InvalidInput` before
        the first event; whatever fails later is a `Failed` event.
        """
        if not message.strip() and not attachments:
            raise InvalidInput("Say something, or attach a file.")
        if len(message) > MAX_MESSAGE:
            raise InvalidInput(f"A message has at most {MAX_MESSAGE:,} characters.", hint="Attach long texts as a file.")
        if thread_id is None:
            thread_id = await self._threads.create(ctx, message)
        await self._threads.check(ctx, thread_id)
        async with self._lock(thread_id):
            state = await self._state(thread_id)
            word = message.strip().rstrip(".!").casefold()
            if state.waiting and word in _YES | _NO:
                turn = await self._decided(ctx, state.waiting, granted=word in _YES)
            else:
                turn = await self._said(ctx, state, message, page, attachments)
            async with aclosing(self._events(thread_id, *turn)) as events:
                async for event in events:
                    yield event

    async def decide(self, ctx: Context, thread_id: str, approval_id: str, *, granted: bool) -> AsyncGenerator[Event, None]:
        """Allow or reject the call the thread waits with, as the person `ctx` stands for, and get the events of what follows.

        Raises `NotFound` for a foreign thread, `Conflict` when nothing waits under that id, and what `ApprovalService.decide` raises.
        """
        await self._threads.check(ctx, thread_id)
        async with self._lock(thread_id):
            waiting = (await self._state(thread_id)).waiting
            if waiting is None or waiting.approval.approval_id != approval_id:
                raise Conflict("Nothing waits for this approval any more.", hint="Ask the Copilot again.")
            turn = await self._decided(ctx, waiting, granted=granted)
            async with aclosing(self._events(thread_id, *turn)) as events:
                async for event in events:
                    yield event

    async def threads(self, ctx: Context, *, limit: int = 50) -> list[ThreadInfo]:
        """The caller's threads, the latest first."""
        return await self._threads.list(ctx, limit)

    async def history(self, ctx: Context, thread_id: str) -> list[Event]:
        """The events of a thread so far, and the approval it waits for, if any."""
        await self._threads.check(ctx, thread_id)
        state = await self._state(thread_id)
        return [*replay(state.messages), *([state.waiting.approval] if state.waiting else [])]

    async def pending_approval(self, ctx: Context, thread_id: str) -> ApprovalNeeded | None:
        """What the thread waits for a person to decide."""
        await self._threads.check(ctx, thread_id)
        waiting = (await self._state(thread_id)).waiting
        return waiting.approval if waiting else None

    async def delete(self, ctx: Context, thread_id: str) -> None:
        """Forget a thread and everything said in it."""
        await self._threads.check(ctx, thread_id)
        async with self._lock(thread_id):
            await self._threads.delete(thread_id)
            await self._checkpoints.adelete_thread(thread_id)

    async def _said(self, ctx: Context, state: _State, message: str, page: object, attachments: Sequence[str]) -> _Input:
        """Start with a message; calls that were never answered are answered first, as a model expects."""
        verdict = await self._leave(ctx, state.waiting) if state.waiting else None
        closed = [abandoned(call["id"] or "", call["name"], verdict) for call in state.unanswered]
        known = situation([*state.messages, *closed], page=page, user=ctx.actor.name, attachments=attachments)
        said = HumanMessage(message.strip(), additional_kwargs={"situation": known.model_dump(mode="json")})
        return _Input({"messages": [*_forgotten(state.messages), *closed, said]}, self._turn(ctx, attachments=tuple(attachments)), known)

    async def _decided(self, ctx: Context, waiting: _Waiting, *, granted: bool) -> _Input:
        """Take the decision, then go on where the thread was suspended."""
        verdict = await self._decide(ctx, waiting, granted=granted)
        return _Input(Command(resume=verdict), self._turn(ctx, verdicts={waiting.call_id: verdict}), Situation(user=ctx.actor.name))

    async def _decide(self, ctx: Context, waiting: _Waiting, *, granted: bool) -> Verdict:
        """Decide as the person; a decision taken before, here or elsewhere, stands."""
        request = DecideApproval(id=UUID(waiting.approval.approval_id), granted=granted)
        try:
            return "granted" if (await self._hub.run(ApprovalService.decide, ctx, request)).state == "granted" else "rejected"
        except ApprovalNotFound:
            return "expired"
        except Conflict as error:
            return error.details["state"]  # type: ignore[no-any-return]

    async def _leave(self, ctx: Context, waiting: _Waiting) -> Verdict:
        """Turn a waiting call down because the conversation goes on; a credential too weak to decide can at least do that."""
        try:
            verdict = await self._decide(ctx, waiting, granted=False)
        except PermissionDenied:
            return "left"
        return "left" if verdict == "rejected" else verdict

    def _turn(self, ctx: Context, **facts: Any) -> Turn:
        agent_ctx = replace(ctx, surface=Surface.COPILOT, transaction=None)
        return Turn(self._hub, agent_ctx, self._documentation, **facts)

    async def _events(self, thread_id: str, start: dict[str, Any] | Command[Any], turn: Turn, known: Situation) -> AsyncGenerator[Event, None]:
        """Run in a task of its own, so that the time limit never strikes whoever reads the events."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        run = asyncio.create_task(self._run(thread_id, _Input(start, turn, known), queue))
        try:
            while (event := await queue.get()) is not None:
                yield event
        finally:
            run.cancel()
            await asyncio.wait([run])
            await self._threads.turn_ended(thread_id)

    async def _run(self, thread_id: str, given: _Input, queue: asyncio.Queue[Event | None]) -> None:
        suspended = False
        try:
            async with asyncio.timeout(TURN_SECONDS):
                agent = await self._loaded_agent()
                async for event in _stream(agent, thread_id, given):
                    suspended = suspended or isinstance(event, ApprovalNeeded)
                    queue.put_nowait(event)
        except TimeoutError:
            queue.put_nowait(Failed(code="timeout", message="This took too long and was stopped.", hint="Ask for less at once."))
        except GraphRecursionError:
            text = f"This took more than {MAX_CALLS} steps and was stopped."
            queue.put_nowait(Failed(code="too_many_steps", message=text, hint="Ask for one thing at a time."))
        except HubError as error:
            queue.put_nowait(Failed(code=error.code, message=error.message, hint=error.hint))
        except Exception:  # request edge: a turn ends with an event whatever happens
            log.exception("turn_crashed", thread_id=thread_id, request_id=given.turn.ctx.request_id)
            queue.put_nowait(Failed(code="internal", message="The Copilot failed at this.", hint="The hub's log has the details."))
        finally:
            queue.put_nowait(TurnEnded(thread_id=thread_id, suspended=suspended))
            queue.put_nowait(None)

    async def _loaded_agent(self) -> Agent:
        async with self._loading:
            if self._agent is None:
                if self._model is None:
                    self._model = await asyncio.to_thread(load_model, self._hub.settings)
                self._agent = build_agent(self._model, self._checkpoints)
            return self._agent

    def _lock(self, thread_id: str) -> asyncio.Lock:
        return self._turns.setdefault(thread_id, asyncio.Lock())

    async def _state(self, thread_id: str) -> _State:
        """Read from the file, not from the graph: history and approvals need no model."""
        found = await self._checkpoints.aget_tuple(_config(thread_id))
        if found is None:
            return _State((), None)
        interrupts = [interrupt for _, channel, value in found.pending_writes or () if channel == INTERRUPT for interrupt in value]
        waiting = [_Waiting(value["call_id"], ApprovalNeeded.model_validate(value["approval"])) for value in (i.value for i in interrupts)]
        return _State(found.checkpoint["channel_values"].get("messages", ()), waiting[0] if waiting else None)


def _forgotten(messages: Sequence[AnyMessage]) -> list[RemoveMessage]:
    """The removal of turns so old that carrying them along would slow down every step."""
    starts = [index for index, message in enumerate(messages) if isinstance(message, HumanMessage)]
    first = starts[-MAX_TURNS] if len(starts) > MAX_TURNS else 0
    return [RemoveMessage(id=message.id or "") for message in messages[:first]]


def _config(thread_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id}, "recursion_limit": RECURSION_LIMIT}


async def _stream(agent: Agent, thread_id: str, given: _Input) -> AsyncGenerator[Event, None]:
    """The events of a run. Each step is on disk before the next one starts."""
    streamed: set[str | None] = set()
    waiting: list[Interrupt] = []
    parts = agent.astream(
        given.start, _config(thread_id), context=given.turn, stream_mode=["messages", "updates", "custom"], durability="sync"
    )
    async for mode, part in cast("AsyncIterator[tuple[str, Any]]", parts):
        if mode == "custom":
            yield part
        elif mode == "messages":
            piece = part[0]
            if isinstance(piece, AIMessageChunk) and piece.text:
                streamed.add(piece.id)
                yield TextDelta(text=piece.text)
        else:
            for message in _new_answers(part):
                for event in answer(message, given.known, streamed=message.id in streamed):
                    yield event
            waiting += part.get(INTERRUPT, ())
    # Only now is the suspended call on disk: a person must not be asked about what a crash could still take away.
    for interrupt in waiting:
        yield ApprovalNeeded.model_validate(interrupt.value["approval"])


def _new_answers(update: dict[str, Any]) -> list[AIMessage]:
    produced = (update.get("model") or {}).get("messages", ())
    return [message for message in produced if isinstance(message, AIMessage)]
