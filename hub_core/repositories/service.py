"""Repositories: create, find, change, delete."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from hub_core.accounts.tables import Namespace
from hub_core.context import Context
from hub_core.db.base import new_id, utcnow
from hub_core.db.keyset import Keyset
from hub_core.db.rows import insert
from hub_core.errors import RepositoryAlreadyExists
from hub_core.git.port import GitBackend
from hub_core.jobs.service import JobService
from hub_core.lfs.tables import LfsObject, LfsRepositoryObject
from hub_core.names import RepositoryRef, RepositoryType, check_repository_name, fold
from hub_core.operation import Effect, Preview, operation
from hub_core.paging import Page
from hub_core.permissions import Permission
from hub_core.repositories.commits import CommitService
from hub_core.repositories.lookup import OpenRepository, open_repository, visible, writable_namespace
from hub_core.repositories.schemas import (
    CreateRepository,
    DeleteRepository,
    GetRepository,
    ListRepositories,
    RepositoryDeleted,
    RepositoryInfo,
    RepositorySort,
    UpdateRepository,
    Visibility,
)
from hub_core.repositories.tables import Repository, RepositoryLabel
from hub_core.units import human_size

_ORDERS = {
    RepositorySort.UPDATED: Keyset(Repository.updated_at, Repository.id),
    RepositorySort.CREATED: Keyset(Repository.created_at, Repository.id),
    RepositorySort.SIZE: Keyset(Repository.size, Repository.id),
    RepositorySort.NAME: Keyset(Repository.name_folded, Repository.id, descending=False),
}


class RepositoryService:
    """What people do with repositories as a whole."""

    def __init__(self, git: GitBackend, jobs: JobService, commits: CommitService, default_visibility: str) -> None:
        self._git = git
        self._jobs = jobs
        self._commits = commits
        self._default_visibility = Visibility(default_visibility)

    @operation("repository.create", scope="repository:write", effect=Effect.WRITE)
    async def create(self, ctx: Context, request: CreateRepository) -> RepositoryInfo:
        """Create a model, dataset, space or code repository in your namespace."""
        ref = RepositoryRef.parse(request.name) if "/" in request.name else RepositoryRef(request.name)
        check_repository_name(ref.name)
        namespace = await writable_namespace(ctx, ref.namespace)
        now = utcnow()
        row = Repository(
            id=new_id(), type=request.type, namespace_id=namespace.id, name=ref.name, name_folded=fold(ref.name),
            visibility=request.visibility or self._default_visibility, description=request.description.strip(),
            default_branch="main", size=0, file_count=0, created_at=now, updated_at=now,
        )
        if not await insert(ctx.session, row):
            raise RepositoryAlreadyExists(
                f"{namespace.name} already has a {request.type} called “{ref.name}”.", hint="Choose another name. Nothing was changed."
            )
        await self._git.create(row.id.hex, row.default_branch)
        opened = OpenRepository(row, namespace.name, namespace.user_id)
        if request.license:
            await self._commits.start(ctx, opened, license_id=request.license, description=request.description)
            row.license = request.license
        return _info(opened, ())

    @operation("repository.get", scope="repository:read", effect=Effect.READ)
    async def get(self, ctx: Context, request: GetRepository) -> RepositoryInfo:
        """Tell everything about a repository: license, size, visibility, tags, languages, tasks, last update, clone path."""
        opened = await open_repository(ctx, request.repository, Permission.READ)
        return _info(opened, await _labels(ctx, [opened.row.id]))

    @operation("repository.list", scope="repository:read", effect=Effect.READ)
    async def list(self, ctx: Context, request: ListRepositories) -> Page[RepositoryInfo]:
        """List repositories you may see, filtered by type, owner, words, tag, license or visibility."""
        order = _ORDERS[request.sort]
        rows = await ctx.session.execute(order.page(self._filtered(ctx, request), request.limit, request.cursor))
        found = [OpenRepository(row, namespace, owner_id) for row, namespace, owner_id in rows]
        page = found[: request.limit]
        labels = await _labels(ctx, [opened.row.id for opened in page])
        cursor = order.cursor(page[-1].row) if len(found) > request.limit else None
        return Page(items=[_info(opened, labels) for opened in page], next_cursor=cursor)

    @operation("repository.update", scope="repository:write", effect=Effect.WRITE)
    async def update(self, ctx: Context, request: UpdateRepository) -> RepositoryInfo:
        """Change who may read a repository, or its description."""
        needed = Permission.ADMIN if request.visibility else Permission.WRITE
        opened = await open_repository(ctx, request.repository, needed)
        if request.visibility is not None:
            opened.row.visibility = request.visibility
        if request.description is not None:
            opened.row.description = request.description.strip()
        opened.row.updated_at = utcnow()
        return _info(opened, await _labels(ctx, [opened.row.id]))

    @operation("repository.delete", scope="repository:admin", effect=Effect.DESTRUCTIVE, preview="preview_delete")
    async def delete(self, ctx: Context, request: DeleteRepository) -> RepositoryDeleted:
        """Delete a repository with every revision and every large file that only it holds."""
        opened = await open_repository(ctx, request.repository, Permission.ADMIN)
        commit_count = await self._git.count_commits(opened.key)
        size = await self._size(ctx, opened)
        oids = await ctx.session.scalars(
            select(LfsRepositoryObject.oid).where(LfsRepositoryObject.repository_id == opened.row.id)
        )
        self._jobs.enqueue(
            ctx, "repository.purge", {"key": opened.key, "oids": list(oids)}, repository_id=opened.row.id
        )
        await ctx.session.delete(opened.row)
        return RepositoryDeleted(repository=opened.path, size=size, commit_count=commit_count)

    async def preview_delete(self, ctx: Context, request: DeleteRepository) -> Preview:
        """What deleting would lose: commits, branches, tags and bytes."""
        opened = await open_repository(ctx, request.repository, Permission.ADMIN)
        refs = await self._git.refs(opened.key)
        branches = sum(ref.name.startswith("refs/heads/") for ref in refs)
        return Preview(
            title=f"Delete {opened.path}",
            summary="The repository and its whole history are removed from disk. This cannot be undone.",
            facts={
                "repository": opened.path,
                "commits": str(await self._git.count_commits(opened.key)),
                "branches": str(branches),
                "tags": str(len(refs) - branches),
                "files": str(opened.row.file_count),
                "size": human_size(await self._size(ctx, opened)),
            },
        )

    async def _size(self, ctx: Context, opened: OpenRepository) -> int:
        """Bytes on disk now: git history and large files together."""
        large = await ctx.session.scalar(
            select(func.coalesce(func.sum(LfsObject.size), 0))
            .join(LfsRepositoryObject, LfsRepositoryObject.oid == LfsObject.oid)
            .where(LfsRepositoryObject.repository_id == opened.row.id)
        )
        return int(large or 0) + await self._git.disk_size(opened.key)

    def _filtered(self, ctx: Context, request: ListRepositories) -> Select[Repository, str, UUID | None]:
        query = visible(ctx)
        if request.type:
            query = query.where(Repository.type == request.type)
        if request.owner:
            owner = (ctx.actor.name or "") if request.owner == "me" else request.owner
            query = query.where(Repository.namespace_id == select(Namespace.id).where(Namespace.name_folded == fold(owner)).scalar_subquery())
        if request.visibility:
            query = query.where(Repository.visibility == request.visibility)
        if request.license:
            query = query.where(func.lower(Repository.license) == request.license.lower())
        if request.tag:
            tagged = select(RepositoryLabel.repository_id).where(RepositoryLabel.value_folded == fold(request.tag))
            query = query.where(Repository.id.in_(tagged))
        for word in (request.search or "").split():
            query = query.where(
                or_(
                    Repository.name_folded.contains(fold(word), autoescape=True),
                    func.lower(Repository.description).contains(word.lower(), autoescape=True),
                )
            )
        return query


async def _labels(ctx: Context, repository_ids: Iterable[UUID]) -> Sequence[RepositoryLabel]:
    query = select(RepositoryLabel).where(RepositoryLabel.repository_id.in_(list(repository_ids)))
    return (await ctx.session.scalars(query.order_by(RepositoryLabel.position))).all()


def _info(opened: OpenRepository, labels: Iterable[RepositoryLabel]) -> RepositoryInfo:
    row = opened.row
    by_kind: dict[str, list[str]] = {"tag": [], "language": [], "task": []}
    for label in labels:
        if label.repository_id == row.id:
            by_kind[label.kind].append(label.value)
    return RepositoryInfo(
        id=row.id, type=RepositoryType(row.type), namespace=opened.namespace, name=row.name, full_name=opened.label, path=opened.path,
        clone_path=f"/{opened.path}.git", visibility=Visibility(row.visibility), description=row.description,
        default_branch=row.default_branch, license=row.license, tags=by_kind["tag"], languages=by_kind["language"],
        tasks=by_kind["task"], card_error=row.card_error, size=row.size, file_count=row.file_count, commit_hash=row.commit_hash,
        created_at=row.created_at, updated_at=row.updated_at,
    )
