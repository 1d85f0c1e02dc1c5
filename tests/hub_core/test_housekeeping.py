"""What the hub does by itself, and what it leaves undone for the next round."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from hub_core.accounts.tables import OneTimeLink, WebSession
from hub_core.bootstrap import build_hub
from hub_core.context import ANONYMOUS, Context, Surface, Transaction, system_context
from hub_core.db.base import utcnow
from hub_core.errors import Conflict, NotAuthenticated
from hub_core.events.schemas import ListActivity
from hub_core.events.service import ActivityService
from hub_core.jobs.schemas import GetJob, JobState
from hub_core.jobs.service import JobService
from hub_core.migrations import upgrade
from hub_core.names import RepositoryType
from hub_core.repositories.schemas import CreateRepository
from hub_core.repositories.service import RepositoryService
from tests.conftest import settled


class FlakyEngine:
    """Runs jobs in the event loop; does not answer the first time."""

    def __init__(self):
        self.down = True
        self.runs = []

    async def launch(self, execute):
        self._execute = execute

    async def start(self, job_id):
        if self.down:
            self.down = False
            raise ConnectionError("the engine's database is away")
        self.runs.append(job_id)
        try:
            await self._execute(job_id)
        except Conflict:
            await self._execute(job_id)

    async def close(self):
        return


async def test_what_is_refused_to_strangers_is_not_logged(hub):
    stranger = Context(ANONYMOUS, Surface.REST)
    with pytest.raises(NotAuthenticated):
        await hub.run(RepositoryService.create, stranger, CreateRepository(type=RepositoryType.DATASET, name="iris"))
    assert (await hub.run(ActivityService.list, system_context(), ListActivity())).items == []


async def test_an_engine_that_is_away_fails_no_call_and_loses_no_job(hub):
    engine = FlakyEngine()
    jobs = JobService(hub.database, engine)
    done = []

    async def work(ctx, progress, payload):
        done.append(payload)

    await jobs.launch({"test.work": work})
    async with hub.database.transaction(write=True) as session:
        inside = system_context().within(Transaction(session))
        job_id = jobs.enqueue(inside, "test.work", {"name": "a"})
    await jobs.release([job_id])
    assert done == []
    await jobs.release_waiting()
    assert (engine.runs, done) == ([job_id], [{"name": "a"}])


async def test_a_job_that_met_somebody_else_is_tried_again(hub):
    engine = FlakyEngine()
    engine.down = False
    jobs = JobService(hub.database, engine)
    meetings = [Conflict("Somebody else was first.")]

    async def work(ctx, progress, payload):
        if meetings:
            raise meetings.pop()

    await jobs.launch({"test.work": work})
    async with hub.database.transaction(write=True) as session:
        job_id = jobs.enqueue(system_context().within(Transaction(session)), "test.work", {})
    await jobs.release([job_id])
    assert (await hub.run(JobService.get, system_context(), GetJob(id=job_id))).state is JobState.SUCCEEDED


async def test_starting_a_running_job_again_runs_it_once(settings):
    hub = build_hub(settings)
    await upgrade(hub.database)
    begun, go_on, runs = asyncio.Event(), asyncio.Event(), []

    async def work(ctx, progress, payload):
        runs.append(payload)
        begun.set()
        await go_on.wait()

    await hub.services.jobs.launch({"test.work": work})
    async with hub.started(jobs=False):
        async with hub.transaction(system_context()) as ctx:
            hub.services.jobs.enqueue(ctx, "test.work", {"name": "a"})
        await asyncio.wait_for(begun.wait(), 30)
        await hub.services.jobs.release_waiting()
        go_on.set()
        await settled(hub)
    assert runs == [{"name": "a"}]


async def test_sessions_and_links_whose_time_is_over_go_away(hub, alice):
    kept = await hub.sign_in.start_session(alice.actor.user_id)
    await hub.sign_in.start_session(alice.actor.user_id, user_agent="old")
    async with hub.transaction(system_context()) as ctx:
        await hub.services.accounts.create_password_link(ctx.session, "alice")
        past = utcnow() - timedelta(seconds=1)
        await ctx.session.execute(update(WebSession).where(WebSession.user_agent == "old").values(expires_at=past))
        await ctx.session.execute(update(OneTimeLink).values(expires_at=past))
    await hub.keep_house()
    async with hub.transaction(system_context(), write=False) as ctx:
        left = [await ctx.session.scalar(select(func.count()).select_from(table)) for table in (WebSession, OneTimeLink)]
    assert left == [1, 0]
    assert await hub.sign_in.actor_of_session(kept) is not None
    await settled(hub)
