"""The port behind which git repositories are stored, read and written.

A repository is addressed by its storage key (the hub's repository id), never by its name, so that a rename touches no file.
Object ids are 40 lower-case hexadecimal digits. Paths are `/`-separated, relative, UTF-8, without a leading slash.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

ZERO_OID = "0" * 40


class EntryKind(StrEnum):
    """What a tree entry is. Symbolic links and submodules are shown, never followed."""

    FILE = "file"
    FOLDER = "folder"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"


@dataclass(frozen=True, slots=True)
class Signature:
    """Who wrote a commit, and when (timezone aware)."""

    name: str
    email: str
    when: datetime


@dataclass(frozen=True, slots=True)
class GitCommit:
    """One commit of the history."""

    commit_hash: str
    parents: tuple[str, ...]
    message: str
    author: Signature
    committer: Signature


@dataclass(frozen=True, slots=True)
class GitEntry:
    """One entry of a tree. `size` is the blob's size in bytes, None for folders and submodules."""

    path: str
    kind: EntryKind
    oid: str
    size: int | None


@dataclass(frozen=True, slots=True)
class GitRef:
    """A branch (`refs/heads/...`) or tag (`refs/tags/...`); annotated tags carry the commit they peel to."""

    name: str
    oid: str
    commit_hash: str
    message: str | None = None


@dataclass(frozen=True, slots=True)
class PutFile:
    """Write `content`, exactly `size` bytes, at `path`; the stream is read once."""

    path: str
    size: int
    content: AsyncIterator[bytes]
    executable: bool = False


@dataclass(frozen=True, slots=True)
class RemovePath:
    """Remove a file, or a folder with everything under it."""

    path: str


Change = PutFile | RemovePath


class GitService(StrEnum):
    """The two services of the smart protocol."""

    UPLOAD_PACK = "git-upload-pack"
    RECEIVE_PACK = "git-receive-pack"


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """A ref that a push moved, from `old` to `new`; `ZERO_OID` stands for none."""

    ref: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class PushRules:
    """What the hub asks of a push, and how it hears of one.

    `check_pointers` gets the LFS pointers that the push brings (sha256 oid to size in bytes) and returns the oids that are not stored for
    this repository: any refuses the whole push. `pushed` is awaited with the refs that have moved, before the client learns of it; it
    must not raise for what the client could have done. Either may raise a `HubError`, whose text the client then reads.
    `pusher_name` and `pusher_email` go to the reflog.
    """

    check_pointers: Callable[[dict[str, int]], Awaitable[Sequence[str]]] | None = None
    pushed: Callable[[Sequence[RefUpdate]], Awaitable[None]] | None = None
    pusher_name: str = "hubpilot"
    pusher_email: str = "hubpilot@localhost"


