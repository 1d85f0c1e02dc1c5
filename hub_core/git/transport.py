"""The two services of the smart protocol, upload-pack and receive-pack, one stateless round at a time."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path

import structlog

from hub_core.errors import InvalidInput
from hub_core.git.bare import BareRepository
from hub_core.git.port import GitService, PushRules
from hub_core.git.process import Config, GitProcess
from hub_core.git.receiving import PushConversation, check_hooks

log = structlog.get_logger(__name__)

_UPLOAD_CONFIG: Config = (
    ("uploadpack.allowFilter", "true"),
    # sparse:oid and combine make the server walk trees at a client's will.
    ("uploadpackfilter.allow", "false"),
    ("uploadpackfilter.blob:none.allow", "true"),
    ("uploadpackfilter.blob:limit.allow", "true"),
    ("uploadpackfilter.tree.allow", "true"),
    ("uploadpackfilter.tree.maxDepth", "0"),
    ("uploadpack.keepAlive", "5"),
)
_RECEIVE_CONFIG: Config = (
    ("receive.fsckObjects", "true"),
    # Faults of old tools, found in the history of well-known repositories.
    ("receive.fsck.missingSpaceBeforeDate", "warn"),
    ("receive.fsck.zeroPaddedFilemode", "warn"),
    ("receive.fsck.badTimezone", "warn"),
    ("receive.autogc", "false"),
    ("receive.advertisePushOptions", "true"),
    ("receive.keepAlive", "5"),
    # The hub writes these refs itself.
    ("receive.hideRefs", "refs/convert"),
)
_FINISH_SECONDS = 60.0


class Transport:
    """Runs the services on repositories on disk."""

    def __init__(self, *, max_blob_bytes: int, max_push_bytes: int) -> None:
        self._max_blob_bytes = max_blob_bytes
        self._pushing: Counter[Path] = Counter()
        self._receive_config: Config = (*_RECEIVE_CONFIG, ("receive.maxInputSize", str(max_push_bytes)))

    async def advertise(self, repository: BareRepository, service: GitService, protocol: str | None) -> AsyncGenerator[bytes, None]:
        """The refs and capabilities of `service`; see `GitBackend.advertise`."""
        config = _UPLOAD_CONFIG if service is GitService.UPLOAD_PACK else self._receive_config
        async with repository.open(
            _command(service), "--stateless-rpc", "--http-backend-info-refs", str(repository.path),
            config=config, environment=_protocol(protocol),
        ) as process:
            while block := await process.read():
                yield block
            if returncode := await process.wait():
                raise repository.failure(_command(service), returncode, process.stderr)

    def serve(
        self, repository: BareRepository, service: GitService, body: AsyncIterator[bytes], protocol: str | None, rules: PushRules | None
    ) -> AsyncGenerator[bytes, None]:
        """One round of `service`; see `GitBackend.serve`."""
        if service is GitService.UPLOAD_PACK:
            return self._upload(repository, body, protocol)
        return self._receive(repository, body, protocol, rules or PushRules())

    async def _upload(self, repository: BareRepository, body: AsyncIterator[bytes], protocol: str | None) -> AsyncGenerator[bytes, None]:
        async with repository.open(
            "upload-pack", "--stateless-rpc", "--strict", str(repository.path),
            config=_UPLOAD_CONFIG, environment=_protocol(protocol), stdin=asyncio.subprocess.PIPE,
        ) as process, aclosing(_exchange(repository, process, body)) as blocks:
            async for block in blocks:
                yield block

    async def _receive(
        self, repository: BareRepository, body: AsyncIterator[bytes], protocol: str | None, rules: PushRules
    ) -> AsyncGenerator[bytes, None]:
        check_hooks()
        async with self._tidied(repository), aclosing(self._push(repository, body, protocol, rules)) as blocks:
            async for block in blocks:
                yield block

    @asynccontextmanager
    async def _tidied(self, repository: BareRepository) -> AsyncIterator[None]:
        """Leave no quarantine behind: git removes its own unless a child still writes into it while the group is being ended."""
        self._pushing[repository.path] += 1
        try:
            yield
        except BaseException:
            if self._pushing[repository.path] == 1:
                await asyncio.to_thread(_remove_quarantines, repository.path)
            raise
        finally:
            self._pushing[repository.path] -= 1
            if not self._pushing[repository.path]:
                del self._pushing[repository.path]

    async def _push(
        self, repository: BareRepository, body: AsyncIterator[bytes], protocol: str | None, rules: PushRules
    ) -> AsyncGenerator[bytes, None]:
        with PushConversation(repository, rules, self._max_blob_bytes) as conversation:
            async with repository.open(
                "receive-pack", "--stateless-rpc", str(repository.path),
                config=(*self._receive_config, *conversation.config), environment=_protocol(protocol) | conversation.environment,
                stdin=asyncio.subprocess.PIPE, pass_fds=conversation.descriptors,
            ) as process:
                conversation.close_hook_ends()
                answers = asyncio.create_task(conversation.run())
                try:
                    async with aclosing(_exchange(repository, process, body)) as blocks:
                        async for block in blocks:
                            yield block
                    await answers
                finally:
                    if conversation.moving:
                        await _finish(process, answers)
                    await _end(answers)


async def _exchange(repository: BareRepository, process: GitProcess, body: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Send `body` to git while yielding what it answers. An error of `body` is raised as soon as git has noticed its end."""
    pump = asyncio.create_task(_pump(body, process))
    answered = False
    try:
        while block := await process.read_block():
            if pump.done():
                pump.result()
            answered = True
            yield block
        if pump.done():
            pump.result()
        if returncode := await process.wait():
            log.info("git_refused", repository=repository.path.name, returncode=returncode, stderr=process.stderr)
            if not answered:
                raise InvalidInput("git cannot read this request; nothing was changed.", hint="Try again with a current git client.")
    finally:
        await _end(pump)


async def _pump(body: AsyncIterator[bytes], process: GitProcess) -> None:
    reading = True
    try:
        async for block in body:
            # What git does not want any more is still taken from the client: it reads the answer only after it has sent everything.
            reading = reading and await process.write(block)
    finally:
        process.end_input()


def _remove_quarantines(repository: Path) -> None:
    for quarantine in (repository / "objects").glob("tmp_objdir-incoming-*"):
        shutil.rmtree(quarantine, ignore_errors=True)


async def _finish(process: GitProcess, answers: asyncio.Task[None]) -> None:
    """Let git move the refs it is allowed to move, although nobody listens: half a push must not go unreported."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_FINISH_SECONDS):
            while await process.read():
                pass
            await asyncio.wait([answers])


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()  # it was raised where it mattered; asking marks it as seen


def _command(service: GitService) -> str:
    return service.value.removeprefix("git-")


def _protocol(protocol: str | None) -> dict[str, str]:
    return {"GIT_PROTOCOL": protocol} if protocol else {}
