"""What the chat needs of the Copilot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from copilot.events import Event
from copilot.threads import ThreadInfo
from hub_core.context import Context


class Assistant(Protocol):
    """The part of `copilot.copilot.Copilot` that a conversation is made of; the contract is written there."""

    def send(
        self, ctx: Context, thread_id: str | None, message: str, *, page: object = None, attachments: Sequence[str] = ()
    ) -> AsyncIterator[Event]:
        """Say something in a thread, or in a new one."""

    def decide(self, ctx: Context, thread_id: str, approval_id: str, *, granted: bool) -> AsyncIterator[Event]:
        """Answer an approval and go on with the turn that waits for it."""

    async def threads(self, ctx: Context, *, limit: int = 50) -> list[ThreadInfo]:
        """The caller's threads, the latest first."""

    async def history(self, ctx: Context, thread_id: str) -> list[Event]:
        """What was said in a thread, and the approval it waits for."""

    async def delete(self, ctx: Context, thread_id: str) -> None:
        """Forget a thread."""
