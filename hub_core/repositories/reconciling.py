"""After a hub was killed: bringing rows, git and large objects in line again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import exists, select

from hub_core.context import Context
from hub_core.git.port import GitBackend
from hub_core.jobs.service import JobProgress, JobService
from hub_core.lfs.registry import LfsRegistry
from hub_core.lfs.tables import LfsObject, LfsRepositoryObject
from hub_core.objects.port import ObjectStore, StoredObject
from hub_core.repositories.lookup import reopen
from hub_core.repositories.tables import Upload
from hub_core.run import Runner

RECONCILE = "hub.reconcile"


class Reconciler:
    """Removes what a killed hub left between two steps, and reads again what its rows have missed.

    Only what was written between the start of the killed run and the start of this one is touched: things without a row that are older
    or younger are not what that run left, so removing them would be guessing.
    """

    def __init__(self, runner: Runner, git: GitBackend, objects: ObjectStore, lfs: LfsRegistry, jobs: JobService) -> None:
        self._runner = runner
        self._git = git
        self._objects = objects
        self._lfs = lfs
        self._jobs = jobs

    async def ask(self, ctx: Context, since: float, until: float) -> None:
        """Ask for the job, given when the killed run and this one began, in seconds since the epoch."""
        async with self._runner.transaction(ctx) as inside:
            self._jobs.enqueue(inside, RECONCILE, {"since": since, "until": until})

    async def reconcile(self, ctx: Context, progress: JobProgress, payload: dict[str, Any]) -> None:
        """Job `hub.reconcile`."""
        since, until = (datetime.fromtimestamp(payload[name], UTC) for name in ("since", "until"))
        for key in await self._git.recover(since, until):
            await self._repository(ctx, key)
        await progress(0.5, "Repositories are in line")
        await self._unlinked(ctx)
        await self._unknown(ctx, [stored async for stored in self._objects.list(since, until)])

    async def _repository(self, ctx: Context, key: str) -> None:
        """Read a repository that has changed once more; remove one whose creation, or whose deletion, was cut off."""
        repository_id = uuid.UUID(key)
        async with self._runner.transaction(ctx) as inside:
            known = await reopen(inside.session, repository_id) is not None
            if known:
                self._jobs.enqueue(inside, "repository.index", {"repository_id": str(repository_id)}, repository_id=repository_id)
        if not known:
            await self._git.delete(key)

    async def _unlinked(self, ctx: Context) -> None:
        """Drop rows of objects that nothing speaks of; the bytes of some are gone already."""
        async with self._runner.transaction(ctx, write=False) as inside:
            needed = [exists().where(table.oid == LfsObject.oid) for table in (LfsRepositoryObject, Upload)]
            oids = (await inside.session.scalars(select(LfsObject.oid).where(~needed[0], ~needed[1]))).all()
        for oid in oids:
            async with self._runner.transaction(ctx) as inside:
                await self._lfs.drop_if_unused(inside, oid, (Upload,))

    async def _unknown(self, ctx: Context, found: Sequence[StoredObject]) -> None:
        """Remove objects that were stored but never got their row."""
        for start in range(0, len(found), 500):
            part = found[start : start + 500]
            async with self._runner.transaction(ctx, write=False) as inside:
                query = select(LfsObject.oid).where(LfsObject.oid.in_([stored.oid for stored in part]))
                known = set((await inside.session.scalars(query)).all())
            for stored in part:
                if stored.oid not in known:
                    async with self._runner.transaction(ctx) as inside:
                        # With a row of its own it is removed by the same rules as any other.
                        await self._lfs.remember(inside, stored)
                        await self._lfs.drop_if_unused(inside, stored.oid, (Upload,))
