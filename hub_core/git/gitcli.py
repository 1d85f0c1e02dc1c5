"""Git repositories on local disk, by way of the git binary."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path

from hub_core.errors import StorageUnavailable
from hub_core.git import pushes, reading, refs, transport, writing
from hub_core.git.bare import BareRepository
from hub_core.git.layout import RepositoryFolders
from hub_core.git.port import Change, GitCommit, GitEntry, GitRef, GitService, PushRules, Signature
from hub_core.git.process import GitBinary
from hub_core.git.refnames import check_ref_name

_STALE_SECONDS = 6 * 3600.0


class LocalGitBackend:
    """`GitBackend` over bare repositories under `root`.

    `max_blob_bytes` is the size above which a plain file is refused, by commit and by push: it belongs to LFS. `max_push_bytes` bounds
    one pack. Raises `StorageUnavailable` when the machine has no git.
    """

    def __init__(
        self, root: Path, *, program: str = "git", max_blob_bytes: int = 10 << 20, max_push_bytes: int = 8 << 30
    ) -> None:
        self._folders = RepositoryFolders(root)
        self._git = GitBinary(program)
        self._max_blob_bytes = max_blob_bytes
        self._transport = transport.Transport(max_blob_bytes=max_blob_bytes, max_push_bytes=max_push_bytes)

    def _at(self, key: str) -> BareRepository:
        return BareRepository(self._git, self._folders.path(key))

    async def create(self, key: str, default_branch: str) -> None:
        check_ref_name(default_branch)

        def initialise(folder: Path) -> None:
            subprocess.run(
                [self._git.program, "init", "--quiet", "--bare", "--template=", f"--initial-branch={default_branch}", str(folder)],
                env=self._git.environment(folder), stdin=subprocess.DEVNULL, capture_output=True, check=True,
            )

        repository = self._at(key)
        try:
            await asyncio.to_thread(self._folders.create, key, initialise)
        except subprocess.CalledProcessError as error:
            raise repository.failure("init", error.returncode, error.stderr.decode(errors="replace")) from error
        except OSError as error:
            raise repository.failure("init", error.errno or 1, str(error)) from error

    async def delete(self, key: str) -> None:
        path = self._folders.path(key)
        try:
            await asyncio.to_thread(self._folders.delete, key)
        except OSError as error:
            raise StorageUnavailable(
                f"The git storage {path.name} could not be removed from the disk.", hint="Check the permissions of the data folder."
            ) from error

    async def exists(self, key: str) -> bool:
        return await asyncio.to_thread(self._folders.exists, key)

    async def disk_size(self, key: str) -> int:
        return await asyncio.to_thread(self._folders.disk_size, key)

    async def resolve(self, key: str, revision: str) -> str:
        return await reading.resolve(self._at(key), revision)

    async def refs(self, key: str, prefix: str = "refs/") -> list[GitRef]:
        return await refs.refs(self._at(key), prefix)

    async def update_ref(self, key: str, ref: str, new: str, old: str) -> None:
        await refs.update_ref(self._at(key), ref, new, old)

    async def create_annotated_tag(self, key: str, name: str, commit_hash: str, message: str, tagger: Signature) -> str:
        return await refs.create_annotated_tag(self._at(key), name, commit_hash, message, tagger)

    async def default_branch(self, key: str) -> str:
        return await refs.default_branch(self._at(key))

    async def set_default_branch(self, key: str, branch: str) -> None:
        await refs.set_default_branch(self._at(key), branch)

    async def entry(self, key: str, commit_hash: str, path: str) -> GitEntry:
        return await reading.entry(self._at(key), commit_hash, path)

    async def tree(
        self, key: str, commit_hash: str, path: str = "", *, recursive: bool = False, after: str | None = None,
        limit: int | None = None,
    ) -> list[GitEntry]:
        return await reading.tree(
            self._at(key), commit_hash, path, recursive=recursive, after=after, limit=limit
        )

    def read_blob(self, key: str, oid: str, offset: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
        return reading.read_blob(self._at(key), oid, offset, length)

    async def blob_size(self, key: str, oid: str) -> int:
        return await reading.blob_size(self._at(key), oid)

    async def log(self, key: str, revision: str, *, path: str | None = None, skip: int = 0, limit: int = 50) -> list[GitCommit]:
        return await reading.log(self._at(key), revision, path=path, skip=skip, limit=limit)

    async def count_commits(self, key: str, revision: str = "--all") -> int:
        return await reading.count_commits(self._at(key), revision)

    async def commit(
        self, key: str, branch: str, parent: str | None, changes: AsyncIterator[Change], message: str, author: Signature
    ) -> str:
        new = writing.NewCommit(branch, parent, message, author)
        return await writing.commit(self._at(key), new, changes, self._max_blob_bytes)

    async def lfs_pointers(self, key: str, revisions: Sequence[str], exclude: Sequence[str] = ()) -> dict[str, int]:
        return await pushes.lfs_pointers(self._at(key), revisions, exclude)

    async def maintain(self, key: str) -> None:
        repository = self._at(key)
        await asyncio.to_thread(self._folders.remove_leftovers, key, time.time() - _STALE_SECONDS)
        await repository.run("repack", "--quiet", "-d", "-l", "--geometric=2", "--write-midx")
        await repository.run("pack-refs", "--all")
        await repository.run("commit-graph", "write", "--reachable", "--split", "--no-progress")

    async def recover(self, since: datetime, until: datetime) -> list[str]:
        return await asyncio.to_thread(self._folders.recover, since.timestamp(), until.timestamp())

    def advertise(self, key: str, service: GitService, protocol: str | None) -> AsyncGenerator[bytes, None]:
        return self._transport.advertise(self._at(key), service, protocol)

    def serve(
        self, key: str, service: GitService, body: AsyncIterator[bytes], protocol: str | None, rules: PushRules | None = None
    ) -> AsyncGenerator[bytes, None]:
        return self._transport.serve(self._at(key), service, body, protocol, rules)
