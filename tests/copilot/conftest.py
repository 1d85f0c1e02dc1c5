"""A Copilot on a real hub, with a model that follows a script."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from copilot.copilot import Copilot
from copilot.events import Event
from copilot.model import Model
from hub_core.context import Context
from hub_core.hub import Hub
from retrieval.port import Passage
from tests.copilot.scripted import Line, ScriptedChatModel


class Handbook:
    """Documentation of two pages."""

    async def search(self, query: str) -> list[Passage]:
        return [
            Passage("Push with git", "docs/git.md", f"Run `git push`. You asked: {query}"),
            Passage("Tokens", "docs/tokens.md", "A token is a password for programs."),
        ]


class Talk:
    """One person's conversation; every turn goes to the same thread."""

    def __init__(self, copilot: Copilot, ctx: Context, model: ScriptedChatModel) -> None:
        self.copilot = copilot
        self.ctx = ctx
        self.model = model
        self.thread_id: str | None = None

    async def say(self, message: str, **more: Any) -> list[Event]:
        events = [event async for event in self.copilot.send(self.ctx, self.thread_id, message, **more)]
        assert events[-1].type == "end"
        self.thread_id = events[-1].thread_id
        return events

    async def decide(self, approval_id: str, *, granted: bool) -> list[Event]:
        assert self.thread_id is not None
        return [event async for event in self.copilot.decide(self.ctx, self.thread_id, approval_id, granted=granted)]

    async def history(self) -> list[Event]:
        assert self.thread_id is not None
        return await self.copilot.history(self.ctx, self.thread_id)


@asynccontextmanager
async def talk(hub: Hub, ctx: Context, *lines: Line, thread_id: str | None = None) -> AsyncIterator[Talk]:
    """A started Copilot whose model says these lines. A second one on the same hub is what a restart is."""
    model = ScriptedChatModel(*lines)
    async with Copilot(hub, documentation=Handbook(), model=Model(model, (TimeoutError,))).started() as copilot:
        conversation = Talk(copilot, ctx, model)
        conversation.thread_id = thread_id
        yield conversation


def types(events: list[Event]) -> list[str]:
    return [event.type for event in events]


@pytest.fixture(autouse=True)
def _no_tracing(monkeypatch: pytest.MonkeyPatch) -> None:
    """LangChain must not talk to anybody, whatever the environment says."""
    for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"):
        monkeypatch.delenv(name, raising=False)
