"""The chat as Chainlit sees it: what happens when a conversation starts, a message comes, a button is pressed."""

from __future__ import annotations

import asyncio
from typing import Any

import chainlit as cl
import structlog
from chainlit.types import Starter, ThreadDict
from starlette.datastructures import Headers

from chat_ui.drawing import Drawn, TurnDrawing, draw_failure, pending_approvals, resume_approvals
from chat_ui.gate import chat_user
from chat_ui.port import Assistant
from chat_ui.sessions import Sessions
from chat_ui.threads import ThreadLayer
from chat_ui.uploads import Uploads
from copilot.events import Failed
from hub_core.errors import HubError, Internal, NotAuthenticated

STARTERS = (
    ("Show my repositories", "List my repositories"),
    ("Create a dataset", "Create a private dataset called iris with the MIT license"),
    ("Get an access token", "Create an access token called laptop with write scope"),
    ("How do I push with git?", "How do I push a model with git?"),
)
_WITHOUT_WORDS = "Upload the attached files"

log = structlog.get_logger(__name__)


class ChatApp:
    """One hub's conversations."""

    def __init__(self, copilot: Assistant, sessions: Sessions, uploads: Uploads, sign_in: str) -> None:
        self._copilot = copilot
        self._sessions = sessions
        self._uploads = uploads
        self._sign_in = sign_in

    def register(self) -> None:
        """Tell Chainlit what to call. Its registry is global: a process has one chat."""
        cl.header_auth_callback(self.user)
        cl.set_starters(self.starters)
        cl.on_logout(self.sign_out)
        cl.on_message(self.message)
        cl.on_chat_resume(self.resume)
        cl.data_layer(lambda: ThreadLayer(self._copilot, self._sessions))
        cl.action_callback("decide")(self.decide)

    async def user(self, headers: Headers) -> cl.User | None:  # the gate has read them
        """Who is signed in to the hub."""
        return chat_user((await self._sessions.context()).actor)

    async def starters(self, user: cl.User | None) -> list[Starter]:  # everybody's are the same
        """Sentences to begin with."""
        return [Starter(label=label, message=message) for label, message in STARTERS]

    async def sign_out(self, request: Any, response: Any) -> dict[str, bool]:  # the gate has read the cookies
        """End the hub's session; the browser is sent to the sign-in page by the next thing it asks for."""
        await self._sessions.leave()
        return {"success": True}

    async def message(self, message: cl.Message) -> None:
        """A person said something."""
        async with _Edge(self._sign_in):
            ctx = await self._sessions.context()
            attachments = await self._uploads.stage(ctx, message.elements)
            words = message.content.strip() or _WITHOUT_WORDS
            await TurnDrawing().draw(self._copilot.send(ctx, cl.user_session.get("thread_id"), words, attachments=attachments))

    async def resume(self, thread: ThreadDict) -> None:
        """A person opened an earlier conversation."""
        cl.user_session.set("thread_id", thread["id"])
        resume_approvals(thread.get("elements") or [])

    async def decide(self, action: cl.Action) -> None:
        """A person pressed Approve or Reject. What is decided on is what the hub asked; the browser only names it."""
        approval_id, granted = str(action.payload.get("approval_id")), action.payload.get("granted") is True
        card = pending_approvals().pop(approval_id, None)
        thread_id = cl.user_session.get("thread_id")
        if card is None or thread_id is None:
            return
        await cl.context.emitter.task_start()
        try:
            async with _Edge(self._sign_in, card):
                ctx = await self._sessions.context()
                events = self._copilot.decide(ctx, thread_id, approval_id, granted=granted)
                await _settle(card, "granted" if granted else "rejected")
                await TurnDrawing().draw(events)
        finally:
            await cl.context.emitter.task_end()


class _Edge:
    """The worker edge of the chat: whatever goes wrong in a turn is told in the conversation, and no turn ends without a word."""

    def __init__(self, sign_in: str, card: Drawn | None = None) -> None:
        self._sign_in = sign_in
        self._card = card

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        if error is None or isinstance(error, (asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit)):
            return False
        if not isinstance(error, HubError):
            log.error("turn_crashed", exc_info=error)
            error = Internal("The hub made a mistake with this.", hint="Its log tells more. Try again, or say it in other words.")
        if self._card is not None:
            await _settle(self._card, "failed", error.message)
        link = self._sign_in if isinstance(error, NotAuthenticated) else None
        await draw_failure(Failed(code=error.code, message=error.message, hint=error.hint), link)
        return True


async def _settle(card: Drawn, outcome: str, reason: str | None = None) -> None:
    card.props = {**card.props, "outcome": outcome, "reason": reason}
    await card.update()  # type: ignore[no-untyped-call]  # inherited, so that mypy takes it for ours
