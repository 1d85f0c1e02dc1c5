"""Writing commits: one `git fast-import` into a quarantine, then one compare-and-swap of the branch.

No work tree, no index. Until the branch moves, everything lies in a folder of its own that is simply removed when the commit fails.
"""

from __future__ import annotations

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hub_core.errors import EntryNotFound, InvalidContent, InvalidInput, InvalidPath, StaleParent, TooLarge
from hub_core.git.bare import BareRepository
from hub_core.git.layout import INCOMING, sync_folder
from hub_core.git.paths import check_path, may_be_gitmodules, readable_path
from hub_core.git.port import ZERO_OID, Change, PutFile, RemovePath, Signature
from hub_core.git.process import GitProcess
from hub_core.git.reading import check_hash
from hub_core.git.refnames import BRANCHES, HIDDEN, check_ref_name
from hub_core.git.refs import format_signature, ref_transaction

_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@dataclass(frozen=True, slots=True)
class NewCommit:
    """A commit to be made on top of `parent`, at which `branch` has to be; None for the first of the branch."""

    branch: str
    parent: str | None
    message: str
    author: Signature


async def commit(
    repository: BareRepository, new: NewCommit, changes: AsyncIterator[Change], max_blob_bytes: int
) -> str:
    """Write one commit and move its branch to it; see `GitBackend.commit`."""
    check_ref_name(new.branch)
    if "\0" in new.message or not new.message.strip():
        raise InvalidInput("The commit message is empty, or contains a NUL.", hint="Write a line of text.")
    if new.parent is not None:
        check_hash(new.parent)
    async with _quarantine(repository) as incoming:
        environment = {
            "GIT_OBJECT_DIRECTORY": str(incoming), "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(repository.path / "objects"),
        }
        async with repository.open(
            "fast-import", "--quiet", "--done", "--depth=0", "--date-format=raw",
            environment=environment, stdin=asyncio.subprocess.PIPE,
        ) as process:
            stream = _ImportStream(process, repository, new, max_blob_bytes)
            await stream.begin()
            async for change in changes:
                await stream.apply(change)
            commit_hash = await stream.finish()
        if stream.brings_gitmodules:
            await _check_strictly(repository, incoming, environment)
        async with ref_transaction(repository, BRANCHES + new.branch, commit_hash, new.parent or ZERO_OID, environment):
            await _migrate(repository, incoming)
    return commit_hash


@asynccontextmanager
async def _quarantine(repository: BareRepository) -> AsyncIterator[Path]:
    incoming = repository.path / "objects" / f"{INCOMING}{uuid.uuid4().hex}"
    try:
        await asyncio.to_thread((incoming / "pack").mkdir, parents=True)
    except OSError as error:
        raise repository.failure("fast-import", error.errno or 1, str(error)) from error
    try:
        yield incoming
    finally:
        await asyncio.to_thread(shutil.rmtree, incoming, ignore_errors=True)


async def _check_strictly(repository: BareRepository, incoming: Path, environment: dict[str, str]) -> None:
    """Let git check the new objects as it checks those of a push; fast-import checks nothing."""
    pack = next((incoming / "pack").glob("*.pack"))
    arguments = ("index-pack", "--strict", "-o", str(incoming / "checked.idx"), str(pack))
    async with repository.open(*arguments, environment=environment) as process:
        if returncode := await process.wait():
            if "gitmodules" in process.stderr:
                raise InvalidContent("git refuses the .gitmodules file as unsafe; nothing was changed.", hint="Correct or remove it.")
            raise repository.failure("index-pack", returncode, process.stderr)


async def _migrate(repository: BareRepository, incoming: Path) -> None:
    """Move the packs of a quarantine into the repository; the index goes last, for it makes a pack known."""

    def move() -> None:
        target = repository.path / "objects" / "pack"
        for file in sorted((incoming / "pack").iterdir(), key=lambda file: (file.suffix == ".idx", file.name)):
            file.rename(target / file.name)
        sync_folder(target)

    try:
        await asyncio.to_thread(move)
    except OSError as error:
        raise repository.failure("fast-import", error.errno or 1, str(error)) from error


