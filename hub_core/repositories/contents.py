"""What is inside a repository: folders, files, history."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from hub_core.context import Context
from hub_core.errors import EntryNotFound, InvalidInput, ObjectNotFound, RevisionNotFound
from hub_core.git.paths import readable_path
from hub_core.git.pointers import MAX_POINTER_BYTES, LfsPointer, parse_pointer
from hub_core.git.port import EntryKind, GitBackend, GitCommit, GitEntry
from hub_core.lfs.registry import LfsRegistry
from hub_core.objects.port import ObjectStore
from hub_core.operation import Effect, operation
from hub_core.paging import decode_cursor, encode_cursor
from hub_core.permissions import Permission
from hub_core.repositories.lookup import OpenRepository, open_repository
from hub_core.repositories.schemas import (
    CommitInfo,
    CommitListing,
    FileContent,
    FileEntry,
    FileListing,
    ListCommits,
    ListFiles,
    ReadFile,
)

# What `file.read` shows at most: a screenful for people, and room in a model's context.
MAX_TEXT_BYTES = 200_000
# The largest number git takes; no history is that long.
_MAX_POSITION = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file at a commit, ready to be read. `oid` is the sha256 of large files, the git blob hash of others; `size` is in bytes."""

    repository: OpenRepository
    path: str
    commit_hash: str
    oid: str
    size: int
    lfs: bool


