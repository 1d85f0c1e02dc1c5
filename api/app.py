"""The application: git, LFS and everything else on one port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from api import health, rest
from api.errors import install_error_handlers
from api.git.app import GitApp
from api.git.hub_access import HubGitAccess
from api.git.routes import match as match_git
from api.lazy import CHAT_PATH, Assistance
from api.lfs import router as lfs
from api.middleware import BodyLimit, HeadAsGet, RequestLog
from api.rest.common import PREFIX
from api.streams import UploadSlots
from api.web import install_web
from hub_core.hub import Hub

DESCRIPTION = """A self-hosted hub for models, datasets, code and spaces.

Send an access token as `Authorization: Bearer hp_…`. Errors are problem details (RFC 9457) with a stable `code`.
Lists are pages: follow the `Link` header, or pass `next_cursor` as `cursor`."""


def create_app(hub: Hub, *, chat: bool = False) -> ASGIApp:
    """The hub's ASGI application. Its lifespan runs the hub: jobs go on while the server does.

    `chat` mounts the chat, which a process can do once.
    """
    assistance = Assistance(hub, chat=chat)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with hub.started(), assistance.started():
            yield

    app = FastAPI(
        title="hubpilot", version="2", description=DESCRIPTION, lifespan=lifespan, docs_url=None, redoc_url=None,
        openapi_url=f"{PREFIX}/openapi.json", separate_input_output_schemas=False,
    )
    app.state.hub = hub
    app.state.assistance = assistance
    app.state.upload_slots = UploadSlots(hub.settings.max_parallel_uploads)
    install_error_handlers(app)
    app.include_router(health.router)
    app.include_router(rest.router)
    app.include_router(lfs.router)
    install_web(app)
    if chat:
        app.mount(CHAT_PATH, assistance)
    git = GitApp(hub.git, HubGitAccess(hub))
    return RequestLog(_GitFirst(git, HeadAsGet(BodyLimit(app, hub.settings.max_commit_body_bytes))))


class _GitFirst:
    """Hands git's URLs to the git application: its streams must not pass through a framework."""

    def __init__(self, git: GitApp, app: ASGIApp) -> None:
        self._git = git
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and match_git(scope["path"]) is not None:
            await self._git(scope, receive, send)
        else:
            await self._app(scope, receive, send)
