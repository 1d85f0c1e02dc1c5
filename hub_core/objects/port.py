"""The port behind which large objects are stored: bytes under the sha256 of their content."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object that is durably stored. `oid` is the sha256 of its bytes in lower-case hex, `size` is in bytes."""

    oid: str
    size: int


class ObjectStore(Protocol):
    """Immutable objects, each stored once under its oid."""

    async def put(
        self, chunks: AsyncIterable[bytes], *, oid: str | None = None, size: int | None = None, limit: int | None = None
    ) -> StoredObject:
        """Store a stream, hashing while it arrives; durable when this returns.

        When `oid` or `size` (bytes) is given the content must match it, else `InvalidContent`; more than `limit` bytes raise `TooLarge`;
        a full disk raises `StorageFull`. After any error, and when the stream breaks off, nothing is left.
        """

    async def stat(self, oid: str) -> StoredObject | None:
        """The object's size, or None when it is not stored."""

    def read(self, oid: str, offset: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """Blocks of the object's bytes from `offset`, at most `length` of them; raises `ObjectNotFound`."""

    def local_path(self, oid: str) -> Path | None:
        """Path of the object on this machine's disk, where the store has one: lets servers and readers skip a copy."""

    async def delete(self, oid: str) -> bool:
        """Remove an object; False when it was not there."""

    def list(self) -> AsyncIterator[StoredObject]:
        """Every stored object, in no particular order."""
