"""The one door: transactions, audit rows, approvals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub_core.approvals.schemas import DecideApproval, ListApprovals
from hub_core.approvals.service import ApprovalService
from hub_core.context import Surface
from hub_core.errors import ApprovalNotFound, ConfirmationRequired, Conflict, PermissionDenied, RepositoryAlreadyExists, RepositoryNotFound
from hub_core.events.schemas import ListActivity
from hub_core.events.service import ActivityService
from hub_core.names import RepositoryType
from hub_core.repositories.schemas import CreateRepository, DeleteRepository, GetRepository, UpdateRepository
from hub_core.repositories.service import RepositoryService


async def create(hub, ctx, name="iris"):
    return await hub.run(RepositoryService.create, ctx, CreateRepository(type=RepositoryType.DATASET, name=name))


def copilot(ctx):
    return replace(ctx, surface=Surface.COPILOT)


async def test_writes_leave_an_audit_row_and_refused_ones_too(hub, alice):
    await create(hub, alice)
    with pytest.raises(RepositoryAlreadyExists):
        await create(hub, alice, "IRIS")
    rows = (await hub.run(ActivityService.list, alice, ListActivity())).items
    assert [(row.operation, row.subject, row.outcome) for row in rows] == [
        ("repository.create", "IRIS", "repository_already_exists"),
        ("repository.create", "iris", "ok"),
    ]
    assert (rows[0].user, rows[0].surface, rows[0].credential) == ("alice", "rest", "session")


async def test_reads_leave_none(hub, alice):
    await create(hub, alice)
    await hub.run(RepositoryService.get, alice, GetRepository(repository="iris"))
    assert len((await hub.run(ActivityService.list, alice, ListActivity())).items) == 1


async def ask_to_delete(hub, ctx, name="iris"):
    with pytest.raises(ConfirmationRequired) as caught:
        await hub.run(RepositoryService.delete, copilot(ctx), DeleteRepository(repository=name))
    return caught.value


async def test_an_agent_deletes_only_what_a_person_approved_and_only_once(hub, alice):
    await create(hub, alice)
    asked = await ask_to_delete(hub, alice)
    assert asked.details["preview"]["facts"]["repository"] == "datasets/alice/iris"
    assert (await hub.run(RepositoryService.get, alice, GetRepository(repository="iris"))).name == "iris"

    await hub.run(ApprovalService.decide, alice, DecideApproval(id=asked.details["approval_id"], granted=True))
    deleted = await hub.run(RepositoryService.delete, copilot(alice), DeleteRepository(repository="iris"))
    assert deleted.repository == "datasets/alice/iris"

    await create(hub, alice)
    again = await ask_to_delete(hub, alice)
    assert again.details["approval_id"] != asked.details["approval_id"]


async def test_an_approval_is_for_exactly_one_call(hub, alice):
    await create(hub, alice)
    await create(hub, alice, "wine")
    asked = await ask_to_delete(hub, alice)
    await hub.run(ApprovalService.decide, alice, DecideApproval(id=asked.details["approval_id"], granted=True))
    other = await ask_to_delete(hub, alice, "wine")
    assert other.details["digest"] != asked.details["digest"]


async def test_a_rejected_call_stays_rejected(hub, alice):
    await create(hub, alice)
    asked = await ask_to_delete(hub, alice)
    decision = DecideApproval(id=asked.details["approval_id"], granted=False)
    await hub.run(ApprovalService.decide, alice, decision)
    with pytest.raises(Conflict, match="already rejected"):
        await hub.run(ApprovalService.decide, alice, decision)
    await ask_to_delete(hub, alice)


async def test_neither_agents_nor_strangers_approve(hub, alice, bob):
    await create(hub, alice)
    asked = await ask_to_delete(hub, alice)
    decision = DecideApproval(id=asked.details["approval_id"], granted=True)
    with pytest.raises(PermissionDenied, match="Only a person"):
        await hub.run(ApprovalService.decide, copilot(alice), decision)
    with pytest.raises(ApprovalNotFound):
        await hub.run(ApprovalService.decide, bob, decision)
    assert [waiting.id for waiting in await hub.run(ApprovalService.list, alice, ListApprovals())] == [decision.id]
    assert await hub.run(ApprovalService.list, bob, ListApprovals()) == []


async def test_asking_for_what_one_may_not_do_reveals_nothing(hub, alice, bob):
    await create(hub, alice)
    with pytest.raises(RepositoryNotFound):
        await hub.run(RepositoryService.delete, copilot(bob), DeleteRepository(repository="alice/iris"))


async def test_a_grant_returns_when_the_call_fails(hub, alice):
    await create(hub, alice)
    asked = await ask_to_delete(hub, alice)
    await hub.run(ApprovalService.decide, alice, DecideApproval(id=asked.details["approval_id"], granted=True))
    await hub.run(RepositoryService.delete, alice, DeleteRepository(repository="iris"))  # a person was faster
    with pytest.raises(RepositoryNotFound):
        await hub.run(RepositoryService.delete, copilot(alice), DeleteRepository(repository="iris"))
    await create(hub, alice)
    await hub.run(RepositoryService.delete, copilot(alice), DeleteRepository(repository="iris"))


async def test_a_failing_call_changes_nothing(hub, alice):
    await create(hub, alice)
    with pytest.raises(RepositoryNotFound):
        await hub.run(RepositoryService.update, alice, UpdateRepository(repository="wine", description="x"))
    assert (await hub.run(RepositoryService.get, alice, GetRepository(repository="iris"))).description == ""
