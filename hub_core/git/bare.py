"""One bare repository on disk: git commands in it, and errors people can act on when they fail."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from hub_core.errors import HubError, StorageFull, StorageUnavailable
from hub_core.git.process import Config, GitBinary, GitProcess

log = structlog.get_logger(__name__)

_FULL = ("No space left on device", "Disk quota exceeded", "Out of diskspace")
# Some of git's messages do not say why a write failed.
_NEARLY_FULL_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Finished:
    """What a git command that ended has left."""

    returncode: int
    stdout: bytes
    stderr: str


@dataclass(frozen=True, slots=True)
class BareRepository:
    """The repository in the folder `path`."""

    git: GitBinary
    path: Path

    @asynccontextmanager
    async def open(
        self, *arguments: str, config: Config = (), environment: dict[str, str] | None = None,
        stdin: int = asyncio.subprocess.DEVNULL, stdout: int = asyncio.subprocess.PIPE, pass_fds: Sequence[int] = (),
    ) -> AsyncIterator[GitProcess]:
        """Run a command for the length of a `with` block; what is left of its group at the end is killed."""
        process = await self.git.start(
            *arguments, environment=self.git.environment(self.path, config) | (environment or {}),
            stdin=stdin, stdout=stdout, pass_fds=pass_fds,
        )
        try:
            yield process
        finally:
            await process.stop()

    async def run(
        self, *arguments: str, stdin: bytes | None = None, config: Config = (), expect: Iterable[int] = (0,)
    ) -> Finished:
        """Run a short command to its end and return what it wrote.

        Any exit status outside `expect` raises what `failure` makes of it.
        """
        pipe = asyncio.subprocess.PIPE if stdin is not None else asyncio.subprocess.DEVNULL
        async with self.git.short_commands, self.open(*arguments, config=config, stdin=pipe) as process:
            output, _ = await asyncio.gather(process.read_all(), process.feed(stdin))
            finished = Finished(await process.wait(), output, process.stderr)
        if finished.returncode not in expect:
            raise self.failure(arguments[0], finished.returncode, finished.stderr)
        return finished

    def failure(self, command: str, returncode: int, stderr: str) -> HubError:
        """The error for a git command that ended as it should not have. git's own words go to the log only."""
        log.warning("git_failed", command=command, repository=self.path.name, returncode=returncode, stderr=stderr)
        if any(words in stderr for words in _FULL) or _free_bytes(self.path) < _NEARLY_FULL_BYTES:
            return StorageFull(
                "The disk of the hub's repositories is full; nothing was changed.", hint="An administrator has to free space."
            )
        return self.not_there() or StorageUnavailable(
            f"git could not finish '{command}' on this repository; nothing was changed.",
            hint="Try again; if it stays so, an administrator finds the cause in the hub's log under 'git_failed'.",
        )

    def not_there(self) -> StorageUnavailable | None:
        """The error when the repository itself is not on the disk. One `stat`, so it may run in the event loop."""
        if (self.path / "HEAD").exists():
            return None
        return StorageUnavailable(
            "The git storage of this repository is not on the disk.",
            hint="An administrator should check that the data folder is mounted, or restore the repository from a backup.",
        )


def _free_bytes(folder: Path) -> int:
    while not folder.exists():
        folder = folder.parent
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize
