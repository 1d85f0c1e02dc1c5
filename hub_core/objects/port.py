"""The port behind which large objects are stored: bytes under the sha256 of their content."""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from hub_core.errors import InvalidInput

_OID = re.compile(r"[0-9a-f]{64}", re.ASCII)


def is_oid(text: str) -> bool:
    """Whether `text` can be the name of an object: the 64 lower-case hexadecimal digits of a sha256."""
    return _OID.fullmatch(text) is not None


def check_oid(text: str) -> str:
    """`text` itself when it is an oid; raises `InvalidInput` otherwise, so that no other name reaches a store."""
    if not is_oid(text):
        raise InvalidInput("An object is named by the 64 lower-case hexadecimal digits of its sha256.")
    return text


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object that is durably stored. `oid` is the sha256 of its bytes in lower-case hex, `size` is in bytes."""

    oid: str
    size: int


class ObjectStore(Protocol):
    """Immutable objects, each stored once under its oid.

    Every method raises `InvalidInput` for a name that is no oid, and `StorageUnavailable` when the storage itself fails.
    """

    async def put(
        self, chunks: AsyncIterable[bytes], *, oid: str | None = None, size: int | None = None, limit: int | None = None
    ) -> StoredObject:
        """Store a stream, hashing while it arrives; durable when this returns. Storing an object again is harmless.

        When `oid` or `size` (bytes) is given the content must match it, else `InvalidContent`, whose `details["kind"]`
        is `"hash"` or `"size"`; more than `limit` bytes raise `TooLarge`; a full disk raises `StorageFull`. An announced
        `size` that cannot fit is refused before the stream is read. After any error, when the stream breaks off and when
        the caller is cancelled, nothing is left.
        """
        ...

    async def stat(self, oid: str) -> StoredObject | None:
        """The object's size, or None when it is not stored."""
        ...

    def read(self, oid: str, offset: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """Blocks of the object's bytes from `offset`, at most `length` of them; raises `ObjectNotFound`.

        An offset at or behind the end gives no block. A reader keeps what it opened: deleting the object does not cut it off.
        """
        ...

    def local_path(self, oid: str) -> Path | None:
        """Where on this machine's disk the object lies if it is stored, or None when the store has no local disk.

        Lets servers and readers skip a copy. The path is computed, not looked up: ask `stat` whether the object exists.
        """
        ...

    async def delete(self, oid: str) -> bool:
        """Remove an object; False when it was not there."""
        ...

    def list(self, since: datetime | None = None, until: datetime | None = None) -> AsyncIterator[StoredObject]:
        """Every stored object, in no particular order; only those last written from `since` on and before `until`, where these are given."""
        ...
