"""The Copilot and the chat, which take seconds to import: loaded in a thread while the hub already answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth import session_secret_from_cookies
from hub_core.hub import Hub

if TYPE_CHECKING:
    from copilot.copilot import Copilot
    from retrieval.index import DocumentationIndex

CHAT_PATH = "/chat"

log = structlog.get_logger(__name__)


class Assistance:
    """The Copilot of a hub and, where wanted, its chat. `started()` begins to load them; whoever needs them waits.

    `chat` mounts Chainlit, which a process can do once.
    """

    def __init__(self, hub: Hub, *, chat: bool) -> None:
        self._hub = hub
        self._chat = chat
        self._loaded: asyncio.Future[tuple[Copilot, ASGIApp | None]]

    @asynccontextmanager
    async def started(self) -> AsyncIterator[None]:
        """Load in the background for the time of the block."""
        self._loaded = asyncio.get_running_loop().create_future()
        async with AsyncExitStack() as stack:
            loading = asyncio.create_task(self._load(stack))
            try:
                yield
            finally:
                await asyncio.wait([loading])

    async def copilot(self) -> Copilot:
        """The Copilot, once it is there; raises what loading it raised."""
        return (await asyncio.shield(self._loaded))[0]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Be the chat, once it is there."""
        _, chat = await asyncio.shield(self._loaded)
        if chat is None:
            raise RuntimeError("this application was made without a chat")
        await chat(scope, receive, send)

    async def _load(self, stack: AsyncExitStack) -> None:
        try:
            build = await asyncio.to_thread(_import_copilot)
            copilot, documentation = build(self._hub)
            await stack.enter_async_context(copilot.started())
            stack.push_async_callback(documentation.close)
            chat = await asyncio.to_thread(self._build_chat, copilot) if self._chat else None
        except Exception as error:  # the edge of a background task: whoever waits gets the error, the hub goes on
            log.exception("copilot_not_loaded")
            self._loaded.set_exception(error)
            self._loaded.exception()
        else:
            self._loaded.set_result((copilot, chat))

    def _build_chat(self, copilot: Copilot) -> ASGIApp:
        from chat_ui.mount import build_chat  # noqa: PLC0415  # imports Chainlit

        return build_chat(self._hub, copilot, session_secret=partial(session_secret_from_cookies, self._hub), path=CHAT_PATH)


def _import_copilot() -> Callable[[Hub], tuple[Copilot, DocumentationIndex]]:
    from api.compose import build_copilot  # noqa: PLC0415  # imports LangChain

    return build_copilot
