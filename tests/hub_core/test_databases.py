"""The same hub on SQLite, PostgreSQL and MariaDB: a story through every table, and races between two hubs on one database."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import func, inspect, select, text

from hub_core.accounts.schemas import CreateAccessToken, CreateUser, ListAccessTokens, ListUsers, RevokeAccessToken
from hub_core.accounts.service import AccountService
from hub_core.accounts.tables import Namespace, User
from hub_core.approvals.schemas import DecideApproval
from hub_core.approvals.service import ApprovalService
from hub_core.bootstrap import build_hub
from hub_core.context import Surface, system_context
from hub_core.db.base import Base, utcnow
from hub_core.db.engine import Database
from hub_core.errors import (
    AlreadyExists,
    ConfirmationRequired,
    Conflict,
    InvalidInput,
    NotFound,
    RepositoryAlreadyExists,
    RepositoryNotFound,
    StorageUnavailable,
    Unavailable,
    UserAlreadyExists,
)
from hub_core.events.schemas import ListActivity
from hub_core.events.service import ActivityService
from hub_core.jobs.schemas import JobState, ListJobs
from hub_core.jobs.service import JobService
from hub_core.lfs.registry import LfsRegistry
from hub_core.lfs.tables import LfsObject, LfsRepositoryObject
from hub_core.migrations import downgrade, upgrade
from hub_core.paging import encode_cursor
from hub_core.repositories.commits import CommitService
from hub_core.repositories.refs import RefService
from hub_core.repositories.schemas import (
    CreateCommit,
    CreateRef,
    CreateTag,
    DeleteRepository,
    FileWrite,
    GetRepository,
    ListRefs,
    ListRepositories,
    RepositorySort,
    UpdateRepository,
    Visibility,
)
from hub_core.repositories.service import RepositoryService
from hub_core.repositories.tables import Repository
from tests.conftest import add_user, settled
from tests.databases import BACKENDS
from tests.hub_core.repositories.test_repositories import create, listed, stage, write

TOGETHER = 6


@pytest.fixture(params=BACKENDS)
def database_backend(request):
    return request.param


@pytest.fixture
async def other(settings, hub):
    """A second hub on the same folder and database, as another process would run it. Its jobs do not run."""
    other = build_hub(settings)
    async with other.started(jobs=False):
        yield other


async def outcomes(*calls):
    """What each of the calls, made all at once, returned or raised."""
    return await asyncio.gather(*calls, return_exceptions=True)


def won(results, lost: type[Exception]):
    """The results that are no `lost`; any other error is raised."""
    for result in results:
        if isinstance(result, BaseException) and type(result) is not lost:
            raise result
    return [result for result in results if not isinstance(result, BaseException)]


async def rows(hub, table):
    async with hub.database.transaction(write=False) as session:
        return await session.scalar(select(func.count()).select_from(table))


# The story


async def test_people_and_their_credentials(hub, alice):
    root = await add_user(hub, "boss", admin=True)
    created = await hub.run(AccountService.create_user, root, CreateUser(name="Carol"))
    assert created.expires_at > utcnow() + timedelta(days=6)
    with pytest.raises(UserAlreadyExists, match="taken"):
        await hub.run(AccountService.create_user, root, CreateUser(name="CAROL"))
    found = await hub.run(AccountService.list_users, root, ListUsers(search="ARO", limit=1))
    assert [user.name for user in found.items] == ["Carol"]
    assert utcnow() - timedelta(minutes=5) < found.items[0].created_at <= utcnow(), "times are kept in UTC"

    for name in ("laptop", "Laptop", "läptop 🔑"):
        await hub.run(AccountService.create_access_token, alice, CreateAccessToken(name=name))
    with pytest.raises(AlreadyExists, match="already have"):
        await hub.run(AccountService.create_access_token, alice, CreateAccessToken(name="laptop"))
    await hub.run(AccountService.revoke_access_token, alice, RevokeAccessToken(name="Laptop"))
    left = await hub.run(AccountService.list_access_tokens, alice, ListAccessTokens())
    assert [token.name for token in left] == ["laptop", "läptop 🔑"]
    assert await hub.sign_in.sign_in("ALICE", "correct horse battery", address="192.0.2.1")


async def test_repositories_from_creation_to_deletion(hub, alice, bob):
    names = ["iris", "Wine", "titanic", "x.y-z", "x.y_z"]
    for name in names:
        await create(hub, alice, name, description="Flöwers 🌸", visibility=Visibility.PUBLIC)
    for sort in RepositorySort:
        seen, cursor = [], None
        while cursor is not None or not seen:
            page = await hub.run(RepositoryService.list, bob, ListRepositories(sort=sort, limit=2, cursor=cursor))
            seen += [info.name for info in page.items]
            cursor = page.next_cursor
        assert sorted(seen) == sorted(names), sort
        with pytest.raises(InvalidInput, match="cursor"):
            await hub.run(RepositoryService.list, bob, ListRepositories(sort=sort, cursor=encode_cursor("x", "y")))
    assert await listed(hub, bob, search="flöwers 🌸", owner="ALICE", limit=1, sort=RepositorySort.NAME) == ["alice/iris"]
    await hub.run(RepositoryService.update, alice, UpdateRepository(repository="wine", visibility=Visibility.PRIVATE, description="O'Reilly\\%"))
    assert await listed(hub, alice, search="o'reilly\\%") == ["alice/Wine"]
    with pytest.raises(RepositoryNotFound):
        await hub.run(RepositoryService.get, bob, GetRepository(repository="alice/wine"))

    card = "---\nlicense: mit\ntags: [café, cafe, CAFE, 花]\n---\n# Iris"
    await write(hub, alice, path="README.md", content=card)
    await stage(hub, alice, "data.parquet", b"PAR1" * 1000)
    uploaded = (await stage(hub, alice, "more.parquet", b"PAR1" * 2000)).id
    await hub.run(CommitService.create, alice, CreateCommit(
        repository="iris", message="More", write=[FileWrite(path="more.parquet", upload_id=uploaded), FileWrite(path="a.txt", text="a")],
    ))
    await hub.run(RefService.create_branch, alice, CreateRef(repository="iris", name="experiment"))
    await hub.run(RefService.create_tag, alice, CreateTag(repository="iris", name="v1"))
    assert [ref.name for ref in (await hub.run(RefService.list_branches, alice, ListRefs(repository="iris")))] == ["experiment", "main"]
    await settled(hub)
    info = await hub.run(RepositoryService.get, alice, GetRepository(repository="iris"))
    assert (info.license, info.tags, info.file_count) == ("mit", ["café", "cafe", "花"], 4)
    assert info.size > 8000
    assert await listed(hub, alice, tag="CAFÉ") == await listed(hub, alice, license="MIT") == ["alice/iris"]

    await hub.run(RepositoryService.delete, alice, DeleteRepository(repository="iris"))
    await settled(hub)
    assert await rows(hub, LfsRepositoryObject) == 0
    assert await rows(hub, LfsObject) == 1, "the staged file waits on, the committed one is gone"
    jobs = (await hub.run(JobService.list, system_context(), ListJobs(limit=100))).items
    assert {job.state for job in jobs} == {JobState.SUCCEEDED}
    assert "repository.purge" in {job.kind for job in jobs}


async def test_approvals_and_the_audit_log(hub, alice):
    await create(hub, alice)
    agent = replace(alice, surface=Surface.COPILOT)
    with pytest.raises(ConfirmationRequired) as asked:
        await hub.run(RepositoryService.delete, agent, DeleteRepository(repository="iris"))
    decide = DecideApproval(id=asked.value.details["approval_id"], granted=True)
    await hub.run(ApprovalService.decide, alice, decide)
    await hub.run(RepositoryService.delete, agent, DeleteRepository(repository="iris"))
    with pytest.raises(Conflict, match="already used"):
        await hub.run(ApprovalService.decide, alice, decide)
    seen, cursor = [], None
    while cursor is not None or not seen:
        page = await hub.run(ActivityService.list, alice, ListActivity(user="me", limit=1, cursor=cursor))
        seen += [(row.operation, row.outcome) for row in page.items]
        cursor = page.next_cursor
    assert seen == [
        ("approval.decide", "conflict"), ("repository.delete", "ok"), ("approval.decide", "ok"), ("repository.create", "ok"),
    ]
    found = await hub.run(ActivityService.list, alice, ListActivity(repository="iris"))
    assert [row.operation for row in found.items] == ["repository.delete", "repository.create"]


async def test_no_text_breaks_the_log_or_the_list(hub, alice):
    with pytest.raises(NotFound):
        await hub.run(RepositoryService.update, alice, UpdateRepository(repository="nowhere", description="zero \x00"))
    with pytest.raises(InvalidInput):
        await hub.run(RepositoryService.update, alice, UpdateRepository(repository="zero\x00zero", description="x"))
    logged = (await hub.run(ActivityService.list, alice, ListActivity())).items[0]
    assert (logged.subject, logged.outcome) == ("zero\ufffdzero", "invalid_name")


# Races


async def test_of_many_who_create_one_repository_one_wins(hub, other, alice, settings):
    results = await outcomes(*(create(each, alice, "Iris" if number % 3 else "iris", license="mit") for number in range(TOGETHER) for each in (hub, other)))
    assert len(won(results, RepositoryAlreadyExists)) == 1
    assert await rows(hub, Repository) == 1
    assert len(list((settings.data_dir / "git").rglob("*.git"))) == 1, "who lost left nothing on disk"


async def test_of_many_who_take_one_name_one_wins(hub, other):
    results = await outcomes(*(add_user(each, name) for name in ("dora", "Dora", "DORA") for each in (hub, other)))
    assert len(won(results, UserAlreadyExists)) == 1
    assert (await rows(hub, User), await rows(hub, Namespace)) == (1, 1)


async def test_of_many_tokens_of_one_name_one_is_made(hub, other, alice):
    request = CreateAccessToken(name="laptop")
    results = await outcomes(*(each.run(AccountService.create_access_token, alice, request) for each in (hub, other) for _ in range(TOGETHER)))
    assert len(won(results, AlreadyExists)) == 1


async def test_two_hubs_that_start_at_once_make_one_administrator(hub, other):
    for each in (hub, other):
        each.settings = each.settings.model_copy(update={"admin_name": "dora", "admin_password": SecretStr("correct horse battery")})
    assert await asyncio.gather(hub.set_up(), other.set_up()) == [None, None]
    assert await rows(hub, User) == 1


async def test_a_one_time_link_is_used_once_by_two(hub, other):
    async with hub.transaction(system_context()) as ctx:
        secret = (await hub.services.accounts.create_set_up_link(ctx.session)).rpartition("/")[2]

    async def redeem(each, name):
        async with each.transaction(system_context()) as ctx:
            return await each.services.accounts.redeem_link(ctx.session, secret, name, "correct horse battery")

    assert len(won(await outcomes(redeem(hub, "dora"), redeem(other, "erik")), NotFound)) == 1
    assert await rows(hub, User) == 1


async def test_of_two_decisions_one_counts(hub, other, alice):
    await create(hub, alice)
    with pytest.raises(ConfirmationRequired) as asked:
        await hub.run(RepositoryService.delete, replace(alice, surface=Surface.COPILOT), DeleteRepository(repository="iris"))
    decisions = [DecideApproval(id=asked.value.details["approval_id"], granted=granted) for granted in (True, False)]
    results = await outcomes(*(each.run(ApprovalService.decide, alice, decision) for each in (hub, other) for decision in decisions))
    assert len(won(results, Conflict)) == 1


async def test_two_hubs_may_link_one_object_at_once(hub, other, alice):
    content = b"PAR1" * 5000
    oid = hashlib.sha256(content).hexdigest()
    for name in ("one", "two", "three"):
        await create(hub, alice, name)

    async def upload(each, name):
        async def chunks():
            yield content

        return await each.lfs.upload(alice, f"datasets/alice/{name}", oid, chunks(), size=len(content))

    async def remember(each):
        return await stage(each, alice, "x.parquet", content)

    linking = [upload(each, name) for name in ("one", "two", "three") for each in (hub, other)]
    results = await outcomes(*linking, *(remember(each) for each in (hub, other) for _ in range(2)))
    assert len(won(results, StorageUnavailable)) == len(results)
    assert (await rows(hub, LfsObject), await rows(hub, LfsRepositoryObject)) == (1, 3)


async def stored_alone(hub, content=b"PAR1" * 1000):
    """An object whose bytes and row are there, and which nothing needs."""

    async def chunks():
        yield content

    stored = await hub.objects.put(chunks(), size=len(content))
    async with hub.transaction(system_context()) as ctx:
        await LfsRegistry(hub.objects).remember(ctx, stored)
    return stored


async def waits(task) -> bool:
    return not (await asyncio.wait([task], timeout=0.5))[0]


async def test_an_object_somebody_begins_to_need_is_not_dropped(hub, other, alice):
    stored = await stored_alone(hub)
    await create(hub, alice)
    info = await hub.run(RepositoryService.get, alice, GetRepository(repository="iris"))
    async with hub.transaction(system_context()) as ctx:
        await LfsRegistry(hub.objects).link(ctx, info.id, stored)
        await LfsRegistry(hub.objects).confirm(stored.oid)
        dropping = asyncio.create_task(other.indexer.drop_object(system_context(), stored.oid))
        assert await waits(dropping)
    await dropping
    assert await hub.objects.stat(stored.oid) == stored
    assert (await rows(hub, LfsObject), await rows(hub, LfsRepositoryObject)) == (1, 1)


async def test_an_object_being_dropped_is_promised_to_nobody(hub, other):
    stored = await stored_alone(hub)

    async def promise():
        async with hub.transaction(system_context()) as ctx:
            await LfsRegistry(hub.objects).remember(ctx, stored)
            await LfsRegistry(hub.objects).confirm(stored.oid)

    async with other.transaction(system_context()) as ctx:
        await LfsRegistry(other.objects).drop_if_unused(ctx, stored.oid)
        promising = asyncio.create_task(promise())
        assert await waits(promising)
    with pytest.raises(StorageUnavailable, match="Send it once more"):
        await promising
    assert await rows(hub, LfsObject) == 0


# The schema and the connection


async def test_migrations_make_exactly_the_tables_and_remove_them(settings):
    database = Database(settings.resolved_database_url)
    for _ in range(2):
        await upgrade(database)
        async with database.engine.connect() as connection:
            assert await connection.run_sync(_differences) == []
            foreign = await connection.run_sync(_wrong_collations)
        assert foreign == []
        await downgrade(database, "base")
        async with database.engine.connect() as connection:
            assert await connection.run_sync(lambda sync: inspect(sync).get_table_names()) == ["alembic_version"]
    await database.dispose()


def _differences(connection):
    return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)


def _wrong_collations(connection):
    if connection.dialect.name != "mysql":
        return []
    query = (
        "SELECT table_name, column_name, collation_name FROM information_schema.columns WHERE table_schema = DATABASE()"
        " AND table_name <> 'alembic_version' AND collation_name <> 'utf8mb4_bin'"
    )
    return list(connection.execute(text(query)))


_UPGRADE = """
import asyncio, sys
from hub_core.db.engine import Database
from hub_core.migrations import upgrade

