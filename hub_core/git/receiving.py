"""The hub's side of the hooks of one `git receive-pack`.

The hook is a few lines of sh. It writes what git tells it into one pipe, and reads the hub's answer from another; both are inherited, so
they end with the processes that hold them, and nobody else can reach them. All checks happen here, in the hub.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import structlog

from hub_core.errors import HubError, StorageUnavailable
from hub_core.git.bare import BareRepository
from hub_core.git.port import ZERO_OID, PushRules, RefUpdate
from hub_core.git.process import Config
from hub_core.git.pushes import check_new_objects
from hub_core.git.refnames import check_full_ref

log = structlog.get_logger(__name__)

HOOKS = Path(__file__).parent / "hooks"

# An answer has to fit into a pipe at once, so that writing it cannot block.
_ANSWER_BYTES = 16 * 1024
_UNCHECKED = "The hub failed to check this push; nothing was changed. An administrator finds the cause in its log."
_UNNOTED = "The push is stored, but the hub failed to take note of it. An administrator finds the cause in its log."


class PushConversation:
    """Answers the hooks of one push. `moving` is true from the moment that the refs may move."""

    def __init__(self, repository: BareRepository, rules: PushRules, max_blob_bytes: int) -> None:
        self._repository = repository
        self._rules = rules
        self._max_blob_bytes = max_blob_bytes
        self.moving = False
        self._report_end, report_end_of_hook = os.pipe()
        answer_end_of_hook, self._answer_end = os.pipe()
        self.descriptors = (report_end_of_hook, answer_end_of_hook)
        self._open = {self._report_end, self._answer_end, *self.descriptors}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close what is open; a hook that still waits takes it as a refusal."""
        self._close(*self._open)

    @property
    def config(self) -> Config:
        """Settings under which git runs the hooks."""
        return (("core.hooksPath", str(HOOKS)),)

    @property
    def environment(self) -> dict[str, str]:
        """Where the hooks find their pipes, and who is pushing."""
        return {
            "HUBPILOT_REPORT_FD": str(self.descriptors[0]),
            "HUBPILOT_ANSWER_FD": str(self.descriptors[1]),
            "GIT_COMMITTER_NAME": self._rules.pusher_name.replace("\0", "") or "unknown",
            "GIT_COMMITTER_EMAIL": self._rules.pusher_email.replace("\0", ""),
        }

    def close_hook_ends(self) -> None:
        """Let go of what the child has inherited, so that its end is seen."""
        self._close(*self.descriptors)

    async def run(self) -> None:
        """Answer until receive-pack and its hooks are gone."""
        self._open.discard(self._report_end)
        async with _lines(self._report_end) as reports:
            while hook := await reports.readline():
                objects = (await reports.readline()).decode().rstrip("\n")
                alternates = (await reports.readline()).decode().rstrip("\n")
                updates = []
                while (line := await reports.readline()) not in (b"end\n", b""):
                    old, new, ref = line.decode(errors="replace").rstrip("\n").split(" ", 2)
                    updates.append(RefUpdate(ref, old, new))
                if line:
                    environment = {"GIT_OBJECT_DIRECTORY": objects, "GIT_ALTERNATE_OBJECT_DIRECTORIES": alternates}
                    await self._answer(hook.decode().strip(), updates, environment if objects else {})

    def _close(self, *descriptors: int) -> None:
        for descriptor in descriptors:
            self._open.discard(descriptor)
            os.close(descriptor)

    async def _answer(self, hook: str, updates: list[RefUpdate], environment: dict[str, str]) -> None:
        refusal: str | None = _UNNOTED if self.moving else _UNCHECKED
        try:
            if hook == "pre-receive":
                await self._check(updates, environment)
                self.moving = True
            elif self._rules.pushed is not None:
                await self._rules.pushed(updates)
            refusal = None
        except HubError as error:
            log.info("push_refused", repository=self._repository.path.name, hook=hook, code=error.code)
            refusal = str(error)
        finally:
            self._write(refusal)

    async def _check(self, updates: list[RefUpdate], environment: dict[str, str]) -> None:
        new = [update for update in updates if update.new != ZERO_OID]
        for update in new:
            check_full_ref(update.ref)
        if new:
            await check_new_objects(
                self._repository, [update.new for update in new], environment, self._rules, self._max_blob_bytes
            )

    def _write(self, refusal: str | None) -> None:
        text = b""
        if refusal is not None:
            shown = f"hubpilot: {refusal}".encode()[:_ANSWER_BYTES].decode(errors="ignore")
            text = "".join(f":{line}\n" for line in shown.splitlines()).encode()
        try:
            os.write(self._answer_end, text + (b"allow\n" if refusal is None else b"refuse\n"))
        except BrokenPipeError:  # the hook is gone, and with it the push
            return


def check_hooks() -> None:
    """Raise `StorageUnavailable` unless git can run the hooks: it would leave them out in silence."""
    if not os.access(HOOKS / "pre-receive", os.X_OK) or not os.access(HOOKS / "post-receive", os.X_OK):
        raise StorageUnavailable(
            "Pushes are refused, for git cannot run the hub's hooks.", hint=f"Make the files in {HOOKS.name}/ of the installation executable."
        )


@asynccontextmanager
async def _lines(descriptor: int) -> AsyncIterator[asyncio.StreamReader]:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    try:
        yield reader
    finally:
        transport.close()
