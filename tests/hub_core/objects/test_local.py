"""The local object store: the contract, and what only a file system can do to it."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hub_core.errors import InvalidContent, StorageFull
from hub_core.objects.local import LocalObjectStore
from hub_core.objects.port import StoredObject
from tests.hub_core.objects.contract import (
    MIB,
    BrokenOffError,
    ObjectStoreContract,
    broken_stream,
    content_of,
    oid_of,
    stream,
)


@pytest.fixture
def store(tmp_path: Path) -> LocalObjectStore:
    return LocalObjectStore(tmp_path)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("needs the right to mount a file system")
    yield disk
    # Lazy: a store keeps its folder open until it is collected.
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def files_below(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


class TestLocalObjectStore(ObjectStoreContract):
    """The contract."""


async def test_an_object_lies_under_its_oid_and_cannot_be_written(store: LocalObjectStore, tmp_path: Path) -> None:
    stored = await store.put(stream(b"weights"))
    path = tmp_path / stored.oid[:2] / stored.oid[2:4] / stored.oid
    assert store.local_path(stored.oid) == path
    assert path.read_bytes() == b"weights"
    assert stat.S_IMODE(path.stat().st_mode) & 0o222 == 0
    assert files_below(tmp_path) == [path]


async def test_failed_uploads_leave_no_file(store: LocalObjectStore, tmp_path: Path) -> None:
    content = os.urandom(5 * MIB)
    with pytest.raises(InvalidContent):
        await store.put(stream(content), oid=oid_of(b""), size=len(content))
    with pytest.raises(InvalidContent):
        await store.put(stream(content), size=len(content) - 1)
    with pytest.raises(BrokenOffError):
        await store.put(broken_stream(content))
    assert files_below(tmp_path) == []


async def test_cancelling_at_any_moment_leaves_no_file_or_a_whole_object(store: LocalObjectStore, tmp_path: Path) -> None:
    content = os.urandom(6 * MIB)
    for turns in range(0, 160, 3):
        upload = asyncio.create_task(store.put(stream(content), size=len(content)))
        for _ in range(turns):
            await asyncio.sleep(0)
        upload.cancel()
        upload.cancel()
        await asyncio.wait([upload])
        # The shielded clean-up of a task that was cancelled twice may still run.
        await store.stat(oid_of(content))
        while (tmp_path / "incoming") in {path.parent.parent for path in files_below(tmp_path)}:
            await asyncio.sleep(0.001)
        for path in files_below(tmp_path):
            assert path.read_bytes() == content
            path.unlink()


async def test_a_truncated_object_is_healed_by_storing_it_again(store: LocalObjectStore) -> None:
    content = os.urandom(MIB)
    stored = await store.put(stream(content))
    path = store.local_path(stored.oid)
    path.chmod(0o600)
    os.truncate(path, 1000)
    await store.put(stream(content), oid=stored.oid)
    assert await content_of(store, stored.oid) == content


async def test_a_reader_outlives_the_object(store: LocalObjectStore) -> None:
    content = os.urandom(3 * MIB)
    stored = await store.put(stream(content))
    blocks = store.read(stored.oid)
    read = await anext(blocks)
    await store.delete(stored.oid)
    assert read + b"".join([block async for block in blocks]) == content


async def test_offsets_behind_four_gib(store: LocalObjectStore) -> None:
    oid = oid_of(b"stands for a sparse file")
    path = store.local_path(oid)
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.seek(5 << 30)
        file.write(b"tail")
    stored = await store.stat(oid)
    assert stored == StoredObject(oid, (5 << 30) + 4)
    assert await content_of(store, oid, (5 << 30) - 2) == b"\0\0tail"


async def test_a_full_disk_is_told_before_the_stream_is_read(tiny_disk: Path) -> None:
    store = LocalObjectStore(tiny_disk)
    with pytest.raises(StorageFull):
        await store.put(broken_stream(b""), size=8 * MIB)
    assert files_below(tiny_disk) == []


async def test_a_disk_that_fills_up_leaves_nothing_and_recovers(tiny_disk: Path) -> None:
    store = LocalObjectStore(tiny_disk)
    with pytest.raises(StorageFull):
        await store.put(stream(os.urandom(12 * MIB)))
    assert files_below(tiny_disk) == []
    content = os.urandom(2 * MIB)
    stored = await store.put(stream(content))
    assert await content_of(store, stored.oid) == content


_OVER_THE_FILE_SIZE_LIMIT = """
import asyncio, resource, sys
from pathlib import Path
from hub_core.errors import StorageFull
from hub_core.objects.local import LocalObjectStore

async def stream():
    for _ in range(100):
        yield bytes(1 << 16)

async def main():
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    try:
        await LocalObjectStore(Path(sys.argv[1])).put(stream())
    except StorageFull:
        print("full")

asyncio.run(main())
"""

_NEVER_ENDING_UPLOAD = """
import asyncio, sys
from pathlib import Path
from hub_core.objects.local import LocalObjectStore

async def stream():
    while True:
        yield bytes(1 << 16)
        await asyncio.sleep(0.001)

asyncio.run(LocalObjectStore(Path(sys.argv[1])).put(stream(), size=64 << 20))
"""


def test_a_file_size_limit_counts_as_full(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _OVER_THE_FILE_SIZE_LIMIT, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "full\n"
    assert files_below(tmp_path) == []


def test_leftovers_of_a_killed_process_are_swept_and_those_of_a_living_one_are_not(tmp_path: Path) -> None:
    uploads = [subprocess.Popen([sys.executable, "-c", _NEVER_ENDING_UPLOAD, str(tmp_path)], cwd=Path.cwd()) for _ in range(2)]
    try:
        deadline = time.monotonic() + 30
        while len(files_below(tmp_path)) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        uploads[0].send_signal(signal.SIGKILL)
        uploads[0].wait()
        assert len(files_below(tmp_path)) == 2
        LocalObjectStore(tmp_path)
        assert len(files_below(tmp_path)) == 1
        assert uploads[1].poll() is None
    finally:
        for upload in uploads:
            upload.kill()
            upload.wait()
    LocalObjectStore(tmp_path)
    assert files_below(tmp_path) == []


def test_a_store_that_is_let_go_releases_its_folder(tmp_path: Path) -> None:
    store = LocalObjectStore(tmp_path)
    assert len(list((tmp_path / "incoming").iterdir())) == 1
    del store
    gc.collect()
    assert list((tmp_path / "incoming").iterdir()) == []


async def test_sixteen_uploads_at_once_share_the_threads(store: LocalObjectStore) -> None:
    async def trickle(content: bytes) -> AsyncIterator[bytes]:
        async for chunk in stream(content, 512 * 1024):
            yield chunk
            await asyncio.sleep(0.001)

    contents = [os.urandom(4 * MIB) for _ in range(16)]
    stored = await asyncio.gather(*(store.put(trickle(content), size=len(content)) for content in contents))
    assert [each.oid for each in stored] == [oid_of(content) for content in contents]
