"""Commits made by the hub itself: many files at once, all or nothing, without a work tree."""

from __future__ import annotations

import base64
import binascii
import posixpath
from collections.abc import AsyncIterator
from dataclasses import dataclass

from hub_core.context import Context
from hub_core.db.base import utcnow
from hub_core.errors import EntryNotFound, InvalidContent, InvalidInput, InvalidPath, RevisionNotFound, StaleParent
from hub_core.git.paths import check_path
from hub_core.git.pointers import MAX_POINTER_BYTES, LfsPointer, parse_pointer
from hub_core.git.port import Change, EntryKind, GitBackend, PutFile, RemovePath, Signature
from hub_core.git.refnames import check_ref_name
from hub_core.jobs.service import JobService
from hub_core.lfs.registry import LfsRegistry
from hub_core.objects.port import ObjectStore, StoredObject
from hub_core.operation import Effect, operation
from hub_core.permissions import Permission
from hub_core.repositories.attributes import ATTRIBUTES_PATH, MAX_ATTRIBUTES_BYTES, LfsRules, default_rules
from hub_core.repositories.card import CARD_PATH, starter_card
from hub_core.repositories.lookup import OpenRepository, open_repository
from hub_core.repositories.schemas import CommitCreated, CreateCommit, DeleteFile, FileWrite, UploadFile, WriteFile
from hub_core.repositories.tables import Upload
from hub_core.repositories.uploads import UploadService, stored
from hub_core.units import human_count

# How often a commit is tried again on top of somebody else's when the caller did not insist on a parent.
_TRIES = 5
_SHOWN_PATHS = 100


@dataclass(slots=True)
class _NewFile:
    """A file to write: from memory, or from a staged upload."""

    path: str
    data: bytes | None
    upload: Upload | None

    @property
    def size(self) -> int:
        return self.upload.size if self.upload else len(self.data or b"")


@dataclass(slots=True)
class _Plan:
    """One commit to make."""

    branch: str
    parent: str | None
    message: str
    files: list[_NewFile]
    removed: list[str]


