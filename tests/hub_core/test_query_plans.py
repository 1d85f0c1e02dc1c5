"""Lists stay fast when they get long: on every database, a page is read off an index, without a look at the rest of the table."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import event, insert, text, update

from hub_core.accounts.tables import Namespace, User
from hub_core.bootstrap import build_hub
from hub_core.context import ANONYMOUS, Access, Actor, Context, Surface
from hub_core.db.base import new_id, utcnow
from hub_core.events.schemas import ListActivity
from hub_core.events.service import ActivityService
from hub_core.events.tables import AuditEvent
from hub_core.hub import Hub
from hub_core.jobs.schemas import JobState, ListJobs
from hub_core.jobs.service import JobService
from hub_core.jobs.tables import Job
from hub_core.migrations import upgrade
from hub_core.names import RepositoryType
from hub_core.repositories.schemas import ListRepositories, RepositorySort
from hub_core.repositories.service import RepositoryService
from hub_core.repositories.tables import Repository
from hub_core.settings import Settings
from tests.databases import BACKENDS, DatabaseServers

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]  # a long past takes a busy machine its time to write

ROWS = 20_000
OWNERS = 200
# What PostgreSQL may rather sort than walk an index for: the rows of one owner.
FEW = 500


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=BACKENDS)
async def hub(request, database_servers: DatabaseServers, tmp_path_factory) -> AsyncIterator[Hub]:
    """A hub with a long past. Its jobs do not run."""
    with database_servers.database(request.param) as url:
        hub = build_hub(Settings(data_dir=tmp_path_factory.mktemp("plans"), database_url=url))
        await upgrade(hub.database)
        await _fill(hub)
        async with hub.started(jobs=False):
            yield hub


async def _fill(hub: Hub) -> None:
    now = utcnow()
    users = [{"id": new_id(), "name": f"user{number}", "name_folded": f"user{number}"} for number in range(OWNERS)]
    namespaces = [{**user, "id": new_id(), "user_id": user["id"]} for user in users]
    types = list(RepositoryType)
    async with hub.database.transaction(write=True) as session:
        await session.execute(insert(User), users)
        await session.execute(insert(Namespace), namespaces)
        for start in range(0, ROWS, 1000):
            numbers = range(start, start + 1000)
            times = [now - timedelta(minutes=number * 7919 % ROWS) for number in numbers]
            owners = [number % OWNERS for number in numbers]
            await session.execute(
                insert(Repository),
                [
                    {
                        "type": types[number % 7 % 4], "namespace_id": namespaces[owner]["id"], "name": f"r{number}", "name_folded": f"r{number}",
                        "visibility": "private" if number % 3 else "public", "size": number * 31 % ROWS, "created_at": at, "updated_at": at,
                    }
                    for number, owner, at in zip(numbers, owners, times, strict=True)
                ],
            )
            await session.execute(
                insert(AuditEvent),
                [
                    {
                        "at": at, "user_id": users[owner]["id"], "user_name": users[owner]["name"], "surface": "rest", "credential": "session",
                        "operation": "repository.update", "subject": f"models/user{owner}/r{number}", "arguments": {}, "outcome": "ok",
                    }
                    for number, owner, at in zip(numbers, owners, times, strict=True)
                ],
            )
            await session.execute(
                insert(Job),
                [
                    {
                        "kind": "repository.index", "payload": {}, "state": "failed" if number % 100 == 0 else "succeeded",
                        "user_id": users[owner]["id"], "created_at": at,
                    }
                    for number, owner, at in zip(numbers, owners, times, strict=True)
                ],
            )
        await session.execute(update(User).where(User.name == "user0").values(is_admin=True))
    async with hub.database.transaction(write=True) as session:
        tables = "users, namespaces, repositories, audit_events, jobs"
        await session.execute(text({"sqlite": "ANALYZE", "postgresql": f"ANALYZE {tables}"}.get(hub.database.dialect, f"ANALYZE LOCAL TABLE {tables}")))


def _caller(number: int | None, *, admin: bool = False) -> Context:
    return Context(ANONYMOUS if number is None else Actor(None, f"user{number}", admin, Access.ADMIN, "session"), Surface.REST)


ADMIN, NOBODY = _caller(0, admin=True), _caller(None)


async def _member(hub: Hub) -> Context:
    async with hub.transaction(ADMIN, write=False) as inside:
        user = await hub.services.accounts.find_user(inside.session, "user7")
    return Context(Actor(user.id, user.name, False, Access.ADMIN, "session"), Surface.REST)


@contextmanager
def _statements(hub: Hub, table: str):
    """The statements sent inside the block that list rows of `table`, each with its parameters."""
    sent = []

    def note(connection, cursor, statement, parameters, context, many):
        if f"FROM {table}" in statement and "ORDER BY" in statement:
            sent.append((statement, parameters))

    engine = hub.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def _faults(hub: Hub, statement: str, parameters) -> list[str]:
    """What is slow in the plan of a statement: whole tables read, rows sorted."""
    prefix = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN (FORMAT JSON) ", "mysql": "EXPLAIN "}[hub.database.dialect]
    async with hub.database.engine.connect() as connection:
        rows = (await connection.exec_driver_sql(prefix + statement, parameters)).mappings().all()
    if hub.database.dialect == "sqlite":
        steps = [row["detail"] for row in rows]
        return [step for step in steps if "TEMP B-TREE" in step or (step.startswith("SCAN") and "INDEX" not in step)]
    if hub.database.dialect == "mysql":
        return [
            str(dict(row)) for row in rows
            if "filesort" in (row["Extra"] or "") or "temporary" in (row["Extra"] or "") or (row["type"] == "ALL" and int(row["rows"]) > OWNERS)
        ]
    plan = rows[0]["QUERY PLAN"]
    return [str(node) for node in _nodes((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]) if _is_slow(node)]


def _nodes(node):
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _is_slow(node) -> bool:
    if node["Node Type"] == "Seq Scan":
        return node["Relation Name"] != "namespaces"
    return "Sort" in node["Node Type"] and node["Plan Rows"] > FEW


async def _check(hub: Hub, method, ctx: Context, request, table: str) -> None:
    """The first page and a later one are both read off an index."""
    with _statements(hub, table) as sent:
        page = await hub.run(method, ctx, request)
        if page.next_cursor is not None:
            await hub.run(method, ctx, request.model_copy(update={"cursor": page.next_cursor}))
    assert sent
    for statement, parameters in sent:
        assert await _faults(hub, statement, parameters) == [], statement


@pytest.mark.parametrize("sort", RepositorySort)
@pytest.mark.parametrize("who", ["admin", "member", "nobody"])
async def test_repositories_are_listed_off_an_index(hub, sort, who):
    ctx = {"admin": ADMIN, "nobody": NOBODY}.get(who) or await _member(hub)
    await _check(hub, RepositoryService.list, ctx, ListRepositories(sort=sort), "repositories")


@pytest.mark.parametrize("request_", [ListRepositories(type=RepositoryType.DATASET), ListRepositories(owner="user3"), ListRepositories(owner="me")])
async def test_repositories_of_a_type_or_an_owner_are_listed_off_an_index(hub, request_):
    await _check(hub, RepositoryService.list, await _member(hub), request_, "repositories")


@pytest.mark.parametrize("request_", [ListActivity(), ListActivity(user="user3")])
async def test_the_audit_log_is_listed_off_an_index(hub, request_):
    await _check(hub, ActivityService.list, ADMIN, request_, "audit_events")
    await _check(hub, ActivityService.list, await _member(hub), request_, "audit_events")


@pytest.mark.parametrize("request_", [ListJobs(), ListJobs(state=JobState.FAILED), ListJobs(state=JobState.QUEUED)])
async def test_jobs_are_listed_off_an_index(hub, request_):
    await _check(hub, JobService.list, ADMIN, request_, "jobs")
    await _check(hub, JobService.list, await _member(hub), request_, "jobs")
