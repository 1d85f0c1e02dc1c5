"""The port behind which background work is made durable."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Protocol

Execute = Callable[[uuid.UUID], Awaitable[None]]


class JobEngine(Protocol):
    """Runs jobs at least once, also after the process was killed in the middle of one."""

    async def launch(self, execute: Execute) -> None:
        """Begin to run jobs with `execute(job_id)`, first those that an earlier process left unfinished.

        An exception of `execute` means: try again later.
        """

    async def start(self, job_id: uuid.UUID) -> None:
        """Run a job soon; starting the same job twice runs it once."""

    async def close(self) -> None:
        """Stop running jobs; those in progress are resumed by the next launch."""
