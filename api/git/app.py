"""The ASGI application behind git URLs.

A plain application, for middleware that buffers or rewraps bodies would hold whole packs in memory and hide that a client has gone.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import structlog
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from api.git.access import GitAccess, RepositoryMoved
from api.git.body import ClientGone, RequestBody
from api.git.responses import RETRY_SECONDS, refuse, refuse_error, start
from api.git.routes import GitAction, GitRoute, match
from hub_core.errors import HubError, Unavailable
from hub_core.git.port import GitBackend, GitService

log = structlog.get_logger(__name__)

_SERVICES = {service.value: service for service in GitService}
# What may reach git in GIT_PROTOCOL; anything else is as if the header were not there.
_PROTOCOL = re.compile(r"[0-9a-zA-Z]+=[0-9a-zA-Z]+(:[0-9a-zA-Z]+=[0-9a-zA-Z]+)*")
_MAX_PROTOCOL_LENGTH = 200


@dataclass(frozen=True, slots=True)
class GitLimits:
    """Limits of one node.

    `idle_seconds` without a byte in either direction end a request; `queue_seconds` is how long one waits for its turn before it gets 503.
    `request_bytes` bounds what a fetch may ask, inflated; a push is bounded by the backend.
    """

    fetches: int = 8
    pushes: int = 16
    advertisements: int = 16
    idle_seconds: float = 180.0
    queue_seconds: float = 20.0
    request_bytes: int = 10 << 20


class GitApp:
    """Serves repositories of `backend` to the callers whom `access` lets in."""

    def __init__(self, backend: GitBackend, access: GitAccess, limits: GitLimits | None = None) -> None:
        self._backend = backend
        self._access = access
        self._limits = limits or GitLimits()
        self._advertising = asyncio.Semaphore(self._limits.advertisements)
        self._serving = {
            GitService.UPLOAD_PACK: asyncio.Semaphore(self._limits.fetches),
            GitService.RECEIVE_PACK: asyncio.Semaphore(self._limits.pushes),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; a path that is not git's gets 404."""
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        route = match(path)
        if route is None:
            await refuse(send, 404, "There is no git repository here.")
            return
        response = _Response(send)
        try:
            await self._route(route, scope, receive, response)
        except ClientGone:
            log.info("git_client_gone", path=path)
        except RepositoryMoved as moved:
            await self._redirect(moved, route, scope, response)
        except HubError as error:
            if response.started:
                raise  # the server breaks the connection off, which is all that can be said now
            await refuse_error(response, error)
        except TimeoutError:
            if response.started:
                raise
            await refuse(response, 408, f"Nothing has arrived for {self._limits.idle_seconds:g} seconds.")

    async def _route(self, route: GitRoute, scope: Scope, receive: Receive, response: _Response) -> None:
        headers = Headers(scope=scope)
        if route.action is GitAction.OTHER:
            await refuse(response, 403, "This hub speaks git's smart protocol only. Use git 1.6.6 or newer.")
        elif scope["method"] != (allowed := "GET" if route.action is GitAction.INFO_REFS else "POST"):
            await refuse(response, 405, f"Use {allowed} here.", (b"allow", allowed.encode()))
        elif route.action is GitAction.INFO_REFS:
            await self._info_refs(route, scope, headers, receive, response)
        else:
            await self._round(route, GitService(route.action.value), headers, receive, response)

    async def _info_refs(
        self, route: GitRoute, scope: Scope, headers: Headers, receive: Receive, response: _Response
    ) -> None:
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        service = _SERVICES.get(query.get("service", ""))
        if service is None:
            await refuse(response, 403, "Name the service: git-upload-pack or git-receive-pack.")
            return
        opened = await self._access.open(headers, route, service)
        protocol = _protocol(headers, service)
        preface = b"" if _is_v2(protocol) else _preface(service)
        async with self._turn(self._advertising), _idle_limit(self._limits.idle_seconds) as touch:
            body = RequestBody(receive, compressed=False, touch=touch)
            await body.whole(limit=0)
            blocks = self._backend.advertise(opened.key, service, protocol)
            await _while_there(response.stream(blocks, f"application/x-{service}-advertisement", touch, preface), body.gone())

    async def _round(
        self, route: GitRoute, service: GitService, headers: Headers, receive: Receive, response: _Response
    ) -> None:
        opened = await self._access.open(headers, route, service)
        expected = f"application/x-{service}-request"
        if headers.get("content-type") != expected:
            await refuse(response, 415, f"The content type has to be {expected}.")
            return
        encoding = headers.get("content-encoding", "identity").lower()
        if encoding not in ("identity", "gzip", "x-gzip"):
            await refuse(response, 415, "The content encoding has to be gzip or none.")
            return

        async with _idle_limit(self._limits.idle_seconds) as touch:
            body = RequestBody(receive, compressed=encoding != "identity", touch=touch)
            blocks = body.blocks()
            if service is GitService.UPLOAD_PACK:
                # git writes while it still reads, and a client that is still sending does not read: so all of it goes in at once.
                blocks = _once(await body.whole(self._limits.request_bytes))
            async with aclosing(blocks), self._turn(self._serving[service]):
                served = self._backend.serve(opened.key, service, blocks, _protocol(headers, service), opened.rules)
                await _while_there(response.stream(served, f"application/x-{service}-result", touch), body.gone())

    async def _redirect(self, moved: RepositoryMoved, route: GitRoute, scope: Scope, response: _Response) -> None:
        # git follows a redirect of info/refs, and sends all that comes after to where it led.
        if route.action is not GitAction.INFO_REFS:
            await refuse(response, 404, f"The repository has moved to {moved.path}.")
            return
        target = f"{scope.get('root_path', '')}{moved.path}.git/info/refs?{scope['query_string'].decode('latin-1')}"
        await refuse(response, 301, f"The repository has moved to {moved.path}.", (b"location", target.encode()))

    @asynccontextmanager
    async def _turn(self, semaphore: asyncio.Semaphore) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._limits.queue_seconds):
                await semaphore.acquire()
        except TimeoutError:
            raise Unavailable(
                "The hub is busy with other clones and pushes.", hint="Try again in a moment.", retry_after=RETRY_SECONDS
            ) from None
        try:
            yield
        finally:
            semaphore.release()


