"""Files on their way into a local store: written under a temporary name, hashed, made durable, then renamed.

Everything here blocks, and is meant to be called from worker threads.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import threading
import uuid
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from hub_core.errors import HubError, InvalidContent, StorageFull, StorageUnavailable
from hub_core.objects.port import StoredObject

# EFBIG stands here because a file size limit of the file system or the process is a full disk to whoever uploads.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class IncomingArea:
    """This process's own folder of unfinished files, inside `root`, on the same file system as the objects.

    The folder is locked for as long as the process lives. The kernel drops the lock of a process that is killed, so any
    folder whose lock is free holds leftovers, and a new area removes it. Process ids would not do: every container
    starts at 1.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.path = root / uuid.uuid4().hex
        self._lock = _create_locked(self.path)
        for other in root.iterdir():
            if other != self.path:
                _remove_unlocked(other)
        # Not at exit: a forked child that exits would remove its parent's folder, and the kernel unlocks ours anyway.
        weakref.finalize(self, _release, self.path, self._lock).atexit = False

    def new_path(self) -> Path:
        """A path that no other upload uses."""
        return self.path / uuid.uuid4().hex


class Upload:
    """One unfinished file.

    The methods may be called from different threads, one after the other; `discard` also while another one runs, and it
    wins over calls that come later: they find the upload closed and touch nothing.
    """

    def __init__(self, path: Path, size: int | None) -> None:
        self.path = path
        self.written = 0
        self._size = size
        self._sha256 = hashlib.sha256()
        self._lock = threading.Lock()
        self._fd: int | None = None
        self._closed = False

    def append(self, chunks: Sequence[bytes]) -> None:
        """Hash and write; raises `StorageFull` or `StorageUnavailable`. The first call reserves the announced size."""
        with self._lock, storage_errors():
            if self._closed:
                return
            fd = self._open()
            for chunk in chunks:
                self._sha256.update(chunk)
                write_all(fd, chunk)
                self.written += len(chunk)

    def flush(self) -> None:
        """Wait until what is written so far is on the disk; `append` may go on meanwhile."""
        with self._lock:
            if self._closed or self._fd is None:
                return
            fd = os.dup(self._fd)
        try:
            with storage_errors():
                os.fdatasync(fd)
        finally:
            os.close(fd)

    def finish(self, root: Path, oid: str | None) -> StoredObject:
        """Check the content, make it durable and give it its name below `root`; raises `InvalidContent`."""
        with self._lock, storage_errors():
            if self._closed:
                raise StorageUnavailable("The upload was given up; nothing was stored.")
            fd = self._open()
            stored = self._checked(oid)
            target = object_path(root, stored.oid)
            if _size_of(target) == stored.size:
                self._close()
            else:
                os.fsync(fd)
                _make_durable_folder(target.parent, root)
                self.path.rename(target)
                os.close(fd)
                self._fd, self._closed = None, True
            # Also when somebody else stored it: their rename may not be on the disk yet when we answer.
            sync_folder(target.parent)
            return stored

    def discard(self) -> None:
        """Remove the file unless it was finished."""
        with self._lock, storage_errors():
            self._close()

    def _open(self) -> int:
        if self._fd is None:
            # Read-only to everyone from the start: an object never changes, and the hub's group may serve it.
            self._fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o440)
            if self._size:
                os.posix_fallocate(self._fd, 0, self._size)
        return self._fd

    def _close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
            self.path.unlink(missing_ok=True)
        self._closed = True

    def _checked(self, oid: str | None) -> StoredObject:
        if self._size is not None and self.written != self._size:
            raise wrong_size(self._size, self.written)
        actual = self._sha256.hexdigest()
        if oid is not None and actual != oid:
            raise InvalidContent(
                "The bytes that arrived have another sha256 than announced; nothing was stored.",
                hint="The transfer damaged them, or the file changed meanwhile: send it again.",
                kind="hash",
                expected=oid,
                actual=actual,
            )
        return StoredObject(actual, self.written)


def object_path(root: Path, oid: str) -> Path:
    """`ab/cd/abcd…`: no folder grows to millions of entries."""
    return root / oid[:2] / oid[2:4] / oid


def wrong_size(expected: int, actual: int) -> InvalidContent:
    """The error for a stream that is not as long as announced; sizes are bytes."""
    return InvalidContent(
        f"{actual} bytes arrived where {expected} were announced; nothing was stored.",
        kind="size",
        expected=expected,
        actual=actual,
    )


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn what the operating system says about the disk into the hub's errors."""
    try:
        yield
    except OSError as error:
        raise translated(error) from error


def translated(error: OSError) -> HubError:
    """The hub's error for one of the operating system; the path stays out of the message."""
    if error.errno in _FULL:
        return StorageFull("The hub's storage is full; nothing was stored.", hint="An administrator has to free or add disk space.")
    return StorageUnavailable(f"The hub's storage failed: {os.strerror(error.errno or errno.EIO)}.")


def write_all(fd: int, data: bytes) -> None:
    """Write `data` whole: the kernel may take less than it is given."""
    written = os.write(fd, data)
    while written < len(data):
        written += os.write(fd, memoryview(data)[written:])


def sync_folder(folder: Path) -> None:
    """Make the entries of `folder` durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _make_durable_folder(folder: Path, root: Path) -> None:
    if folder == root or folder.is_dir():
        return
    _make_durable_folder(folder.parent, root)
    folder.mkdir(mode=0o750, exist_ok=True)
    sync_folder(folder.parent)


def _size_of(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _create_locked(path: Path) -> int:
    while True:
        path.mkdir(mode=0o700, exist_ok=True)
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(fd, fcntl.LOCK_EX)
        # Between mkdir and flock a starting process may have taken the new folder for a leftover and removed it.
        with suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(fd).st_ino:
                return fd
        os.close(fd)


def _remove_unlocked(path: Path) -> None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(fd)


def _release(path: Path, lock: int) -> None:
    shutil.rmtree(path, ignore_errors=True)
    os.close(lock)
