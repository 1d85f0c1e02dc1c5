"""Large objects in a folder of this machine: the embedded default."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import partial
from io import FileIO
from pathlib import Path
from typing import TypeVar

from hub_core.errors import ObjectNotFound, TooLarge
from hub_core.objects.incoming import IncomingArea, Upload, object_path, storage_errors, wrong_size
from hub_core.objects.port import StoredObject, check_oid, is_oid

_MIB = 1 << 20
_READ_BLOCK = _MIB
_WRITE_BLOCK = 2 * _MIB
# Flushing while the stream arrives bounds what the last fsync has to wait for: LFS clients hang up after 30 s of silence.
_FLUSH_EVERY = 256 * _MIB
_READERS = 16

T = TypeVar("T")


class LocalObjectStore:
    """Objects as files `root/ab/cd/oid`; unfinished ones in `root/incoming`.

    Hashing and disk work run in the store's own threads, a few more than there are processors: uploads take turns block
    by block, and a client that sends slowly occupies none. Creating the store removes what killed processes left behind.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        with storage_errors():
            self._incoming = IncomingArea(root / "incoming")
        self._writers = ThreadPoolExecutor((os.cpu_count() or 1) + 2, thread_name_prefix="object-write")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="object-read")

    async def put(
        self, chunks: AsyncIterable[bytes], *, oid: str | None = None, size: int | None = None, limit: int | None = None
    ) -> StoredObject:
        """See `ObjectStore.put`. Holds at most three blocks of 2 MiB: one arriving, one waiting, one being written."""
        if oid is not None:
            check_oid(oid)
        _check_limit(size or 0, limit)
        writer = _Writer(Upload(self._incoming.new_path(), size), self._writers)
        received = batched = 0
        batch: list[bytes] = []
        try:
            if size:
                await writer.reserve()
            async for chunk in chunks:
                received += len(chunk)
                if size is not None and received > size:
                    raise wrong_size(size, received)
                _check_limit(received, limit)
                batch.append(chunk)
                batched += len(chunk)
                if batched >= _WRITE_BLOCK:
                    await writer.write(batch)
                    batch, batched = [], 0
            await writer.write(batch)
            return await writer.finish(self._root, oid)
        finally:
            await writer.close()

    async def stat(self, oid: str) -> StoredObject | None:
        """See `ObjectStore.stat`."""
        return await self._in_reader(partial(_stat, self.local_path(oid)))

    async def read(self, oid: str, offset: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """See `ObjectStore.read`. Blocks of 1 MiB."""
        file = await self._in_reader(partial(_open, self.local_path(oid)))
        with file:
            end = None if length is None else offset + length
            while end is None or offset < end:
                count = _READ_BLOCK if end is None else min(_READ_BLOCK, end - offset)
                block = await self._in_reader(partial(os.pread, file.fileno(), count, offset))
                if not block:
                    return
                offset += len(block)
                yield block

    def local_path(self, oid: str) -> Path:
        """See `ObjectStore.local_path`."""
        return object_path(self._root, check_oid(oid))

    async def delete(self, oid: str) -> bool:
        """See `ObjectStore.delete`."""
        return await self._in_reader(partial(_unlink, self.local_path(oid)))

    async def list(self, since: datetime | None = None, until: datetime | None = None) -> AsyncIterator[StoredObject]:
        """See `ObjectStore.list`."""
        first, end = since.timestamp() if since else 0.0, until.timestamp() if until else math.inf
        for number in range(256):
            for stored in await self._in_reader(partial(_list_below, self._root / f"{number:02x}", first, end)):
                yield stored

    async def _in_reader(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, _with_storage_errors, work)


class _Writer:
    """Runs an upload's work in threads, so that one block is hashed and written while the next one arrives."""

    def __init__(self, upload: Upload, executor: Executor) -> None:
        self._upload = upload
        self._executor = executor
        self._write: asyncio.Future[None] | None = None
        self._flush: asyncio.Future[None] | None = None
        self._flushed = 0

    async def reserve(self) -> None:
        """Set aside the announced size; raises `StorageFull` when it does not fit."""
        await self._start(partial(self._upload.append, ()))

    async def write(self, chunks: list[bytes]) -> None:
        """Start to write `chunks`; raises what the block before them met."""
        if self._write is not None:
            await self._write
        self._write = self._start(partial(self._upload.append, chunks))
        if self._upload.written - self._flushed >= _FLUSH_EVERY:
            if self._flush is not None:
                await self._flush
            self._flushed = self._upload.written
            self._flush = self._start(self._upload.flush)

    async def finish(self, root: Path, oid: str | None) -> StoredObject:
        for job in (self._write, self._flush):
            if job is not None:
                await job
        return await self._start(partial(self._upload.finish, root, oid))

    async def close(self) -> None:
        """Remove what was not finished, after the running jobs have let go of it."""
        for job in (self._write, self._flush):
            # Nobody waits for these any more: take their outcome, or asyncio complains that nobody did.
            if job is not None and not job.cancel() and not job.cancelled():
                job.exception()
        # Shielded: the file has to go even when the caller is cancelled a second time.
        await asyncio.shield(self._start(self._upload.discard))

    def _start(self, work: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._executor, work)


def _check_limit(size: int, limit: int | None) -> None:
    if limit is not None and size > limit:
        raise TooLarge(f"The object is larger than the {limit} bytes allowed here; nothing was stored.", limit=limit)


def _with_storage_errors(work: Callable[[], T]) -> T:
    with storage_errors():
        return work()


def _stat(path: Path) -> StoredObject | None:
    try:
        return StoredObject(path.name, path.stat().st_size)
    except FileNotFoundError:
        return None


def _open(path: Path) -> FileIO:
    try:
        file = FileIO(path)
    except FileNotFoundError:
        raise ObjectNotFound(f"Object {path.name} is not stored here.") from None
    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
    return file


def _unlink(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def _list_below(folder: Path, since: float, until: float) -> list[StoredObject]:
    try:
        folders = [entry.path for entry in os.scandir(folder)]
    except FileNotFoundError:
        return []
    names = (entry.name for path in folders for entry in os.scandir(path) if is_oid(entry.name))
    found = []
    for name in names:
        with suppress(FileNotFoundError):  # deleted between the two looks
            status = (folder / name[2:4] / name).stat()
            if since <= status.st_mtime < until:
                found.append(StoredObject(name, status.st_size))
    return found
