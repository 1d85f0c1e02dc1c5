"""Background jobs: asked for inside a transaction, released after it, run until they end well or have failed with a reason."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import structlog
from sqlalchemy import select

from hub_core.context import Context, system_context
from hub_core.db.base import new_id, utcnow
from hub_core.db.engine import Database
from hub_core.db.keyset import Keyset
from hub_core.errors import Conflict, HubError, JobNotFound, Unavailable
from hub_core.jobs.port import JobEngine
from hub_core.jobs.schemas import GetJob, JobInfo, JobState, ListJobs
from hub_core.jobs.tables import Job
from hub_core.operation import Effect, operation
from hub_core.paging import Page

MAX_ATTEMPTS = 5

_ORDER = Keyset(Job.created_at, Job.id)

JobHandler = Callable[[Context, "JobProgress", dict[str, Any]], Awaitable[None]]

log = structlog.get_logger(__name__)


class JobProgress:
    """How far a running job is, for people who wait for it."""

    def __init__(self, service: JobService, job_id: uuid.UUID) -> None:
        self._service = service
        self._job_id = job_id

    async def __call__(self, fraction: float, note: str = "") -> None:
        await self._service.update(self._job_id, progress=min(max(fraction, 0.0), 1.0), note=note)


class JobService:
    """Knows every job; runs them through a durable engine."""

    def __init__(self, database: Database, engine: JobEngine) -> None:
        self._database = database
        self._engine = engine
        self._handlers: Mapping[str, JobHandler] = {}
        self._launched = False

    def enqueue(
        self, ctx: Context, kind: str, payload: dict[str, Any], *, repository_id: uuid.UUID | None = None
    ) -> uuid.UUID:
        """Ask for a job inside the open transaction; it starts only if the transaction lands."""
        if ctx.transaction is None:
            raise RuntimeError("a job is asked for inside a transaction")
        job = Job(id=new_id(), kind=kind, payload=payload, user_id=ctx.actor.user_id, repository_id=repository_id)
        ctx.session.add(job)
        ctx.transaction.jobs.append(job.id)
        return job.id

    async def release(self, job_ids: Iterable[uuid.UUID]) -> None:
        """Start jobs whose transaction has landed. One that cannot be started yet is found again by `release_waiting`."""
        if not self._launched:
            return
        for job_id in job_ids:
            try:
                await self._engine.start(job_id)
            except Exception:  # job retry: what the caller asked for has happened, and must not look as if it had failed
                log.exception("job_not_started", job_id=str(job_id))

    async def release_waiting(self) -> None:
        """Start the jobs that were left between the end of their transaction and their start; starting one again is harmless."""
        async with self._database.transaction(write=False) as session:
            waiting = (await session.scalars(select(Job.id).where(Job.state.in_((JobState.QUEUED, JobState.RUNNING))))).all()
        await self.release(waiting)

    async def launch(self, handlers: Mapping[str, JobHandler]) -> None:
        """Start running jobs, and release those a crash left between the end of their transaction and their start."""
        self._handlers = handlers
        await self._engine.launch(self.execute)
        self._launched = True
        await self.release_waiting()

    async def close(self) -> None:
        await self._engine.close()

    async def execute(self, job_id: uuid.UUID) -> None:
        """Run one job once. Returns when it has ended, well or not; raises when it should be tried again."""
        async with self._database.transaction(write=True) as session:
            job = await session.get(Job, job_id)
            if job is None or job.state in (JobState.SUCCEEDED, JobState.FAILED):
                return
            job.state = JobState.RUNNING
            job.attempts += 1
            job.started_at = job.started_at or utcnow()
            kind, payload, attempts = job.kind, job.payload, job.attempts
        handler = self._handlers.get(kind)
        if handler is None:
            await self._fail(job_id, f"This version of the hub knows no job “{kind}”.")
            return
        try:
            await handler(system_context(f"job-{job_id}"), JobProgress(self, job_id), payload)
        except (Unavailable, Conflict) as error:  # somebody else was at the same rows: as likely to pass as a busy database
            if attempts < MAX_ATTEMPTS:
                await self.update(job_id, state=JobState.QUEUED, note=f"{error} It will be tried again.")
                raise
            await self._fail(job_id, str(error))
        except HubError as error:
            await self._fail(job_id, str(error))
        except Exception as error:  # worker edge: whatever a job does wrong ends that job, with its reason, and nothing else
            log.exception("job_crashed", job_id=str(job_id), kind=kind)
            await self._fail(job_id, f"The job ended with {type(error).__name__}. The hub's log has the details.")
        else:
            await self.update(job_id, state=JobState.SUCCEEDED, progress=1.0, finished_at=utcnow())

    async def _fail(self, job_id: uuid.UUID, reason: str) -> None:
        await self.update(job_id, state=JobState.FAILED, reason=reason, finished_at=utcnow())

    async def update(self, job_id: uuid.UUID, **values: Any) -> None:
        """Write facts about a job in a transaction of their own, visible at once."""
        async with self._database.transaction(write=True) as session:
            job = await session.get(Job, job_id)
            for name, value in values.items():
                if job is not None:
                    setattr(job, name, value)

    @operation("job.list", scope="job:read", effect=Effect.READ)
    async def list(self, ctx: Context, request: ListJobs) -> Page[JobInfo]:
        """List background jobs, newest first. Administrators see all, others those they caused."""
        query = select(Job)
        if not ctx.actor.is_admin:
            query = query.where(Job.user_id == ctx.actor.user_id)
        if request.state:
            query = query.where(Job.state == request.state)
        rows = (await ctx.session.scalars(_ORDER.page(query, request.limit, request.cursor))).all()
        page = rows[: request.limit]
        more = len(rows) > request.limit
        return Page(
            items=[_info(row) for row in page],
            next_cursor=_ORDER.cursor(page[-1]) if more else None,
        )

    @operation("job.get", scope="job:read", effect=Effect.READ)
    async def get(self, ctx: Context, request: GetJob) -> JobInfo:
        """Get one background job with its progress and, when it failed, the reason."""
        row = await ctx.session.get(Job, request.id)
        if row is None or not (ctx.actor.is_admin or row.user_id == ctx.actor.user_id):
            raise JobNotFound("There is no such job, or it is not yours.")
        return _info(row)


def _info(row: Job) -> JobInfo:
    return JobInfo(
        id=row.id, kind=row.kind, state=JobState(row.state), progress=row.progress, note=row.note, reason=row.reason,
        attempts=row.attempts, created_at=row.created_at, started_at=row.started_at, finished_at=row.finished_at,
    )
