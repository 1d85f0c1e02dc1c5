"""Talking to the Copilot: each turn is a stream of server-sent events, `data:` one event of `copilot.events` in JSON."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends
from fastapi.sse import EventSourceResponse
from pydantic import BaseModel, Field

from api.lazy import Assistance
from api.rest.common import Caller, CallerDep
from copilot.events import Event
from copilot.threads import ThreadInfo
from hub_core.errors import NotAuthenticated

if TYPE_CHECKING:
    from copilot.copilot import Copilot

router = APIRouter(tags=["copilot"], prefix="/copilot")


class Message(BaseModel):
    """What a person says, and where they say it."""

    message: str = Field(min_length=1, max_length=20_000, examples=["show me 5 rows of iris"])
    thread_id: str | None = Field(None, description="the conversation to go on with; empty for a new one")
    page: str | None = Field(None, description="the repository that is open on the screen", examples=["datasets/alice/iris"])
    attachments: list[str] = Field([], description="names or ids of files uploaded before")


class Decision(BaseModel):
    """A person's decision about what the Copilot wants to do."""

    granted: bool


def _signed_in(caller: CallerDep) -> Caller:
    if caller.ctx.actor.is_anonymous:
        raise NotAuthenticated("Sign in to talk to the Copilot.")
    return caller


SignedIn = Annotated[Caller, Depends(_signed_in)]


async def _copilot(caller: Caller) -> Copilot:
    assistance: Assistance = caller.request.app.state.assistance
    return await assistance.copilot()


@asynccontextmanager
async def _begun(turn: AsyncGenerator[Event, None]) -> AsyncIterator[AsyncIterator[Event]]:
    """The turn with its first event fetched: a refusal comes before it, and must be an answer of its own, not a broken stream."""
    async with aclosing(turn):
        first = await anext(turn)

        async def events() -> AsyncIterator[Event]:
            yield first
            async for event in turn:
                yield event

        yield events()


async def _message_turn(caller: SignedIn, body: Message) -> AsyncIterator[AsyncIterator[Event]]:
    copilot = await _copilot(caller)
    turn = copilot.send(caller.ctx, body.thread_id, body.message, page=body.page, attachments=tuple(body.attachments))
    async with _begun(turn) as begun:
        yield begun


async def _decision_turn(caller: SignedIn, thread_id: str, approval_id: str, body: Decision) -> AsyncIterator[AsyncIterator[Event]]:
    copilot = await _copilot(caller)
    async with _begun(copilot.decide(caller.ctx, thread_id, approval_id, granted=body.granted)) as begun:
        yield begun


@router.post("/messages", response_class=EventSourceResponse)
async def send_message(turn: Annotated[AsyncIterator[Event], Depends(_message_turn)]) -> AsyncIterator[Event]:
    """Say something. The stream ends with an event of type `end`, which names the thread."""
    async for event in turn:
        yield event


@router.post("/threads/{thread_id}/approvals/{approval_id}", response_class=EventSourceResponse)
async def decide(turn: Annotated[AsyncIterator[Event], Depends(_decision_turn)]) -> AsyncIterator[Event]:
    """Approve or reject what the Copilot wants to do; the stream is the rest of the turn."""
    async for event in turn:
        yield event


@router.get("/threads")
async def list_threads(caller: SignedIn) -> list[ThreadInfo]:
    """Your conversations, the latest first."""
    return await (await _copilot(caller)).threads(caller.ctx)


@router.get("/threads/{thread_id}")
async def get_thread(caller: SignedIn, thread_id: str) -> list[Event]:
    """A conversation as the events that would show it again."""
    return await (await _copilot(caller)).history(caller.ctx, thread_id)