async def main():
    database = Database(sys.argv[1])
    await upgrade(database)
    await database.dispose()

asyncio.run(main())
"""


async def test_several_processes_may_migrate_at_once(settings):
    url = settings.resolved_database_url
    settings.data_dir.mkdir()
    started = [await asyncio.create_subprocess_exec(sys.executable, "-c", _UPGRADE, url, stderr=asyncio.subprocess.PIPE) for _ in range(3)]
    for process in started:
        _, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()


async def test_what_the_database_refuses_is_an_error_of_the_hub(hub, database_backend):
    if database_backend != "sqlite":  # which bounds no text
        with pytest.raises(InvalidInput, match="cannot keep"):
            async with hub.database.transaction(write=True) as session:
                session.add(Namespace(name="x" * 200, name_folded="x"))
    with pytest.raises(Conflict, match="Somebody else"):
        async with hub.database.transaction(write=True) as session:
            session.add_all([Namespace(name="x", name_folded="x"), Namespace(name="X", name_folded="x")])


@pytest.mark.parametrize("url", ["postgresql://hub@/hub?host=/nowhere", "mysql://hub@localhost/hub?unix_socket=/nowhere", "mariadb://127.0.0.1:1/hub"])
async def test_a_database_that_does_not_answer_is_unavailable(url):
    database = Database(url)
    with pytest.raises(Unavailable, match="does not answer"):
        async with database.transaction(write=False):
            pass
    await database.dispose()


_KILL = {
    "postgresql": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "mysql": "SELECT CONCAT('KILL ', id) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()",
}


async def test_the_hub_works_again_when_the_database_does(hub, alice):
    if hub.database.dialect == "sqlite":
        return  # a file does not go away
    await create(hub, alice)
    killer = Database(hub.settings.resolved_database_url)
    async with killer.engine.connect() as connection:
        for (kill,) in (await connection.execute(text(_KILL[hub.database.dialect]))).all():
            if isinstance(kill, str):
                await connection.execute(text(kill))
    await killer.dispose()
    assert await listed(hub, alice) == ["alice/iris"]


async def test_jobs_are_kept_beside_the_rows_on_postgresql_only(settings, database_backend):
    assert settings.resolved_jobs_database_url.startswith("postgresql" if database_backend == "postgresql" else "sqlite")
