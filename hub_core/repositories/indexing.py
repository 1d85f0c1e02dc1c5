"""What the hub does by itself after a repository changed or went away: jobs."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select

from hub_core.context import Context
from hub_core.db.base import utcnow
from hub_core.errors import InvalidContent, RevisionNotFound
from hub_core.git.port import EntryKind, GitBackend, GitEntry
from hub_core.git.refnames import BRANCHES
from hub_core.jobs.service import JobProgress, JobService
from hub_core.lfs.registry import LfsRegistry
from hub_core.names import fold
from hub_core.repositories.card import CARD_PATH, MAX_CARD_BYTES, Card, parse_card
from hub_core.repositories.lookup import OpenRepository, reopen
from hub_core.repositories.tables import Repository, RepositoryLabel, Upload
from hub_core.run import Runner

# A little more than the time between two rounds of housekeeping.
_LATELY = timedelta(hours=2)


class RepositoryIndexer:
    """Keeps rows in step with git, and disks free of what nobody needs."""

    def __init__(self, runner: Runner, git: GitBackend, lfs: LfsRegistry, jobs: JobService) -> None:
        self._runner = runner
        self._git = git
        self._lfs = lfs
        self._jobs = jobs

    async def pushed(self, ctx: Context, repository_id: uuid.UUID, refs: Iterable[str]) -> None:
        """Note a push that git has accepted: an audit row, and a job that reads what is new."""
        async with self._runner.transaction(ctx) as inside:
            opened = await reopen(inside.session, repository_id)
            if opened is None:
                return
            opened.row.updated_at = utcnow()
            self._runner.record(inside, "repository.push", opened.path, {"refs": list(refs)}, "ok")
            self._jobs.enqueue(inside, "repository.index", {"repository_id": str(repository_id)}, repository_id=repository_id)

    async def index(self, ctx: Context, progress: JobProgress, payload: dict[str, Any]) -> None:
        """Job `repository.index`: copy card, sizes and default branch of a repository into its row."""
        repository_id = uuid.UUID(payload["repository_id"])
        async with self._runner.transaction(ctx, write=False) as inside:
            opened = await reopen(inside.session, repository_id)
        if opened is None:
            return
        branch = await self._default_branch(opened)
        try:
            commit_hash: str | None = await self._git.resolve(opened.key, BRANCHES + branch)
        except RevisionNotFound:
            commit_hash = None
        files: list[GitEntry] = []
        card, card_error = Card(), None
        if commit_hash is not None:
            files = [entry for entry in await self._git.tree(opened.key, commit_hash, recursive=True) if entry.kind is not EntryKind.FOLDER]
            try:
                card = await self._card(opened, files)
            except InvalidContent as error:
                card_error = str(error)
        await progress(0.5, "Measuring")
        pointers = await self._git.lfs_pointers(opened.key, ("--all",))
        size = sum(pointers.values()) + await self._git.disk_size(opened.key)
        async with self._runner.transaction(ctx) as inside:
            await inside.session.get(Repository, repository_id, with_for_update=True)  # labels are replaced by one job at a time
            fresh = await reopen(inside.session, repository_id)
            if fresh is None:
                return
            row = fresh.row
            row.default_branch, row.commit_hash, row.file_count, row.size = branch, commit_hash, len(files), size
            row.card_error = card_error
            if card_error is None:
                row.license = card.license
                await self._write_labels(inside, repository_id, card)

    async def purge(self, ctx: Context, progress: JobProgress, payload: dict[str, Any]) -> None:
        """Job `repository.purge`: remove a deleted repository from disk, and the large files that only it held."""
        key, oids = str(payload["key"]), list(payload["oids"])
        async with self._runner.transaction(ctx, write=False) as inside:
            if await reopen(inside.session, uuid.UUID(key)) is not None:
                return  # the deletion was asked for, but its transaction did not land
        await self._git.delete(key)
        for done, oid in enumerate(oids, 1):
            await self.drop_object(ctx, oid)
            if done % 100 == 0:
                await progress(done / len(oids), f"{done} of {len(oids)} large files")

    async def expire_uploads(self, ctx: Context, progress: JobProgress, payload: dict[str, Any]) -> None:
        """Job `upload.expire`: forget uploads that nobody committed in time, and free their bytes."""
        async with self._runner.transaction(ctx) as inside:
            expired = (await inside.session.scalars(select(Upload).where(Upload.expires_at <= utcnow()))).all()
            for row in expired:
                await inside.session.delete(row)
        await self._release(ctx, {row.oid for row in expired})

    async def release(self, ctx: Context, progress: JobProgress, payload: dict[str, Any]) -> None:
        """Job `object.release`: remove large objects that nothing needs after all."""
        await self._release(ctx, payload["oids"])

    async def _release(self, ctx: Context, oids: Iterable[str]) -> None:
        for oid in oids:
            await self.drop_object(ctx, oid)

    async def maintain(self, ctx: Context, progress: JobProgress, payload: dict[str, Any]) -> None:
        """Job `repository.maintain`: repack the repositories that changed lately, so that clones stay fast."""
        async with self._runner.transaction(ctx, write=False) as inside:
            changed = (await inside.session.scalars(select(Repository.id).where(Repository.updated_at > utcnow() - _LATELY))).all()
        for done, repository_id in enumerate(changed, 1):
            if await self._git.exists(repository_id.hex):
                await self._git.maintain(repository_id.hex)
            await progress(done / len(changed), f"{done} of {len(changed)} repositories")

    async def drop_object(self, ctx: Context, oid: str) -> None:
        """Remove a large object if no repository and no waiting upload needs it."""
        async with self._runner.transaction(ctx) as inside:
            await self._lfs.drop_if_unused(inside, oid, (Upload,))

    async def _default_branch(self, opened: OpenRepository) -> str:
        """The branch HEAD names; when nobody ever pushed it but one other branch exists, that one."""
        branch = await self._git.default_branch(opened.key)
        branches = [ref.name.removeprefix(BRANCHES) for ref in await self._git.refs(opened.key, BRANCHES)]
        if branches and branch not in branches:
            branch = "master" if "master" in branches else branches[0]
            await self._git.set_default_branch(opened.key, branch)
        return branch

    async def _card(self, opened: OpenRepository, files: list[GitEntry]) -> Card:
        entry = next((entry for entry in files if entry.path == CARD_PATH), None)
        if entry is None or entry.size is None:
            return Card()
        data = b"".join([block async for block in self._git.read_blob(opened.key, entry.oid, 0, MAX_CARD_BYTES)])
        return parse_card(data.decode(errors="replace"))

    async def _write_labels(self, ctx: Context, repository_id: uuid.UUID, card: Card) -> None:
        await ctx.session.execute(delete(RepositoryLabel).where(RepositoryLabel.repository_id == repository_id))
        for kind, values in (("tag", card.tags), ("language", card.languages), ("task", card.tasks)):
            unique = {fold(value)[:128]: value for value in reversed(values)}
            ctx.session.add_all(
                RepositoryLabel(repository_id=repository_id, kind=kind, value_folded=folded, value=value, position=position)
                for position, (folded, value) in enumerate(reversed(unique.items()))
            )
