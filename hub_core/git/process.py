"""Running the git binary: a closed environment, a process group of its own, back-pressure both ways."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

import structlog

from hub_core.errors import StorageUnavailable

log = structlog.get_logger(__name__)

BLOCK_BYTES = 256 * 1024
"""How much is read from a process at once; also about what is buffered before the process has to wait."""

_STDERR_KEPT_BYTES = 16 * 1024
_PATIENCE_SECONDS = 5.0
_GATHERING_SECONDS = 0.002

Config = Sequence[tuple[str, str]]

BASE_CONFIG: Config = (
    ("core.fsync", "objects,derived-metadata,reference"),
    ("core.bigFileThreshold", "4m"),
    ("core.filesRefLockTimeout", "2000"),
    ("core.packedRefsTimeout", "5000"),
    ("core.logAllRefUpdates", "always"),
    ("core.hooksPath", "/dev/null"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    # One small pack per commit or push takes two fsyncs, loose objects one each.
    ("transfer.unpackLimit", "0"),
    ("fastimport.unpackLimit", "0"),
    ("transfer.hideRefs", "refs/hub"),
    ("pack.threads", "2"),
    ("pack.windowMemory", "256m"),
    ("protocol.allow", "never"),
)
"""Settings of every git process. They come from the environment, so no file inside a repository can weaken them."""


class GitProcess:
    """A running git command, leader of its own process group."""

    def __init__(self, process: asyncio.subprocess.Process, command: str) -> None:
        self._process = process
        self._command = command
        # The streams that were not asked for are None; using one is a defect that fails at once.
        self._stdin = cast("asyncio.StreamWriter", process.stdin)
        self._stdout = cast("asyncio.StreamReader", process.stdout)
        self._stderr = bytearray()
        self._stderr_task = asyncio.create_task(self._keep_stderr(cast("asyncio.StreamReader", process.stderr)))

    @property
    def pid(self) -> int:
        """The process id, which is the id of its group too."""
        return self._process.pid

    @property
    def stderr(self) -> str:
        """The end of what the command wrote to stderr so far: for the log, never for a caller."""
        return self._stderr.decode(errors="replace").strip()

    async def write(self, data: bytes) -> bool:
        """Send `data` to stdin and wait until it is nearly taken; False when the command does not read any more."""
        try:
            self._stdin.write(data)
            await self._stdin.drain()
        # uvloop raises RuntimeError where asyncio raises BrokenPipeError.
        except (BrokenPipeError, ConnectionResetError, RuntimeError):
            return False
        return True

    def end_input(self) -> None:
        """Close stdin."""
        self._stdin.close()

    async def read(self, size: int = BLOCK_BYTES) -> bytes:
        """Up to `size` bytes of stdout as soon as there are any; empty at its end."""
        return await self._stdout.read(size)

    async def read_block(self) -> bytes:
        """Like `read`, but lets a small block grow for a moment: git writes in small pieces, and each one sent costs a system call."""
        block = bytearray(await self._stdout.read(BLOCK_BYTES))
        with suppress(TimeoutError):
            async with asyncio.timeout(_GATHERING_SECONDS):
                while 0 < len(block) < BLOCK_BYTES // 2 and (more := await self._stdout.read(BLOCK_BYTES)):
                    block += more
        return bytes(block)

    async def read_all(self) -> bytes:
        """All of stdout."""
        return await self._stdout.read()

    async def feed(self, data: bytes | None) -> None:
        """Send all of stdin and close it; None when it is not open."""
        if data is not None:
            await self.write(data)
            self.end_input()

    async def read_exactly(self, size: int) -> bytes:
        """Exactly `size` bytes of stdout; raises `asyncio.IncompleteReadError` when it ends before."""
        return await self._stdout.readexactly(size)

    async def read_line(self) -> bytes:
        """The next line of stdout without its line feed; raises `asyncio.IncompleteReadError` at the end."""
        return (await self._stdout.readuntil(b"\n"))[:-1]

    async def records(self, separator: bytes = b"\0") -> AsyncIterator[bytes]:
        """The records of stdout, each ended by `separator`, however long."""
        rest = b""
        while block := await self.read():
            *whole, rest = (rest + block).split(separator)
            for record in whole:
                yield record

    async def wait(self) -> int:
        """Wait for the end; returns the exit status."""
        await self._stderr_task
        return await self._process.wait()

    async def stop(self) -> None:
        """End the whole group. git gets the time to remove its lock files and its quarantine."""
        if self._process.returncode is None:
            self._signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    await self._discard_output()
            except TimeoutError:
                self._signal(signal.SIGKILL)
                log.warning("git_killed", command=self._command)
        await self._discard_output()

    async def _discard_output(self) -> None:
        # The pipes close only once they are read to their ends.
        if self._process.stdin is not None:
            self._stdin.close()
        if self._process.stdout is not None:
            while await self._stdout.read(BLOCK_BYTES):
                pass
        await self.wait()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    async def _keep_stderr(self, stream: asyncio.StreamReader) -> None:
        while block := await stream.read(4096):
            self._stderr += block
            del self._stderr[:-_STDERR_KEPT_BYTES]


class GitBinary:
    """The git program of this machine.

    `short_commands` is how many commands that only look something up run at a time; the others wait.
    """

    def __init__(self, program: str = "git", *, short_commands: int = 16) -> None:
        found = shutil.which(program)
        if found is None:
            raise StorageUnavailable(
                f"The program {program!r} is not on this machine.", hint="Install git 2.39 or newer and start the hub again."
            )
        self.program = found
        self._path = os.pathsep.join([str(Path(found).parent), "/usr/local/bin", "/usr/bin", "/bin"])
        self.short_commands = asyncio.Semaphore(short_commands)

    def environment(self, repository: Path, config: Config = ()) -> dict[str, str]:
        """The whole environment of a git process: nothing of the hub's own, nothing of a user's configuration."""
        # The data folder is the hub's, whoever owns it on the disk; git would refuse a volume owned by another user.
        settings = [*BASE_CONFIG, ("safe.directory", str(repository)), *config]
        environment = {
            "PATH": self._path,
            "HOME": "/nonexistent",
            "LC_ALL": "C",
            "GIT_DIR": str(repository),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LITERAL_PATHSPECS": "1",
            # A pushed refs/replace must not change what the hub reads.
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_COMMITTER_NAME": "hubpilot",
            "GIT_COMMITTER_EMAIL": "hubpilot@localhost",
            "GIT_CONFIG_COUNT": str(len(settings)),
        }
        for number, (name, value) in enumerate(settings):
            environment[f"GIT_CONFIG_KEY_{number}"] = name
            environment[f"GIT_CONFIG_VALUE_{number}"] = value
        return environment

    async def start(
        self, *arguments: str, environment: dict[str, str], stdin: int, stdout: int, pass_fds: Sequence[int]
    ) -> GitProcess:
        """Start git; whoever starts a process stops it."""
        try:
            process = await asyncio.create_subprocess_exec(
                self.program, *arguments, env=environment, cwd="/", start_new_session=True, limit=BLOCK_BYTES,
                stdin=stdin, stdout=stdout, stderr=asyncio.subprocess.PIPE, pass_fds=pass_fds,
            )
        except OSError as error:
            log.exception("git_not_started", program=self.program)
            raise StorageUnavailable(
                "The hub cannot start git now.",
                hint="Try again; if it stays so, an administrator should check that git is installed and processes are not exhausted.",
            ) from error
        return GitProcess(process, arguments[0])
