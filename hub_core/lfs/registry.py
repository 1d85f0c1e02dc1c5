"""Which large objects the hub has, and which repositories hold them: the rows beside the `ObjectStore`.

Bytes come first, rows follow, and an object is removed only when no row speaks of it. `guard` keeps those two from passing each other.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from sqlalchemy import delete, exists, select

from hub_core.context import Context
from hub_core.errors import StorageUnavailable
from hub_core.lfs.tables import LfsObject, LfsRepositoryObject
from hub_core.objects.port import ObjectStore, StoredObject


class LfsRegistry:
    """Rows of objects and links. Methods taking a context work inside its open transaction."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def guard(self, oid: str) -> AsyncIterator[None]:
        """Hold one object still while its rows and bytes are brought in line."""
        lock = self._locks.setdefault(oid, asyncio.Lock())
        async with lock:
            yield

    async def remember(self, ctx: Context, stored: StoredObject) -> None:
        """Write the object's row, unless it is there."""
        if await ctx.session.get(LfsObject, stored.oid) is None:
            ctx.session.add(LfsObject(oid=stored.oid, size=stored.size))
            await ctx.session.flush()

    async def link(self, ctx: Context, repository_id: uuid.UUID, stored: StoredObject) -> None:
        """Let a repository hold an object whose bytes are stored."""
        await self.remember(ctx, stored)
        if await ctx.session.get(LfsRepositoryObject, (repository_id, stored.oid)) is None:
            ctx.session.add(LfsRepositoryObject(repository_id=repository_id, oid=stored.oid))

    async def confirm(self, oid: str) -> None:
        """After the rows have landed and before anybody is told: raise `StorageUnavailable` if the bytes went away meanwhile."""
        if await self._objects.stat(oid) is None:
            raise StorageUnavailable("The upload was overtaken by a clean-up of the same content.", hint="Send it once more.")

    async def linked(self, ctx: Context, repository_id: uuid.UUID, oids: Iterable[str]) -> dict[str, int]:
        """Those of `oids` that the repository holds, each with its size in bytes."""
        wanted = list(dict.fromkeys(oids))
        found: dict[str, int] = {}
        for start in range(0, len(wanted), 500):
            rows = await ctx.session.execute(
                select(LfsObject.oid, LfsObject.size)
                .join(LfsRepositoryObject, LfsRepositoryObject.oid == LfsObject.oid)
                .where(LfsRepositoryObject.repository_id == repository_id, LfsObject.oid.in_(wanted[start : start + 500]))
            )
            found.update((oid, size) for oid, size in rows)
        return found

    async def drop_if_unused(self, ctx: Context, oid: str, also_needed: Sequence[type] = ()) -> bool:
        """Delete the object's row when no repository and no row of `also_needed` (tables with an `oid`) speaks of it.

        The caller holds `guard` and removes the bytes once the transaction has landed.
        """
        needed = [exists().where(table.oid == oid) for table in (LfsRepositoryObject, *also_needed)]  # type: ignore[attr-defined]
        query = delete(LfsObject).where(LfsObject.oid == oid)
        for condition in needed:
            query = query.where(~condition)
        return bool((await ctx.session.execute(query)).rowcount)  # type: ignore[attr-defined]
