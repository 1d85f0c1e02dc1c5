"""Request bodies as streams: how many at a time, and how long one may stand still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from fastapi import Request
from starlette.requests import ClientDisconnect

from hub_core.errors import InvalidContent, TooManyRequests

_IDLE_SECONDS = 120.0
_RETRY_SECONDS = 10


class UploadSlots:
    """The uploads of one process: each holds an open file, space set aside for it, and memory for what is on its way to the disk."""

    def __init__(self, count: int) -> None:
        self._free = count

    @contextmanager
    def one(self) -> Iterator[None]:
        """Take a slot for the time of the block; raises `TooManyRequests` when all are taken."""
        if not self._free:
            raise TooManyRequests(
                "The hub takes as many uploads as it can already.", hint="Nothing was stored. Try again in a moment.",
                retry_after=_RETRY_SECONDS,
            )
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


def upload_slots(request: Request) -> UploadSlots:
    """Those of the application that answers the request."""
    slots: UploadSlots = request.app.state.upload_slots
    return slots


async def body_stream(request: Request, *, idle_seconds: float = _IDLE_SECONDS) -> AsyncIterator[bytes]:
    """The body block by block, as it arrives.

    Raises `InvalidContent` when the client goes away in the middle, or sends nothing for `idle_seconds`.
    """
    blocks = request.stream()
    while True:
        try:
            async with asyncio.timeout(idle_seconds):
                block = await anext(blocks, None)
        except ClientDisconnect:
            raise InvalidContent("The upload broke off before its end.", hint="Nothing was stored; send it again.") from None
        except TimeoutError:
            raise InvalidContent(f"Nothing has arrived for {idle_seconds:g} seconds.", hint="Nothing was stored; send it again.") from None
        if block is None:
            return
        if block:
            yield block
