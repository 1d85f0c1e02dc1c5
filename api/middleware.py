"""Around every request: an id, and one line in the log. Plain ASGI, so that nothing is buffered."""

from __future__ import annotations

import re
import time
import uuid
from http import HTTPStatus

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import logged_path
from api.rest.common import PREFIX

log = structlog.get_logger("hubpilot.request")

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
REQUESTS = Counter("hubpilot_requests_total", "HTTP requests by method and status class", ["method", "status"])
SECONDS = Histogram(
    "hubpilot_request_seconds", "Time until the last byte of the answer", buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600)
)
# The chat's upload route is Chainlit's address, answered by `chat_ui.gate`.
_STREAMED = frozenset({f"{PREFIX}/uploads", "/chat/project/file"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class BodyLimit:
    """Refuses bodies that would be held in memory and are too large for that. What is streamed (uploads, PUT) has limits of its own."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in {"POST", "PATCH", "DELETE"} or scope["path"] in _STREAMED:
            await self._app(scope, receive, send)
            return
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                # The one exception that the framework lets through while it reads a body.
                raise HTTPException(413, f"The body is larger than the {self._max_bytes:,} bytes allowed. Nothing was changed.")
            return message

        await self._app(scope, limited, send)


class HeadAsGet:
    """Answers HEAD as GET without the body, wherever a route does not do so itself (RFC 9110, section 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        unknown = False

        async def unless_unknown(message: Message) -> None:
            nonlocal unknown
            unknown = unknown or message.get("status") == HTTPStatus.METHOD_NOT_ALLOWED
            if not unknown:
                await send(message)

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app({**scope}, receive, unless_unknown)
        if unknown:
            await self._app({**scope, "method": "GET"}, receive, without_body)


class RequestLog:
    """Gives each request an id (the client's own, if it is harmless), returns it, and logs how the request ended."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
        scope["hubpilot.request_id"] = request_id
        # Whoever reads the header instead, as the audit row of a push does, must find the same.
        MutableHeaders(scope=scope)["x-request-id"] = request_id
        status = 0
        started = time.perf_counter()

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - started
            method = scope["method"] if scope["method"] in _METHODS else "OTHER"
            REQUESTS.labels(method, f"{status // 100}xx" if status else "aborted").inc()
            SECONDS.observe(seconds)
            # The path without its query: signed links carry their permission there.
            log.info("request", method=method, path=logged_path(scope), status=status, ms=round(seconds * 1000, 1), request_id=request_id)
