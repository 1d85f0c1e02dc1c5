"""Calls that destroy wait for a person: across restarts, whatever else happens meanwhile."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from copilot.events import ApprovalNeeded, Event
from hub_core.approvals.schemas import DecideApproval, ListApprovals
from hub_core.approvals.service import ApprovalService
from hub_core.context import Access, Actor, Context, Surface
from hub_core.errors import Conflict, NotFound, PermissionDenied, RepositoryNotFound
from hub_core.hub import Hub
from hub_core.names import RepositoryType
from hub_core.repositories.schemas import CreateRepository, DeleteRepository, GetRepository, UpdateRepository, Visibility
from hub_core.repositories.service import RepositoryService
from tests.copilot.conftest import Talk, talk, types
from tests.copilot.scripted import calls, says

DELETE = ("delete_repository", {"repository": "iris"})
PATH = "datasets/alice/iris"


@pytest.fixture(autouse=True)
async def iris(hub: Hub, alice: Context) -> None:
    await hub.run(RepositoryService.create, alice, CreateRepository(type=RepositoryType.DATASET, name="iris"))


async def exists(hub: Hub, ctx: Context) -> bool:
    try:
        await hub.run(RepositoryService.get, ctx, GetRepository(repository=PATH))
    except RepositoryNotFound:
        return False
    return True


async def asked(conversation: Talk) -> ApprovalNeeded:
    events = await conversation.say("delete iris")
    assert types(events) == ["tool_call", "approval", "end"]
    assert events[-1].suspended
    assert isinstance(events[1], ApprovalNeeded)
    return events[1]


def result(events: list[Event]) -> tuple[bool, str]:
    returned = next(event for event in events if event.type == "tool_result")
    return returned.ok, returned.text


async def test_granted(hub: Hub, alice: Context) -> None:
    async with talk(hub, alice, calls(DELETE), says("It is gone.")) as conversation:
        approval = await asked(conversation)
        assert (approval.operation, approval.title) == ("repository.delete", f"Delete {PATH}")
        assert approval.facts["repository"] == PATH
        assert await exists(hub, alice)
        assert (await conversation.history())[-1] == approval
        events = await conversation.decide(approval.approval_id, granted=True)
        assert types(events) == ["tool_result", "text", "end"]
        assert result(events)[1].startswith(f"Deleted **{PATH}**")
        assert not events[-1].suspended
        assert not await exists(hub, alice)
        assert await conversation.copilot.pending_approval(alice, conversation.thread_id or "") is None
        with pytest.raises(Conflict):
            await conversation.decide(approval.approval_id, granted=True)


async def test_rejected(hub: Hub, alice: Context) -> None:
    async with talk(hub, alice, calls(DELETE), says("I left it.")) as conversation:
        approval = await asked(conversation)
        events = await conversation.decide(approval.approval_id, granted=False)
        assert result(events) == (False, "You rejected it; nothing was changed.")
        assert await exists(hub, alice)
        assert await hub.run(ApprovalService.list, alice, ListApprovals()) == []


@pytest.mark.parametrize("granted", [True, False])
async def test_a_restart_in_the_middle_loses_nothing(hub: Hub, alice: Context, granted: bool) -> None:
    async with talk(hub, alice, calls(DELETE)) as before:
        approval = await asked(before)
    async with talk(hub, alice, says("So be it."), thread_id=before.thread_id) as after:
        assert (await after.history())[-1] == approval
        events = await after.decide(approval.approval_id, granted=granted)
        assert types(events) == ["tool_result", "text", "end"]
    assert await exists(hub, alice) is not granted


async def test_a_crash_after_the_call_does_not_make_it_twice(hub: Hub, alice: Context) -> None:
    async with talk(hub, alice, calls(DELETE), says("Done.")) as conversation:
        approval = await asked(conversation)
        await hub.run(ApprovalService.decide, alice, DecideApproval(id=approval.approval_id, granted=True))
        agent = replace(alice, surface=Surface.COPILOT)
        await hub.run(RepositoryService.delete, agent, DeleteRepository(repository=PATH))  # what the lost run had done
        await hub.run(RepositoryService.create, alice, CreateRepository(type=RepositoryType.DATASET, name="iris"))
        events = await conversation.decide(approval.approval_id, granted=True)
        assert result(events) == (True, "You approved it, and it has been carried out.")
        assert await exists(hub, alice)


async def test_a_decision_taken_elsewhere_counts(hub: Hub, alice: Context) -> None:
    async with talk(hub, alice, calls(DELETE), says("Done.")) as conversation:
        approval = await asked(conversation)
        await hub.run(ApprovalService.decide, alice, DecideApproval(id=approval.approval_id, granted=True))
        events = await conversation.decide(approval.approval_id, granted=True)
        assert result(events)[0]
        assert not await exists(hub, alice)


@pytest.mark.parametrize(("word", "granted"), [("yes", True), ("Approve.", True), ("no", False), ("Never mind", False)])
async def test_a_plain_word_decides(hub: Hub, alice: Context, word: str, granted: bool) -> None:
    async with talk(hub, alice, calls(DELETE), says("Ok.")) as conversation:
        await asked(conversation)
        events = await conversation.say(word)
        assert result(events)[0] is granted
        assert await exists(hub, alice) is not granted


async def test_going_on_turns_it_down(hub: Hub, alice: Context) -> None:
    async with talk(hub, alice, calls(DELETE), says("You are alice.")) as conversation:
        approval = await asked(conversation)
        assert types(await conversation.say("yes, but who am I?")) == ["text", "end"]
        assert "did not approve it" in conversation.model.heard[-1][-2].text
        with pytest.raises(Conflict):
            await conversation.decide(approval.approval_id, granted=True)
        assert types(await conversation.history()) == ["user", "tool_call", "tool_result", "user", "text"]
    assert await exists(hub, alice)


async def test_a_grant_is_for_the_repository_that_was_shown(hub: Hub, alice: Context) -> None:
    async with talk(hub, alice, calls(DELETE), says("Done.")) as conversation:
        approval = await asked(conversation)
        await hub.run(RepositoryService.delete, alice, DeleteRepository(repository=PATH))
        await hub.run(RepositoryService.create, alice, CreateRepository(type=RepositoryType.MODEL, name="iris"))
        events = await conversation.decide(approval.approval_id, granted=True)
        assert types(events) == ["approval", "end"]
        assert events[0].facts["repository"] == "models/alice/iris"
        assert events[0].approval_id != approval.approval_id


async def test_rights_are_checked_again_when_the_run_is_resumed(hub: Hub, alice: Context) -> None:
    async with talk(hub, alice, calls(DELETE), says("No.")) as conversation:
        approval = await asked(conversation)
        conversation.ctx = replace(alice, actor=replace(alice.actor, access=Access.WRITE, credential="token"))
        with pytest.raises(PermissionDenied):
            await conversation.decide(approval.approval_id, granted=True)
        assert types(await conversation.say("hello?")) == ["text", "end"]
    assert await exists(hub, alice)


async def test_an_agent_cannot_decide(hub: Hub, alice: Context) -> None:
    async with talk(hub, alice, calls(DELETE)) as conversation:
        approval = await asked(conversation)
        conversation.ctx = replace(alice, surface=Surface.MCP)
        with pytest.raises(PermissionDenied):
            await conversation.decide(approval.approval_id, granted=True)
    assert await exists(hub, alice)


async def test_strangers_can_neither_read_nor_decide(hub: Hub, alice: Context, bob: Context) -> None:
    await hub.run(RepositoryService.update, alice, UpdateRepository(repository="iris", visibility=Visibility.PUBLIC))
    async with talk(hub, alice, calls(DELETE)) as conversation:
        approval = await asked(conversation)
        for stranger in (bob, replace(bob, actor=Actor(bob.actor.user_id, "alice", True, Access.ADMIN, "session"))):
            conversation.ctx = stranger
            for attempt in (
                conversation.decide(approval.approval_id, granted=True), conversation.say("yes"), conversation.history(),
                conversation.copilot.pending_approval(stranger, conversation.thread_id or ""),
                conversation.copilot.delete(stranger, conversation.thread_id or ""),
            ):
                with pytest.raises(NotFound):
                    await attempt
    assert await exists(hub, alice)


async def test_approvals_of_two_calls_in_a_row(hub: Hub, alice: Context) -> None:
    await hub.run(RepositoryService.create, alice, CreateRepository(type=RepositoryType.MODEL, name="bert"))
    async with talk(
        hub, alice, calls(DELETE, ("delete_repository", {"repository": "bert"})), calls(("delete_repository", {"repository": "bert"})), says("Both.")
    ) as conversation:
        first = await asked(conversation)
        events = await conversation.decide(first.approval_id, granted=True)
        assert types(events) == ["tool_result", "tool_call", "approval", "end"]
        events = await conversation.decide(events[2].approval_id, granted=True)
        assert types(events) == ["tool_result", "text", "end"]


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from hub_core.bootstrap import build_hub
from hub_core.context import Access, Actor, Context, Surface
from hub_core.settings import Settings
from tests.copilot.conftest import talk
from tests.copilot.scripted import calls
import uuid

async def main(data, user_id):
    hub = build_hub(Settings(data_dir=Path(data)))
    alice = Context(Actor(uuid.UUID(user_id), "alice", False, Access.ADMIN, "session"), Surface.REST)
    async with hub.started(jobs=False), talk(hub, alice, calls(("delete_repository", {"repository": "iris"}))) as conversation:
        async for event in conversation.copilot.send(alice, None, "delete iris"):
            if event.type == "approval":
                os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_kill_9_at_the_moment_of_the_question_loses_nothing(hub: Hub, alice: Context) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, str(hub.settings.data_dir), str(alice.actor.user_id), cwd=Path(__file__).parents[2]
    )
    assert await process.wait() == -9
    async with talk(hub, alice, says("Done.")) as conversation:
        conversation.thread_id = (await conversation.copilot.threads(alice))[0].id
        assert types(await conversation.history()) == ["user", "tool_call", "approval"]
        events = await conversation.say("yes")
        assert result(events)[0]
    assert not await exists(hub, alice)