class CommitService:
    """Writes commits; keeps large files out of git as LFS objects."""

    def __init__(
        self, git: GitBackend, objects: ObjectStore, lfs: LfsRegistry, uploads: UploadService, jobs: JobService, max_blob_bytes: int
    ) -> None:
        self._git = git
        self._objects = objects
        self._lfs = lfs
        self._uploads = uploads
        self._jobs = jobs
        self._max_blob_bytes = max_blob_bytes

    @operation("commit.create", scope="repository:write", effect=Effect.WRITE)
    async def create(self, ctx: Context, request: CreateCommit) -> CommitCreated:
        """Write and remove many files in one commit. Give `parent` to be sure that nobody else changed the branch meanwhile."""
        opened = await open_repository(ctx, request.repository, Permission.WRITE)
        files = [await self._new_file(ctx, entry) for entry in request.write]
        return await self._commit(ctx, opened, request.branch, request.parent, request.message, files, request.delete)

    @operation("file.write", scope="repository:write", effect=Effect.WRITE)
    async def write_file(self, ctx: Context, request: WriteFile) -> CommitCreated:
        """Create or replace one small text file, such as the README."""
        opened = await open_repository(ctx, request.repository, Permission.WRITE)
        content = request.content if request.content.endswith("\n") else request.content + "\n"
        file = _NewFile(request.path, content.encode(), None)
        return await self._commit(ctx, opened, None, None, request.message or f"Write {request.path}", [file], [])

    @operation("file.upload", scope="repository:write", effect=Effect.WRITE)
    async def upload_file(self, ctx: Context, request: UploadFile) -> CommitCreated:
        """Put attached files into a repository as one commit."""
        opened = await open_repository(ctx, request.repository, Permission.WRITE)
        uploads = await self._uploads.find(ctx, request.file)
        target = (request.path or "").strip()
        if len(uploads) > 1 and target and not target.endswith("/"):
            target += "/"
        if target and not target.endswith("/") and await self._is_folder(opened, target):
            target += "/"
        files = [
            _NewFile(target + upload.file_name if not target or target.endswith("/") else target, None, upload) for upload in uploads
        ]
        names = ", ".join(file.path for file in files[:3]) if len(files) <= 3 else human_count(len(files), "file")
        return await self._commit(ctx, opened, None, None, request.message or f"Upload {names}", files, [])

    @operation("file.delete", scope="repository:write", effect=Effect.WRITE)
    async def delete_file(self, ctx: Context, request: DeleteFile) -> CommitCreated:
        """Remove a file or folder in a new commit. Older commits keep it, so it can be brought back."""
        opened = await open_repository(ctx, request.repository, Permission.WRITE)
        return await self._commit(ctx, opened, None, None, request.message or f"Delete {request.path}", [], [request.path])

    async def start(self, ctx: Context, opened: OpenRepository, *, license_id: str, description: str) -> None:
        """Make the first commit of a fresh repository: its LFS rules and its card."""
        card = starter_card(opened.row.name, license_id, description)
        files = [_NewFile(ATTRIBUTES_PATH, str(default_rules()).encode(), None), _NewFile(CARD_PATH, card.encode(), None)]
        await self._commit(ctx, opened, None, None, "Start the repository", files, [])

    async def _commit(
        self, ctx: Context, opened: OpenRepository, branch: str | None, parent: str | None, message: str,
        files: list[_NewFile], removed: list[str],
    ) -> CommitCreated:
        plan = _Plan(check_ref_name(branch or opened.row.default_branch), parent, message, files, [path.strip("/") for path in removed])
        _check(plan)
        for attempt in range(_TRIES):
            head = await self._head(opened, plan.branch)
            if parent is not None and parent != head:
                raise StaleParent(
                    f"{plan.branch} of {opened.path} is at {(head or 'no commit')[:12]}, not at {parent[:12]}.",
                    hint="Somebody else was first: look at their change and commit again on top. Nothing was changed.", head=head,
                )
            plan.parent = head
            try:
                commit_hash = await self._git.commit(
                    opened.key, plan.branch, head, self._changes(ctx, opened, plan), plan.message, signature_of(ctx)
                )
                break
            except StaleParent:
                if parent is not None or attempt == _TRIES - 1:
                    raise
        uploads = [file.upload for file in files if file.upload is not None]
        for upload in uploads:
            await ctx.session.delete(upload)
        if uploads:
            # Those that went into git itself need no object any more.
            self._jobs.enqueue(ctx, "object.release", {"oids": sorted({upload.oid for upload in uploads})}, repository_id=opened.row.id)
        opened.row.updated_at = utcnow()
        self._jobs.enqueue(ctx, "repository.index", {"repository_id": str(opened.row.id)}, repository_id=opened.row.id)
        paths = [file.path for file in files] + plan.removed
        return CommitCreated(
            repository=opened.path, branch=plan.branch, commit_hash=commit_hash, parent=head, paths=paths[:_SHOWN_PATHS]
        )

    async def _changes(self, ctx: Context, opened: OpenRepository, plan: _Plan) -> AsyncIterator[Change]:
        for path in plan.removed:
            yield RemovePath(path)
        rules = await self._rules(opened, plan)
        linked = False
        for file in plan.files:
            # An empty file is its own pointer, says the specification of LFS.
            large = file.path != ATTRIBUTES_PATH and file.size > 0 and rules.matches(file.path)
            if not large and file.size > self._max_blob_bytes:
                large, rules = True, rules.with_path(file.path)
            if not large:
                await self._check_pointer(ctx, opened, file)
                yield PutFile(file.path, file.size, self._content(file))
                continue
            stored_object = stored(file.upload) if file.upload else await self._store(file.data or b"")
            await self._lfs.link(ctx, opened.row.id, stored_object)
            await self._lfs.confirm(stored_object.oid)
            linked = True
            pointer = LfsPointer(stored_object.oid, stored_object.size).encode()
            yield PutFile(file.path, len(pointer), _once(pointer))
        text = str(rules).encode()
        if text != plan_attributes(plan) and text != await self._attributes(opened, plan.parent):
            yield PutFile(ATTRIBUTES_PATH, len(text), _once(text))
        if linked and ctx.transaction is not None:
            # The branch moves next. A crash after that must not leave pointers to objects that the repository does not hold.
            await ctx.transaction.land()

    def _content(self, file: _NewFile) -> AsyncIterator[bytes]:
        return self._objects.read(file.upload.oid) if file.upload else _once(file.data or b"")

    async def _check_pointer(self, ctx: Context, opened: OpenRepository, file: _NewFile) -> None:
        """As with pushes: a file that is itself an LFS pointer needs its object in this repository."""
        if file.size >= MAX_POINTER_BYTES:
            return
        pointer = parse_pointer(b"".join([block async for block in self._content(file)]))
        if pointer and (await self._lfs.linked(ctx, opened.row.id, [pointer.oid])).get(pointer.oid) != pointer.size:
            raise InvalidContent(
                f"“{file.path}” is an LFS pointer to an object that this repository does not hold.",
                hint="Upload the large file itself. Nothing was changed.",
            )

    async def _rules(self, opened: OpenRepository, plan: _Plan) -> LfsRules:
        given = plan_attributes(plan)
        if given is not None:
            return LfsRules(given.decode(errors="replace"))
        present = await self._attributes(opened, plan.parent)
        if present is None:
            return default_rules() if plan.parent is None else LfsRules("")
        return LfsRules(present.decode(errors="replace"))

    async def _attributes(self, opened: OpenRepository, commit_hash: str | None) -> bytes | None:
        if commit_hash is None:
            return None
        try:
            entry = await self._git.entry(opened.key, commit_hash, ATTRIBUTES_PATH)
        except EntryNotFound:
            return None
        return b"".join([block async for block in self._git.read_blob(opened.key, entry.oid, 0, MAX_ATTRIBUTES_BYTES)])

    async def _store(self, data: bytes) -> StoredObject:
        return await self._objects.put(_once(data), size=len(data))

    async def _new_file(self, ctx: Context, entry: FileWrite) -> _NewFile:
        if entry.upload_id is not None:
            return _NewFile(entry.path, None, await self._uploads.get(ctx, entry.upload_id))
        if entry.text is not None:
            return _NewFile(entry.path, entry.text.encode(), None)
        try:
            return _NewFile(entry.path, base64.b64decode(entry.base64 or "", validate=True), None)
        except binascii.Error as error:
            raise InvalidContent(f"The content of “{entry.path}” is not base64: {error}.", hint="Nothing was changed.") from error

    async def _head(self, opened: OpenRepository, branch: str) -> str | None:
        try:
            return await self._git.resolve(opened.key, f"refs/heads/{branch}")
        except RevisionNotFound:
            return None

    async def _is_folder(self, opened: OpenRepository, path: str) -> bool:
        head = await self._head(opened, opened.row.default_branch)
        if head is None:
            return False
        try:
            return (await self._git.entry(opened.key, head, path)).kind is EntryKind.FOLDER
        except (EntryNotFound, InvalidPath):
            return False


def signature_of(ctx: Context) -> Signature:
    """Who a commit of the hub is by. No mail address is known, so one is used that can reach nobody (RFC 6761)."""
    name = ctx.actor.name or "hubpilot"
    return Signature(name, f"{name}@users.hubpilot.invalid", utcnow())


def plan_attributes(plan: _Plan) -> bytes | None:
    """The `.gitattributes` that the commit itself writes, if it does."""
    return next((file.data for file in plan.files if file.path == ATTRIBUTES_PATH and file.data is not None), None)


def _check(plan: _Plan) -> None:
    if not plan.files and not plan.removed:
        raise InvalidInput("This commit changes nothing.", hint="Name a file to write or to delete.")
    seen: set[str] = set()
    for file in plan.files:
        check_path(file.path)
        if file.path in seen:
            raise InvalidPath(f"“{file.path}” is written twice.", hint="Nothing was changed.")
        seen.add(file.path)
    for path in seen:
        folder = posixpath.dirname(path)
        while folder:
            if folder in seen:
                raise InvalidPath(f"“{folder}” cannot be a file and a folder.", hint="Nothing was changed.")
            folder = posixpath.dirname(folder)
    for path in plan.removed:
        check_path(path)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
