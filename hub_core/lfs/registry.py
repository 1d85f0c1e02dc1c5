"""Which large objects the hub has, and which repositories hold them: the rows beside the `ObjectStore`.

Bytes come first, rows follow, and an object is removed only when no row speaks of it. Several processes may do so at once. What keeps them
from passing each other is the object's row: whoever begins to need an object holds it until the rows that say so have landed, and whoever
removes one holds it until the bytes are gone.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from sqlalchemy import exists, or_, select

from hub_core.context import Context
from hub_core.db.rows import insert
from hub_core.errors import StorageUnavailable
from hub_core.lfs.tables import LfsObject, LfsRepositoryObject
from hub_core.objects.port import ObjectStore, StoredObject

# Between the look for a row and its insertion somebody else may insert it and yet another one remove it: not five times.
_TRIES = 5


class LfsRegistry:
    """Rows of objects and links. Methods taking a context work inside its open transaction."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    async def remember(self, ctx: Context, stored: StoredObject) -> None:
        """Write the object's row, unless it is there. Until the transaction ends nobody removes the object.

        Whoever then tells that the object is stored calls `confirm` before: it may have been removed just before.
        """
        present = select(LfsObject.oid).where(LfsObject.oid == stored.oid).with_for_update(read=True)
        for _ in range(_TRIES):
            if await ctx.session.scalar(present):
                return
            if await insert(ctx.session, LfsObject(oid=stored.oid, size=stored.size)):
                return
        raise _overtaken()

    async def link(self, ctx: Context, repository_id: uuid.UUID, stored: StoredObject) -> None:
        """Let a repository hold an object whose bytes are stored; see `remember`."""
        await self.remember(ctx, stored)
        if await ctx.session.get(LfsRepositoryObject, (repository_id, stored.oid)) is None:
            await insert(ctx.session, LfsRepositoryObject(repository_id=repository_id, oid=stored.oid))

    async def confirm(self, oid: str) -> None:
        """After `remember` or `link`, in the same transaction: raise `StorageUnavailable` if the bytes have gone away."""
        if await self._objects.stat(oid) is None:
            raise _overtaken()

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

    async def drop_if_unused(self, ctx: Context, oid: str, also_needed: Sequence[type] = ()) -> None:
        """Remove an object, row and bytes, when no repository and no row of `also_needed` (tables with an `oid`) speaks of it."""
        row = await ctx.session.get(LfsObject, oid, with_for_update=True)
        needed = [exists().where(table.oid == oid) for table in (LfsRepositoryObject, *also_needed)]  # type: ignore[attr-defined]
        if row is None or await ctx.session.scalar(select(or_(*needed))):
            return
        await ctx.session.delete(row)
        await ctx.session.flush()
        # While the row is held: those who wait for it look for the bytes afterwards. A crash in between leaves a row nobody speaks of.
        await self._objects.delete(oid)


def _overtaken() -> StorageUnavailable:
    return StorageUnavailable("The upload was overtaken by a clean-up of the same content.", hint="Send it once more.")
