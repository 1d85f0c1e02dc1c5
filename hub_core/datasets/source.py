"""Where the bytes of a data file come from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from hub_core.errors import ObjectNotFound, StorageUnavailable


class ByteSource(Protocol):
    """Random access to the bytes of one immutable file.

    Readers call it from worker threads only and may call it from several at once. A source that talks to a network must bring
    its own timeout: a blocked `read_at` holds one of the few reading threads.
    """

    @property
    def size(self) -> int:
        """Size of the file in bytes."""

    @property
    def path(self) -> Path | None:
        """The file on this machine's disk, where there is one."""

    def read_at(self, offset: int, length: int) -> bytes:
        """The bytes from `offset`, exactly `length` of them unless the file ends before; blocking."""


class BytesSource:
    """Bytes that are in memory already, such as a small git blob."""

    path: Path | None = None

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        return len(self._data)

    def read_at(self, offset: int, length: int) -> bytes:
        return self._data[offset : offset + length]


class FileSource:
    """A file of this machine's disk; no descriptor is held between reads.

    Raises `ObjectNotFound` when there is no such file and `StorageUnavailable` when the disk fails.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._size = path.stat().st_size
        except FileNotFoundError as error:
            raise ObjectNotFound(f"The file {path.name} is not stored here.") from error
        except OSError as error:
            raise StorageUnavailable(f"{path.name} could not be read: {error.strerror}.") from error

    @property
    def size(self) -> int:
        return self._size

    @property
    def path(self) -> Path | None:
        return self._path

    def read_at(self, offset: int, length: int) -> bytes:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                return _read_fully(descriptor, offset, length)
            finally:
                os.close(descriptor)
        except FileNotFoundError as error:
            raise ObjectNotFound(f"The file {self._path.name} was removed while it was read.") from error
        except OSError as error:
            raise StorageUnavailable(f"{self._path.name} could not be read: {error.strerror}.") from error


def _read_fully(descriptor: int, offset: int, length: int) -> bytes:
    """`os.pread` returns at most 2 GiB and may return less on network file systems."""
    first = os.pread(descriptor, length, offset)
    if len(first) == length or not first:
        return first
    blocks, found = [first], len(first)
    while found < length and (block := os.pread(descriptor, length - found, offset + found)):
        blocks.append(block)
        found += len(block)
    return b"".join(blocks)
