"""Cursor paging: a page of items and an opaque cursor to the next one."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Generic, TypeVar

import orjson
from pydantic import BaseModel, Field

from hub_core.errors import InvalidInput

Item = TypeVar("Item")

MAX_PAGE = 100

Limit = Annotated[int, Field(ge=1, le=MAX_PAGE, description="how many items a page has at most")]
Cursor = Annotated[str | None, Field(max_length=1024, description="where the page starts: `next_cursor` of the page before")]


class Page(BaseModel, Generic[Item]):
    """Items in order; `next_cursor` is None on the last page."""

    items: list[Item]
    next_cursor: str | None = None


def encode_cursor(*position: Any) -> str:
    """Pack the sort key of the last item shown."""
    return base64.urlsafe_b64encode(orjson.dumps(position)).rstrip(b"=").decode()


def decode_cursor(cursor: str, kinds: tuple[type, ...]) -> list[Any]:
    """Unpack a cursor whose parts have these types; anything else, forged or outdated, is `InvalidInput`."""
    try:
        position = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        position = None
    if (
        not isinstance(position, list)
        or len(position) != len(kinds)
        or any(type(part) is not kind for part, kind in zip(position, kinds, strict=True))
    ):
        raise InvalidInput("This cursor is not one of this list.", hint="Start again without a cursor.")
    return position