class GitBackend(Protocol):
    """Storage of bare repositories.

    Every method raises `hub_core.errors.RevisionNotFound` or `EntryNotFound` where a revision or a path does not exist,
    `InvalidInput` (`InvalidName`, `InvalidPath`) for what can never exist, and `StorageUnavailable` or `StorageFull` when the storage
    itself fails. Asynchronous iterators have to be closed (`contextlib.aclosing`) when they are not read to the end.
    """

    async def create(self, key: str, default_branch: str) -> None:
        """Create an empty bare repository; creating it again is harmless."""

    async def delete(self, key: str) -> None:
        """Remove the repository from disk; removing it again is harmless."""

    async def exists(self, key: str) -> bool:
        """Whether the repository is there."""

    async def disk_size(self, key: str) -> int:
        """Bytes the repository takes on disk."""

    async def resolve(self, key: str, revision: str) -> str:
        """The commit hash a branch, tag, full ref name or (abbreviated) hash stands for."""

    async def refs(self, key: str, prefix: str = "refs/") -> list[GitRef]:
        """Branches, tags and other refs under `prefix`, whole folders of names, sorted by name; those that lead to no commit are left out."""

    async def update_ref(self, key: str, ref: str, new: str, old: str) -> None:
        """Set `ref` from `old` to `new` by compare-and-swap; `ZERO_OID` creates (as old) or deletes (as new).

        Raises `StaleParent` when the ref does not hold `old` any more.
        """

    async def create_annotated_tag(
        self, key: str, name: str, commit_hash: str, message: str, tagger: Signature
    ) -> str:
        """Write a tag object and its ref `refs/tags/{name}`; raises `RefAlreadyExists`."""

    async def default_branch(self, key: str) -> str:
        """Name of the branch HEAD points to, whether or not it has a commit."""

    async def set_default_branch(self, key: str, branch: str) -> None:
        """Point HEAD to `branch`."""

    async def entry(self, key: str, commit_hash: str, path: str) -> GitEntry:
        """The entry at `path`; the empty path is the root folder."""

    async def tree(
        self, key: str, commit_hash: str, path: str = "", *, recursive: bool = False,
        after: str | None = None, limit: int | None = None,
    ) -> list[GitEntry]:
        """Entries of a folder in git's order, starting behind the entry with path `after`, at most `limit` of them.

        Paths are relative to the repository's top. A recursive listing holds folders too, each before what is in it.
        """

    def read_blob(self, key: str, oid: str, offset: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
        """The bytes of a blob in blocks, from `offset`, at most `length` of them."""

    async def blob_size(self, key: str, oid: str) -> int:
        """Size of a blob in bytes."""

    async def log(
        self, key: str, revision: str, *, path: str | None = None, skip: int = 0, limit: int = 50
    ) -> list[GitCommit]:
        """History from `revision` backwards, newest first, optionally only of commits that touch `path`."""

    async def count_commits(self, key: str, revision: str = "--all") -> int:
        """Number of commits reachable from `revision`, by default from any ref."""

    async def commit(
        self, key: str, branch: str, parent: str | None, changes: AsyncIterator[Change],
        message: str, author: Signature,
    ) -> str:
        """Write one commit on top of `parent` (None: the branch's first commit) and move `branch` to it.

        Streams every content into the repository without a work tree; nothing is visible until the ref moves.
        Raises `StaleParent` when the branch is not at `parent` when the ref would move, `EntryNotFound` when a path to remove is not
        there, `InvalidPath` when a file would take the place of a folder or the other way round, `TooLarge` when a file belongs to LFS,
        `InvalidContent` when a stream has not its size, `InvalidInput` when nothing would change. The branch is then untouched.
        """

    async def lfs_pointers(self, key: str, revisions: Sequence[str], exclude: Sequence[str] = ()) -> dict[str, int]:
        """Every LFS pointer reachable from `revisions` and not from `exclude`: sha256 oid to size in bytes.

        `("--all",)` as revisions takes every ref.
        """

    async def maintain(self, key: str) -> None:
        """Pack small packs together and remove what killed processes left; safe at any time, worth it after some dozen pushes."""

    async def recover(self, since: datetime, until: datetime) -> list[str]:
        """Tidy up after processes that were killed: remove every lock, quarantine and half-made repository last touched before `until`.

        Returns the keys of the repositories whose refs have changed, or that were created, between `since` and `until`.
        """

    def advertise(self, key: str, service: GitService, protocol: str | None) -> AsyncGenerator[bytes, None]:
        """Output of `info/refs` of the smart protocol, without the `# service=` preface.

        `protocol` is a value of the `Git-Protocol` header that the caller has checked.
        """

    def serve(
        self, key: str, service: GitService, body: AsyncIterator[bytes], protocol: str | None, rules: PushRules | None = None,
    ) -> AsyncGenerator[bytes, None]:
        """Run one stateless round of `service`: the request body in, the response body out, with back-pressure both ways.

        `rules` are for `RECEIVE_PACK`. Closing the iterator ends the whole process group, unless refs are moving just then: that is
        finished first. Raises `InvalidInput` when git cannot read the request at all.
        """
