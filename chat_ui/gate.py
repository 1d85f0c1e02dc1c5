"""The door of the chat: Chainlit behind it only ever sees requests of somebody who is signed in to the hub."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

from chainlit.auth.jwt import create_jwt
from chainlit.server import router
from chainlit.user import User
from fastapi import Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from chat_ui.page import ChatPage
from chat_ui.sessions import Sessions
from chat_ui.uploads import Uploads
from hub_core.context import Actor

COOKIE = "hubpilot_chat"
# The same for everybody, and needed to tell somebody that the session has ended.
_OPEN = ("/public/", "/assets/")
_CATCH_ALL = "/{full_path:path}"
# The host is the client's word and goes into the page's policy: nothing else may come in with it.
_HOST_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]")


class ChatGate:
    """Checks the hub's session, gives Chainlit an identity, and answers itself where Chainlit would buffer, leak or call out."""

    def __init__(self, chat: ASGIApp, sessions: Sessions, uploads: Uploads, page: ChatPage) -> None:
        self._chat = chat
        self._sessions = sessions
        self._uploads = uploads
        self._page = page
        self._own = {
            route.path.split("/")[1] for route in router.routes
            if isinstance(route, Route) and "GET" in (route.methods or ()) and route.path != _CATCH_ALL
        } | {"ws"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        route = scope["path"].removeprefix(scope.get("root_path", ""))
        page = scope["type"] == "http" and scope["method"] in {"GET", "HEAD"} and route.strip("/").split("/")[0] not in self._own
        if _comes_from_elsewhere(connection, scope):
            await _refuse(HTTPStatus.FORBIDDEN, "This request came from another site.", scope, receive, send)
            return
        actor = await self._sessions.enter(connection.cookies)
        if route.startswith(_OPEN):
            await self._chat(_identified(scope, None), receive, _caching(route, send))
        elif actor is None and page:
            await RedirectResponse(_sign_in(scope, route), HTTPStatus.SEE_OTHER)(scope, receive, send)
        elif actor is None:
            await _refuse(HTTPStatus.UNAUTHORIZED, "Sign in again.", scope, receive, send)
        elif page:
            await self._page.respond(_host(connection))(scope, receive, send)
        elif scope["type"] == "http" and (answer := await self._answer(route, scope, receive, actor)):
            await answer(scope, receive, send)
        else:
            await self._chat(_identified(scope, actor), receive, _caching(route, send))

    async def _answer(self, route: str, scope: Scope, receive: Receive, actor: Actor) -> Response | None:
        """The answer to what Chainlit shall not handle: it would read an upload into memory, and set a cookie for load balancers."""
        if scope["method"] == "POST" and route == "/project/file":
            return await self._uploads.receive(Request(scope, receive), actor)
        if scope["method"] == "POST" and route == "/set-session-cookie":
            return JSONResponse({"message": "not needed"})
        return None


def _sign_in(scope: Scope, route: str) -> str:
    # Chainlit's page goes to /login by itself when it is refused in the middle of a conversation.
    ended = route == "/login"
    back = scope["root_path"] if ended else scope["path"]
    return f"/sign-in?next={quote(back, safe='/')}{'&ended=1' if ended else ''}"


def chat_user(actor: Actor) -> User:
    """The caller as Chainlit knows one: by id, because names could be given again."""
    return User(identifier=str(actor.user_id), display_name=actor.name)


def _identified(scope: Scope, actor: Actor | None) -> Scope:
    """The scope with Chainlit's sign-in as its only credential, made for this one request: no browser ever holds it."""
    headers = [(name, value) for name, value in scope["headers"] if name not in {b"cookie", b"authorization"}]
    if actor is not None:
        headers.append((b"cookie", f"{COOKIE}={create_jwt(chat_user(actor))}".encode()))
    return {**scope, "headers": headers}


def _comes_from_elsewhere(connection: HTTPConnection, scope: Scope) -> bool:
    """Whether another site's page sent this: a websocket or a change must come from a page of this hub."""
    if scope["type"] == "http" and scope["method"] in {"GET", "HEAD", "OPTIONS"}:
        return False
    if connection.headers.get("sec-fetch-site") == "same-origin":
        return False
    origin = connection.headers.get("origin")
    # A proxy may pass the name the browser used in a header of its own; no page can make a browser send that one.
    ours = {connection.headers.get("host"), connection.headers.get("x-forwarded-host")}
    return origin is not None and urlsplit(origin).netloc not in ours


def _host(connection: HTTPConnection) -> str:
    host = connection.headers.get("host", "")
    return host if set(host) <= _HOST_CHARACTERS else ""


def _caching(route: str, send: Send) -> Send:
    """Chainlit's bundles carry a hash in their names; our own files do not and are asked for again."""
    value = "private, max-age=31536000, immutable" if route.startswith("/assets/") else "private, no-cache"

    async def forward(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("Cache-Control", value)
            headers["X-Content-Type-Options"] = "nosniff"
        await send(message)

    return forward


async def _refuse(status: HTTPStatus, detail: str, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).close(1008, detail)
        return
    body: dict[str, Any] = {"detail": detail}
    await JSONResponse(body, status)(scope, receive, send)