class _Response:
    """An ASGI `send` that knows whether the response has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def __call__(self, message: Message) -> None:
        self.started = True
        await self._send(message)

    async def stream(
        self, blocks: AsyncGenerator[bytes, None], content_type: str, touch: Callable[[], None], preface: bytes = b""
    ) -> None:
        """Send `blocks`, and close them; what goes wrong before the first of them can still become an error response."""
        async with aclosing(blocks):
            first = await anext(blocks, b"")
            await start(self, content_type)
            await self({"type": "http.response.body", "body": preface + first, "more_body": True})
            async for block in blocks:
                touch()
                await self({"type": "http.response.body", "body": block, "more_body": True})
        await self({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def _idle_limit(seconds: float) -> AsyncIterator[Callable[[], None]]:
    """Raise `TimeoutError` in the `with` block when the function it gets has not been called for `seconds`."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(seconds) as limit:

        def touch() -> None:
            if not limit.expired():
                limit.reschedule(loop.time() + seconds)

        yield touch


async def _while_there(work: Coroutine[Any, Any, None], gone: Coroutine[Any, Any, None]) -> None:
    """Do `work`, unless `gone` returns first: then end it, with every process it has started."""
    working, leaving = asyncio.create_task(work), asyncio.create_task(gone)
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
        if not working.done():
            working.cancel()
        await asyncio.wait((working, leaving))
    if not working.cancelled():
        working.result()


async def _once(block: bytes) -> AsyncGenerator[bytes, None]:
    yield block


def _protocol(headers: Headers, service: GitService) -> str | None:
    """The value for GIT_PROTOCOL. There is no version 2 of pushing, so it is not asked for."""
    value = headers.get("git-protocol", "")
    if len(value) > _MAX_PROTOCOL_LENGTH or not _PROTOCOL.fullmatch(value):
        return None
    return None if service is GitService.RECEIVE_PACK and _is_v2(value) else value


def _is_v2(protocol: str | None) -> bool:
    return protocol is not None and "version=2" in protocol.split(":")


def _preface(service: GitService) -> bytes:
    line = f"# service={service}\n".encode()
    return b"%04x%b0000" % (len(line) + 4, line)
