"""Branches and tags."""

from __future__ import annotations

from hub_core.context import Context
from hub_core.db.base import utcnow
from hub_core.errors import Conflict, RefAlreadyExists, RevisionNotFound, StaleParent
from hub_core.git.port import ZERO_OID, GitBackend, GitRef
from hub_core.git.refnames import BRANCHES as _BRANCHES
from hub_core.git.refnames import TAGS as _TAGS
from hub_core.git.refnames import check_ref_name
from hub_core.jobs.service import JobService
from hub_core.operation import Effect, Preview, operation
from hub_core.permissions import Permission
from hub_core.repositories.commits import signature_of
from hub_core.repositories.lookup import OpenRepository, open_repository
from hub_core.repositories.schemas import CreateRef, CreateTag, DeleteRef, ListRefs, RefInfo


class RefService:
    """Creates, lists and deletes branches and tags."""

    def __init__(self, git: GitBackend, jobs: JobService) -> None:
        self._git = git
        self._jobs = jobs

    @operation("branch.list", scope="repository:read", effect=Effect.READ)
    async def list_branches(self, ctx: Context, request: ListRefs) -> list[RefInfo]:
        """List the branches of a repository."""
        return await self._list(ctx, request.repository, _BRANCHES)

    @operation("tag.list", scope="repository:read", effect=Effect.READ)
    async def list_tags(self, ctx: Context, request: ListRefs) -> list[RefInfo]:
        """List the tags of a repository: its named versions."""
        return await self._list(ctx, request.repository, _TAGS)

    @operation("branch.create", scope="repository:write", effect=Effect.WRITE)
    async def create_branch(self, ctx: Context, request: CreateRef) -> RefInfo:
        """Create a branch from a branch, tag or commit; by default from the default branch."""
        opened, commit_hash = await self._target(ctx, request.repository, request.name, request.revision)
        try:
            await self._git.update_ref(opened.key, _BRANCHES + request.name, commit_hash, ZERO_OID)
        except StaleParent:
            raise _taken(opened, "branch", request.name) from None
        self._touch(ctx, opened)
        return RefInfo(repository=opened.path, name=request.name, commit_hash=commit_hash)

    @operation("tag.create", scope="repository:write", effect=Effect.WRITE)
    async def create_tag(self, ctx: Context, request: CreateTag) -> RefInfo:
        """Tag a commit as a named version; by default the head of the default branch."""
        opened, commit_hash = await self._target(ctx, request.repository, request.name, request.revision)
        try:
            if request.message:
                tagger = signature_of(ctx)
                await self._git.create_annotated_tag(opened.key, request.name, commit_hash, request.message, tagger)
            else:
                await self._git.update_ref(opened.key, _TAGS + request.name, commit_hash, ZERO_OID)
        except (StaleParent, RefAlreadyExists):
            raise _taken(opened, "tag", request.name) from None
        self._touch(ctx, opened)
        return RefInfo(repository=opened.path, name=request.name, commit_hash=commit_hash, message=request.message)

    @operation("branch.delete", scope="repository:write", effect=Effect.DESTRUCTIVE, preview="preview_delete_branch")
    async def delete_branch(self, ctx: Context, request: DeleteRef) -> RefInfo:
        """Delete a branch. Commits that only it reached are lost."""
        opened, ref = await self._existing(ctx, request, _BRANCHES)
        if request.name == opened.row.default_branch:
            raise Conflict(f"“{request.name}” is the default branch of {opened.path}.", hint="It cannot be deleted. Nothing was changed.")
        return await self._delete(ctx, opened, ref, request.name)

    @operation("tag.delete", scope="repository:write", effect=Effect.DESTRUCTIVE, preview="preview_delete_tag")
    async def delete_tag(self, ctx: Context, request: DeleteRef) -> RefInfo:
        """Delete a tag. Commits that only it reached are lost."""
        opened, ref = await self._existing(ctx, request, _TAGS)
        return await self._delete(ctx, opened, ref, request.name)

    async def preview_delete_branch(self, ctx: Context, request: DeleteRef) -> Preview:
        """What deleting a branch would lose."""
        return await self._preview(ctx, request, _BRANCHES, "branch")

    async def preview_delete_tag(self, ctx: Context, request: DeleteRef) -> Preview:
        """What deleting a tag would lose."""
        return await self._preview(ctx, request, _TAGS, "tag")

    async def _preview(self, ctx: Context, request: DeleteRef, prefix: str, noun: str) -> Preview:
        opened, ref = await self._existing(ctx, request, prefix)
        return Preview(
            title=f"Delete {noun} {request.name} of {opened.path}",
            summary=f"The {noun} goes away; commits that nothing else reaches go with it.",
            facts={"repository": opened.path, noun: request.name, "commit": ref.commit_hash[:12]},
        )

    async def _list(self, ctx: Context, repository: str, prefix: str) -> list[RefInfo]:
        opened = await open_repository(ctx, repository, Permission.READ)
        refs = await self._git.refs(opened.key, prefix)
        return [
            RefInfo(repository=opened.path, name=ref.name.removeprefix(prefix), commit_hash=ref.commit_hash, message=ref.message)
            for ref in refs
        ]

    async def _target(self, ctx: Context, repository: str, name: str, revision: str | None) -> tuple[OpenRepository, str]:
        check_ref_name(name)
        opened = await open_repository(ctx, repository, Permission.WRITE)
        try:
            return opened, await self._git.resolve(opened.key, revision or opened.row.default_branch)
        except RevisionNotFound:
            if revision is not None:
                raise
            raise RevisionNotFound(f"{opened.path} is empty: there is no commit yet to name.", hint="Push something first.") from None

    async def _existing(self, ctx: Context, request: DeleteRef, prefix: str) -> tuple[OpenRepository, GitRef]:
        check_ref_name(request.name)
        opened = await open_repository(ctx, request.repository, Permission.WRITE)
        for ref in await self._git.refs(opened.key, prefix + request.name):
            if ref.name == prefix + request.name:
                return opened, ref
        noun = "branch" if prefix == _BRANCHES else "tag"
        raise RevisionNotFound(f"{opened.path} has no {noun} “{request.name}”.", hint="Nothing was changed.")

    async def _delete(self, ctx: Context, opened: OpenRepository, ref: GitRef, name: str) -> RefInfo:
        await self._git.update_ref(opened.key, ref.name, ZERO_OID, ref.oid)
        self._touch(ctx, opened)
        return RefInfo(repository=opened.path, name=name, commit_hash=ref.commit_hash, message=ref.message)

    def _touch(self, ctx: Context, opened: OpenRepository) -> None:
        opened.row.updated_at = utcnow()
        self._jobs.enqueue(ctx, "repository.index", {"repository_id": str(opened.row.id)}, repository_id=opened.row.id)


def _taken(opened: OpenRepository, noun: str, name: str) -> RefAlreadyExists:
    return RefAlreadyExists(f"{opened.path} already has a {noun} “{name}”.", hint="Nothing was changed.")
