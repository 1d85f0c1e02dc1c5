"""The body of a git request as a stream: inflated, bounded, and aware of the client going away."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from starlette.types import Receive

from hub_core.errors import InvalidContent, TooLarge

_BLOCK_BYTES = 256 * 1024


class ClientGone(Exception):
    """The client has closed the connection."""


class RequestBody:
    """The one reader of an ASGI `receive`. `touch` is called whenever something arrives."""

    def __init__(self, receive: Receive, *, compressed: bool, touch: Callable[[], None]) -> None:
        self._receive = receive
        self._compressed = compressed
        self._touch = touch
        self._ended = asyncio.Event()

    def blocks(self) -> AsyncGenerator[bytes, None]:
        """The body, inflated. Raises `InvalidContent` for broken gzip, `ClientGone` when it breaks off."""
        return _inflate(self._raw()) if self._compressed else self._raw()

    async def whole(self, limit: int) -> bytes:
        """All of the body; raises `TooLarge` when it has, inflated, more than `limit` bytes."""
        body = bytearray()
        async for block in self.blocks():
            body += block
            if len(body) > limit:
                raise TooLarge(f"The request has more than {limit} bytes.", limit=limit)
        return bytes(body)

    async def gone(self) -> None:
        """Return when the client goes away after its whole body has been read."""
        await self._ended.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _raw(self) -> AsyncGenerator[bytes, None]:
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            self._touch()
            more = message.get("more_body", False)
            if block := message.get("body", b""):
                yield block
        self._ended.set()


async def _inflate(blocks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Undo gzip in blocks of bounded size, however much a small input swells to."""
    inflater = zlib.decompressobj(wbits=31)
    async for block in blocks:
        pending, whole = block, False
        while not whole and not inflater.eof:
            try:
                inflated = inflater.decompress(pending, _BLOCK_BYTES)
            except zlib.error as error:
                raise InvalidContent("The gzip encoding of the request is broken.", hint="Send it again.") from error
            pending = inflater.unconsumed_tail
            whole = not pending and len(inflated) < _BLOCK_BYTES
            if inflated:
                yield inflated
    if not inflater.eof:
        raise InvalidContent("The gzip encoding of the request breaks off.", hint="Send it again.")
