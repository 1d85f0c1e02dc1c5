"""Request bodies as streams."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import Request
from starlette.requests import ClientDisconnect

from hub_core.errors import InvalidContent


async def body_stream(request: Request) -> AsyncIterator[bytes]:
    """The body block by block, as it arrives; a client that goes away in the middle raises `InvalidContent`."""
    try:
        async for block in request.stream():
            if block:
                yield block
    except ClientDisconnect:
        raise InvalidContent("The upload broke off before its end.", hint="Nothing was stored; send it again.") from None