class ContentService:
    """Reads folders, files and history at any revision."""

    def __init__(self, git: GitBackend, objects: ObjectStore, lfs: LfsRegistry) -> None:
        self._git = git
        self._objects = objects
        self._lfs = lfs

    async def resolve(self, opened: OpenRepository, revision: str | None) -> tuple[str, str | None]:
        """The revision by name and its commit hash; the hash is None for the default branch of an empty repository."""
        name = revision or opened.row.default_branch
        try:
            return name, await self._git.resolve(opened.key, name)
        except RevisionNotFound:
            if name == opened.row.default_branch:
                return name, None
            raise

    async def open(self, ctx: Context, repository: str, path: str, revision: str | None) -> OpenFile:
        """Find a file, through its LFS pointer if it is one.

        Raises `EntryNotFound`, `RevisionNotFound`, `InvalidInput` for folders, and `ObjectNotFound` for a pointer to an object that the
        repository does not hold.
        """
        opened = await open_repository(ctx, repository, Permission.READ)
        return await self.open_in(ctx, opened, path, revision)

    async def open_in(self, ctx: Context, opened: OpenRepository, path: str, revision: str | None) -> OpenFile:
        """Like `open`, in a repository whose use has been allowed."""
        name, commit_hash = await self.resolve(opened, revision)
        if commit_hash is None:
            raise EntryNotFound(f"{opened.path} is empty: it has no commit yet.", hint="Push something first.")
        entry = await self._entry(opened, commit_hash, path, name)
        if entry.kind is EntryKind.FOLDER:
            raise InvalidInput(f"“{path}” is a folder.", hint="List it instead.")
        if entry.kind is EntryKind.SUBMODULE or entry.size is None:
            raise InvalidInput(f"“{path}” is a submodule: its content is in another repository.")
        pointer = await self._pointer(opened, entry)
        if pointer:
            # Anybody can write down a pointer: it gives no right to the bytes unless the repository holds them.
            if (await self._lfs.linked(ctx, opened.row.id, [pointer.oid])).get(pointer.oid) != pointer.size:
                raise never_uploaded(path)
            return OpenFile(opened, path, commit_hash, pointer.oid, pointer.size, lfs=True)
        return OpenFile(opened, path, commit_hash, entry.oid, entry.size, lfs=False)

    def stream(self, file: OpenFile, offset: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The bytes of a file in blocks, from `offset`, at most `length` of them."""
        if file.lfs:
            return self._objects.read(file.oid, offset, length)
        return self._git.read_blob(file.repository.key, file.oid, offset, length)

    def local_path(self, file: OpenFile) -> Path | None:
        """Where a large file lies on this machine's disk, if it does."""
        return self._objects.local_path(file.oid) if file.lfs else None

    async def read_bytes(self, file: OpenFile, limit: int) -> bytes:
        """The first `limit` bytes of a file."""
        return b"".join([block async for block in self.stream(file, 0, min(limit, file.size))])

    @operation("file.list", scope="repository:read", effect=Effect.READ)
    async def list_files(self, ctx: Context, request: ListFiles) -> FileListing:
        """List the files and folders of a repository at any revision, with sizes."""
        opened = await open_repository(ctx, request.repository, Permission.READ)
        path = request.path.strip("/")
        name, commit_hash = await self.resolve(opened, request.revision)
        if commit_hash is None:
            return FileListing(repository=opened.path, revision=name, commit_hash=None, path=path, items=[])
        folder = await self._entry(opened, commit_hash, path, name) if path else None
        if folder is not None and folder.kind is not EntryKind.FOLDER:
            entries, more = [folder], False
        else:
            after = decode_cursor(request.cursor, (str,))[0] if request.cursor else None
            entries = await self._git.tree(
                opened.key, commit_hash, path, recursive=request.recursive, after=after, limit=request.limit + 1
            )
            more = len(entries) > request.limit
        items = [await self._file_entry(opened, entry) for entry in entries[: request.limit]]
        return FileListing(
            repository=opened.path, revision=name, commit_hash=commit_hash, path=path, items=items,
            next_cursor=encode_cursor(items[-1].path) if more else None,
        )

    @operation("file.read", scope="repository:read", effect=Effect.READ)
    async def read_file(self, ctx: Context, request: ReadFile) -> FileContent:
        """Read a text file of a repository, such as its README, at any revision."""
        file = await self.open(ctx, request.repository, request.path.strip("/"), request.revision)
        text: str | None = None
        truncated = file.size > MAX_TEXT_BYTES
        try:
            head = await self.read_bytes(file, MAX_TEXT_BYTES)
        except ObjectNotFound:
            raise never_uploaded(file.path) from None
        if b"\x00" not in head:
            # A cut may split a character at the end; inside, an undecodable byte means that the file is no text.
            text = _decode(head, truncated=truncated)
        return FileContent(
            repository=file.repository.path, path=file.path, commit_hash=file.commit_hash, size=file.size, lfs=file.lfs, text=text,
            truncated=truncated and text is not None,
        )

    @operation("commit.list", scope="repository:read", effect=Effect.READ)
    async def list_commits(self, ctx: Context, request: ListCommits) -> CommitListing:
        """List commits, newest first: who changed what and when, of a whole repository or of one path."""
        opened = await open_repository(ctx, request.repository, Permission.READ)
        name, commit_hash = await self.resolve(opened, request.revision)
        skip = _position(request.cursor) if request.cursor else 0
        commits: list[GitCommit] = []
        if commit_hash is not None:
            path = request.path.strip("/") or None if request.path else None
            commits = await self._git.log(opened.key, commit_hash, path=path, skip=skip, limit=request.limit + 1)
            if path and not commits and not skip:
                raise EntryNotFound(f"No commit of {name} ever touched “{path}”.", hint="List the files to see what there is.")
        return CommitListing(
            repository=opened.path, revision=name, items=[_commit_info(commit) for commit in commits[: request.limit]],
            next_cursor=encode_cursor(skip + request.limit) if len(commits) > request.limit else None,
        )

    async def _entry(self, opened: OpenRepository, commit_hash: str, path: str, revision: str) -> GitEntry:
        if not readable_path(path):
            raise EntryNotFound(f"{opened.path} has no file “{path[:200]}”.")
        try:
            return await self._git.entry(opened.key, commit_hash, path)
        except EntryNotFound:
            raise EntryNotFound(
                f"{opened.path} has no “{path}” at {revision}.", hint="List the files to see what there is."
            ) from None

    async def _pointer(self, opened: OpenRepository, entry: GitEntry) -> LfsPointer | None:
        if entry.kind is not EntryKind.FILE or entry.size is None or entry.size >= MAX_POINTER_BYTES:
            return None
        blob = b"".join([block async for block in self._git.read_blob(opened.key, entry.oid)])
        return parse_pointer(blob)

    async def _file_entry(self, opened: OpenRepository, entry: GitEntry) -> FileEntry:
        # Every pointer has between 120 and 200 bytes unless it carries extensions: blobs of other sizes need not be opened.
        pointer = await self._pointer(opened, entry) if entry.size is not None and 110 < entry.size < 250 else None
        if pointer:
            return FileEntry(path=entry.path, kind=entry.kind, oid=pointer.oid, size=pointer.size, lfs=True)
        return FileEntry(path=entry.path, kind=entry.kind, oid=entry.oid, size=entry.size)


def _position(cursor: str) -> int:
    position: int = decode_cursor(cursor, (int,))[0]
    if not 0 <= position <= _MAX_POSITION:
        raise InvalidInput("This cursor is not one of this list.", hint="Start again without a cursor.")
    return position


def never_uploaded(path: str) -> ObjectNotFound:
    """The error for a large file of which the repository has the LFS pointer only."""
    return ObjectNotFound(
        f"The content of “{path}” was never uploaded: only its LFS pointer is here.", hint="Run “git lfs push --all” where the file is."
    )


def _decode(head: bytes, *, truncated: bool) -> str | None:
    for cut in range(4 if truncated else 1):
        try:
            return head[: len(head) - cut].decode()
        except UnicodeDecodeError:
            continue
    return None


def _commit_info(commit: GitCommit) -> CommitInfo:
    return CommitInfo(
        commit_hash=commit.commit_hash, parents=list(commit.parents), title=commit.message.split("\n", 1)[0], message=commit.message,
        author=commit.author.name, at=commit.committer.when,
    )
