"""What every object store must do. An adapter's test module subclasses `ObjectStoreContract` and provides `store`."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator

import pytest

from hub_core.errors import InvalidContent, InvalidInput, ObjectNotFound, TooLarge
from hub_core.objects.port import ObjectStore, StoredObject

MIB = 1 << 20


def oid_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def stream(content: bytes, chunk: int = 64 * 1024) -> AsyncIterator[bytes]:
    for start in range(0, len(content), chunk):
        yield content[start : start + chunk]
        await asyncio.sleep(0)


class BrokenOffError(Exception):
    """The client went away."""


async def broken_stream(content: bytes) -> AsyncIterator[bytes]:
    async for chunk in stream(content):
        yield chunk
    raise BrokenOffError


async def content_of(store: ObjectStore, oid: str, offset: int = 0, length: int | None = None) -> bytes:
    return b"".join([block async for block in store.read(oid, offset, length)])


async def listed(store: ObjectStore) -> set[StoredObject]:
    return {stored async for stored in store.list()}


class ObjectStoreContract:
    """Inherit and define a fixture `store` that gives an empty store."""

    @pytest.mark.parametrize("size", [0, 1, 64 * 1024, 2 * MIB, 5 * MIB + 7])
    async def test_what_is_put_is_read_back(self, store: ObjectStore, size: int) -> None:
        content = os.urandom(size)
        stored = await store.put(stream(content))
        assert stored == StoredObject(oid_of(content), size)
        assert await content_of(store, stored.oid) == content
        assert await store.stat(stored.oid) == stored

    async def test_announced_oid_and_size_that_hold_are_accepted(self, store: ObjectStore) -> None:
        content = os.urandom(3 * MIB)
        stored = await store.put(stream(content), oid=oid_of(content), size=len(content), limit=len(content))
        assert await content_of(store, stored.oid) == content

    @pytest.mark.parametrize("chunk", [1, 1000, 8 * MIB])
    async def test_the_size_of_chunks_does_not_matter(self, store: ObjectStore, chunk: int) -> None:
        content = os.urandom(5000 if chunk == 1 else 4 * MIB)
        stored = await store.put(stream(content, chunk), size=len(content))
        assert await content_of(store, stored.oid) == content

    async def test_storing_an_object_again_changes_nothing(self, store: ObjectStore) -> None:
        content = os.urandom(MIB)
        first = await store.put(stream(content))
        assert await store.put(stream(content), oid=first.oid, size=first.size) == first
        assert await listed(store) == {first}
        assert await content_of(store, first.oid) == content

    async def test_concurrent_uploads_of_one_object_all_succeed(self, store: ObjectStore) -> None:
        content = os.urandom(3 * MIB)
        stored = await asyncio.gather(*(store.put(stream(content), size=len(content)) for _ in range(8)))
        assert set(stored) == {StoredObject(oid_of(content), len(content))} == await listed(store)
        assert await content_of(store, stored[0].oid) == content

    async def test_other_bytes_than_announced_are_refused(self, store: ObjectStore) -> None:
        content = os.urandom(3 * MIB)
        announced = oid_of(b"something else")
        with pytest.raises(InvalidContent) as refused:
            await store.put(stream(content), oid=announced, size=len(content))
        assert refused.value.details == {"kind": "hash", "expected": announced, "actual": oid_of(content)}
        assert await listed(store) == set()

    @pytest.mark.parametrize("announced", [0, 3 * MIB - 1, 3 * MIB + 1, 30 * MIB])
    async def test_another_size_than_announced_is_refused(self, store: ObjectStore, announced: int) -> None:
        content = os.urandom(3 * MIB)
        with pytest.raises(InvalidContent) as refused:
            await store.put(stream(content), oid=oid_of(content), size=announced)
        assert refused.value.details["kind"] == "size"
        assert await listed(store) == set()

    async def test_a_stream_over_the_limit_is_refused(self, store: ObjectStore) -> None:
        with pytest.raises(TooLarge):
            await store.put(stream(bytes(3 * MIB)), limit=3 * MIB - 1)
        assert await listed(store) == set()

    async def test_an_announced_size_over_the_limit_is_refused_unread(self, store: ObjectStore) -> None:
        with pytest.raises(TooLarge):
            await store.put(broken_stream(b""), size=MIB, limit=MIB - 1)

    @pytest.mark.parametrize("size", [0, 1000, 5 * MIB])
    async def test_a_broken_stream_leaves_nothing(self, store: ObjectStore, size: int) -> None:
        content = os.urandom(size)
        with pytest.raises(BrokenOffError):
            await store.put(broken_stream(content), oid=oid_of(content), size=size)
        assert await listed(store) == set()

    @pytest.mark.parametrize("blocks", [0, 1, 100])
    async def test_a_cancelled_upload_leaves_nothing(self, store: ObjectStore, blocks: int) -> None:
        waiting = asyncio.Event()

        async def stalls() -> AsyncIterator[bytes]:
            for _ in range(blocks):
                yield bytes(64 * 1024)
            waiting.set()
            await asyncio.Event().wait()

        upload = asyncio.create_task(store.put(stalls(), size=1000 * MIB))
        await waiting.wait()
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload
        assert await listed(store) == set()

    @pytest.mark.parametrize(
        ("offset", "length"),
        [(0, 10), (5, None), (MIB - 1, 2), (MIB, MIB), (2 * MIB, MIB), (3 * MIB, None), (4 * MIB, 5), (7, 0)],
    )
    async def test_a_part_is_read(self, store: ObjectStore, offset: int, length: int | None) -> None:
        content = os.urandom(3 * MIB)
        stored = await store.put(stream(content))
        end = None if length is None else offset + length
        assert await content_of(store, stored.oid, offset, length) == content[offset:end]

    async def test_a_missing_object_is_not_found(self, store: ObjectStore) -> None:
        oid = oid_of(b"missing")
        assert await store.stat(oid) is None
        assert await store.delete(oid) is False
        with pytest.raises(ObjectNotFound):
            await content_of(store, oid)

    async def test_a_deleted_object_is_gone(self, store: ObjectStore) -> None:
        stored = await store.put(stream(b"short life"))
        assert await store.delete(stored.oid) is True
        assert await store.stat(stored.oid) is None
        assert await listed(store) == set()

    @pytest.mark.parametrize("name", ["", "../../etc/passwd", "a" * 63, "a" * 65, "A" * 64, "٣" * 64, "a" * 64 + "\n"])
    async def test_other_names_than_oids_are_refused(self, store: ObjectStore, name: str) -> None:
        with pytest.raises(InvalidInput):
            await store.put(stream(b""), oid=name)
        with pytest.raises(InvalidInput):
            await store.stat(name)
        with pytest.raises(InvalidInput):
            await content_of(store, name)
        with pytest.raises(InvalidInput):
            store.local_path(name)
        with pytest.raises(InvalidInput):
            await store.delete(name)

    async def test_every_object_is_listed(self, store: ObjectStore) -> None:
        stored = {await store.put(stream(b"%d" % number)) for number in range(300)}
        assert await listed(store) == stored
