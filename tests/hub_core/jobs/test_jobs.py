"""Background jobs: after the transaction or not at all, until they end, with a reason when they fail."""

from __future__ import annotations

import asyncio

import pytest

from hub_core.bootstrap import build_hub
from hub_core.context import system_context
from hub_core.errors import InvalidContent, JobNotFound, StorageUnavailable
from hub_core.jobs.schemas import GetJob, JobState, ListJobs
from hub_core.jobs.service import MAX_ATTEMPTS, JobService
from hub_core.migrations import upgrade
from tests.conftest import add_user


class Handlers:
    """Jobs to watch."""

    def __init__(self):
        self.runs: list[str] = []
        self.failures: list[Exception] = []

    async def work(self, ctx, progress, payload):
        assert ctx.surface == "system"
        self.runs.append(payload["name"])
        await progress(0.5, "Half way")
        if self.failures:
            raise self.failures.pop(0)


@pytest.fixture
def handlers():
    return Handlers()


@pytest.fixture
async def jobs_hub(settings, handlers):
    hub = build_hub(settings)
    await upgrade(hub.database)
    await hub.services.jobs.launch({"test.work": handlers.work})
    async with hub.started(jobs=False):
        yield hub


async def ended(hub, job_id):
    for _ in range(600):
        job = await hub.run(JobService.get, system_context(), GetJob(id=job_id))
        if job.state in (JobState.SUCCEEDED, JobState.FAILED):
            return job
        await asyncio.sleep(0.05)
    raise AssertionError(job)


async def enqueue(hub, name="a", ctx=None):
    async with hub.transaction(ctx or system_context()) as inside:
        return hub.services.jobs.enqueue(inside, "test.work", {"name": name})


async def test_a_job_runs_once_its_transaction_has_landed(jobs_hub, handlers):
    job = await ended(jobs_hub, await enqueue(jobs_hub))
    assert (job.state, job.progress, job.note, job.attempts) == (JobState.SUCCEEDED, 1.0, "Half way", 1)
    assert handlers.runs == ["a"]


async def test_a_job_of_a_failed_transaction_never_was(jobs_hub, handlers):
    with pytest.raises(ZeroDivisionError):
        async with jobs_hub.transaction(system_context()) as inside:
            jobs_hub.services.jobs.enqueue(inside, "test.work", {"name": "a"})
            raise ZeroDivisionError
    assert (await jobs_hub.run(JobService.list, system_context(), ListJobs())).items == []
    assert handlers.runs == []


async def test_a_job_that_cannot_work_ends_with_its_reason(jobs_hub, handlers):
    handlers.failures = [InvalidContent("The file is torn.")]
    job = await ended(jobs_hub, await enqueue(jobs_hub))
    assert (job.state, job.reason) == (JobState.FAILED, "The file is torn.")
    handlers.failures = [ValueError("secret detail")]
    job = await ended(jobs_hub, await enqueue(jobs_hub, "b"))
    assert job.state is JobState.FAILED
    assert "ValueError" in (job.reason or "")
    assert "secret" not in (job.reason or "")


async def test_what_may_pass_is_tried_again(jobs_hub, handlers):
    handlers.failures = [StorageUnavailable("The disk is away.")]
    job = await ended(jobs_hub, await enqueue(jobs_hub))
    assert (job.state, job.attempts) == (JobState.SUCCEEDED, 2)
    assert MAX_ATTEMPTS > 2


async def test_a_job_that_a_crash_left_behind_is_found_at_the_next_start(settings, handlers):
    hub = build_hub(settings)
    await upgrade(hub.database)
    async with hub.database.transaction(write=True) as session:
        from hub_core.jobs.tables import Job

        row = Job(kind="test.work", payload={"name": "left"})
        session.add(row)
    await hub.services.jobs.launch({"test.work": handlers.work})
    async with hub.started(jobs=False):
        assert (await ended(hub, row.id)).state is JobState.SUCCEEDED
    assert handlers.runs == ["left"]


async def test_jobs_are_their_owners_and_the_administrators(jobs_hub):
    alice, bob = await add_user(jobs_hub, "alice"), await add_user(jobs_hub, "bob")
    job_id = await enqueue(jobs_hub, ctx=alice)
    await ended(jobs_hub, job_id)
    assert [job.id for job in (await jobs_hub.run(JobService.list, alice, ListJobs())).items] == [job_id]
    assert (await jobs_hub.run(JobService.list, bob, ListJobs())).items == []
    with pytest.raises(JobNotFound):
        await jobs_hub.run(JobService.get, bob, GetJob(id=job_id))