@dataclass
class _ImportStream:
    """The conversation with one `git fast-import`, about one commit."""

    process: GitProcess
    repository: BareRepository
    new: NewCommit
    max_blob_bytes: int
    folders: set[str] = field(default_factory=set)
    brings_gitmodules: bool = False
    # The ref under which fast-import builds the commit; it is taken back before the end, so that none is ever written.
    scratch: str = field(default_factory=lambda: f"{HIDDEN}import-{uuid.uuid4().hex}")

    async def begin(self) -> None:
        who = format_signature(self.new.author)
        text = self.new.message.encode()
        start = f"commit {self.scratch}\nmark :1\nauthor {who}\ncommitter {who}\ndata {len(text)}\n".encode() + text + b"\n"
        if self.new.parent is not None:
            start += f"from {self.new.parent}\n".encode()
        await self._send(start)

    async def apply(self, change: Change) -> None:
        if isinstance(change, RemovePath):
            await self._remove(change.path)
        else:
            await self._put(change)

    async def finish(self) -> str:
        """End the commit; returns its hash once its pack is durably in the quarantine."""
        root = await self._look('ls ""')
        before = await self._look(f'ls {self.new.parent} ""') if self.new.parent else f"040000 tree {_EMPTY_TREE}\t"
        if root == before:
            raise InvalidInput("The commit would change nothing; none was made.", hint="The files are there already as given.")
        commit_hash = await self._look("get-mark :1")
        await self._send(f"reset {self.scratch}\nfrom {ZERO_OID}\n\ndone\n".encode())
        self.process.end_input()
        if returncode := await self.process.wait():
            raise await self._failure(returncode)
        return commit_hash

    async def _put(self, change: PutFile) -> None:
        path = check_path(change.path)
        if change.size > self.max_blob_bytes:
            raise TooLarge(
                f"{path!r} has {change.size} bytes; a plain file has at most {self.max_blob_bytes}.", hint="Store it with LFS.",
                path=path, limit=self.max_blob_bytes,
            )
        self.brings_gitmodules |= may_be_gitmodules(path)
        await self._check_folders(path)
        mode = "100755" if change.executable else "100644"
        await self._send(f"M {mode} inline {_quote(path)}\ndata {change.size}\n".encode())
        received = 0
        async for block in change.content:
            received += len(block)
            if received > change.size:
                break
            await self._send(block)
        if received != change.size:
            raise InvalidContent(
                f"{path!r} should have {change.size} bytes and has {'more' if received > change.size else received}; "
                "nothing was changed.", hint="Send the file again.", path=path,
            )
        await self._send(b"\n")
        self.folders.discard(path)

    async def _remove(self, path: str) -> None:
        if not readable_path(path) or (await self._look(f"ls {_quote(path)}")).startswith("missing"):
            raise EntryNotFound(f"There is no {path!r} to remove; nothing was changed.", hint="List the folder.", path=path)
        await self._send(f"D {_quote(path)}\n".encode())

    async def _check_folders(self, path: str) -> None:
        """Refuse a file where a folder is, and a folder where a file is: fast-import would replace either in silence."""
        if (await self._look(f"ls {_quote(path)}")).startswith("040000"):
            raise InvalidPath(f"{path!r} is a folder; nothing was changed.", hint="Remove the folder first, or choose another name.")
        parts = path.split("/")[:-1]
        for depth in range(len(parts), 0, -1):
            folder = "/".join(parts[:depth])
            if folder in self.folders:
                break
            found = await self._look(f"ls {_quote(folder)}")
            if not found.startswith(("missing", "040000")):
                raise InvalidPath(f"{folder!r} is a file, so it cannot hold {path!r}; nothing was changed.", hint="Remove the file first.")
            self.folders.add(folder)

    async def _look(self, command: str) -> str:
        """Ask fast-import something; returns its one line of answer."""
        await self._send(f"{command}\n".encode())
        try:
            return (await self.process.read_line()).decode(errors="replace")
        except asyncio.IncompleteReadError:
            raise await self._failure(await self.process.wait()) from None

    async def _send(self, data: bytes) -> None:
        if not await self.process.write(data):
            raise await self._failure(await self.process.wait())

    async def _failure(self, returncode: int) -> Exception:
        stderr = self.process.stderr
        report = self.repository.path / f"fast_import_crash_{self.process.pid}"
        await asyncio.to_thread(report.unlink, missing_ok=True)
        if self.new.parent is not None and ("Not a valid commit" in stderr or "Not a commit" in stderr or "object not found" in stderr):
            return StaleParent(
                f"The parent commit {self.new.parent} is not in this repository; nothing was changed.", hint="Read the branch again."
            )
        return self.repository.failure("fast-import", returncode, stderr)


def _quote(path: str) -> str:
    """A path in the C-style quotes of fast-import."""
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
