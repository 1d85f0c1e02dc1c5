"""The durable engine on DBOS: one workflow a job, kept in DBOS's own database, resumed after a crash.

DBOS runs its workflows in threads of its own, while the hub's services live on one event loop. So a workflow does one thing: it asks the
hub's loop to execute the job and waits. DBOS is a singleton of the process, hence so is this engine.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from contextvars import Context
from functools import cache
from typing import ClassVar

from hub_core.jobs.port import Execute
from hub_core.jobs.service import MAX_ATTEMPTS

# Version and executor are fixed: an upgraded hub must resume what the version before it left.
_VERSION = "1"
_EXECUTOR = "hubpilot"
_LAST_SECONDS = 10.0


class DbosJobEngine:
    """`JobEngine` on SQLite or PostgreSQL."""

    current: ClassVar[DbosJobEngine | None] = None

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._execute: Execute | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def launch(self, execute: Execute) -> None:
        self._execute = execute
        self._loop = asyncio.get_running_loop()
        if DbosJobEngine.current is not None:
            raise RuntimeError("one process runs one job engine")
        DbosJobEngine.current = self
        await asyncio.to_thread(self._launch)

    def _launch(self) -> None:
        from dbos import DBOS, DBOSConfig  # noqa: PLC0415  # imported where it is used: a second that start-up need not wait for

        _registered()
        config: DBOSConfig = {
            "name": "hubpilot", "system_database_url": self._database_url, "application_version": _VERSION,
            "executor_id": _EXECUTOR, "log_level": "ERROR", "max_executor_threads": 4,
        }
        DBOS(config=config)
        logging.getLogger("dbos").setLevel(logging.ERROR)
        DBOS.launch()

    async def start(self, job_id: uuid.UUID) -> None:
        def start() -> None:
            from dbos import DBOS, SetWorkflowID  # noqa: PLC0415

            with SetWorkflowID(str(job_id)):
                DBOS.start_workflow(_registered()[0], str(job_id))

        # A job that asks for another one would hand its own context down, and DBOS starts no workflow inside a step.
        await asyncio.to_thread(Context().run, start)

    async def close(self) -> None:
        if DbosJobEngine.current is self:
            DbosJobEngine.current = None
            if self._running:
                # A job cut off inside a transaction would touch the database after its loop is gone. What is slower is recovered later.
                _, slow = await asyncio.wait(self._running, timeout=_LAST_SECONDS)
                for task in slow:
                    task.cancel()
            await asyncio.to_thread(_destroy)

    def run(self, job_id: str) -> None:
        if self._execute is None or self._loop is None or self._loop.is_closed():
            raise RuntimeError("the job engine is not running")
        asyncio.run_coroutine_threadsafe(self._tracked(self._execute, uuid.UUID(job_id)), self._loop).result()

    async def _tracked(self, execute: Execute, job_id: uuid.UUID) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # a coroutine runs in a task
        self._running.add(task)
        try:
            await execute(job_id)
        finally:
            self._running.discard(task)


def _destroy() -> None:
    from dbos import DBOS  # noqa: PLC0415

    DBOS.destroy()


def _execute_job(job_id: str) -> None:
    engine = DbosJobEngine.current
    if engine is None:
        raise RuntimeError("the job engine is not running")
    engine.run(job_id)


def _run_job(job_id: str) -> None:
    _registered()[1](job_id)


@cache
def _registered() -> tuple[Callable[[str], None], Callable[[str], None]]:
    """The workflow and its step, registered with DBOS."""
    from dbos import DBOS  # noqa: PLC0415

    step = DBOS.step(name="execute", retries_allowed=True, max_attempts=MAX_ATTEMPTS, interval_seconds=1.0, backoff_rate=3.0)
    return DBOS.workflow(name="job", max_recovery_attempts=100)(_run_job), step(_execute_job)
