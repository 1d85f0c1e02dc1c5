"""Threads: whose they are, and what is left of them."""

from __future__ import annotations

import pytest

from copilot import copilot as copilot_module
from hub_core.context import Context
from hub_core.errors import NotFound
from hub_core.hub import Hub
from tests.copilot.conftest import Talk, talk, types
from tests.copilot.scripted import calls, says


async def test_a_thread_is_its_users_and_survives_a_restart(hub: Hub, alice: Context, bob: Context) -> None:
    async with talk(hub, alice, calls(("whoami", {})), says("You are alice.")) as first:
        await first.say("who   am\nI?", attachments=["a.csv"])
    async with talk(hub, alice, says("Still you."), thread_id=first.thread_id) as second:
        shown = await second.history()
        assert types(shown) == ["user", "tool_call", "tool_result", "text"]
        assert (shown[0].text, shown[0].attachments) == ("who   am\nI?", ["a.csv"])
        assert shown[2].card.data["name"] == "alice"
        await second.say("and now?")
        assert [message.type for message in second.model.heard[0]] == ["system", "human", "ai", "tool", "ai", "human"]
        assert [thread.title for thread in await second.copilot.threads(alice)] == ["who am I?"]
        assert await second.copilot.threads(bob) == []
        second.ctx = bob
        with pytest.raises(NotFound):
            await second.say("hi")


async def test_threads_are_listed_latest_first_and_can_be_forgotten(hub: Hub, alice: Context) -> None:
    async with talk(hub, alice, says("1"), says("2"), says("3")) as conversation:
        await conversation.say("one")
        one, conversation.thread_id = conversation.thread_id, None
        await conversation.say("x" * 200)
        two, conversation.thread_id = conversation.thread_id, one
        assert [thread.id for thread in await conversation.copilot.threads(alice)] == [two, one]
        await conversation.say("again")
        threads = await conversation.copilot.threads(alice)
        assert [thread.id for thread in threads] == [one, two]
        assert len(threads[1].title) == 80
        assert await checkpoints(conversation, one) == 1  # the last one is enough to go on
        await conversation.copilot.delete(alice, one or "")
        assert [thread.id for thread in await conversation.copilot.threads(alice)] == [two]
        with pytest.raises(NotFound):
            await conversation.history()
        assert await checkpoints(conversation, one) == 0


async def test_very_old_turns_are_forgotten(hub: Hub, alice: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copilot_module, "MAX_TURNS", 2)
    async with talk(hub, alice, *[line for number in range(4) for line in (calls(("whoami", {})), says(str(number)))]) as conversation:
        for number in range(4):
            await conversation.say(f"turn {number}")
        assert [event.text for event in await conversation.history() if event.type == "user"] == ["turn 1", "turn 2", "turn 3"]


async def test_unknown_threads_are_refused(hub: Hub, alice: Context) -> None:
    async with talk(hub, alice, thread_id="0" * 32) as conversation:
        with pytest.raises(NotFound):
            await conversation.say("hi")


async def checkpoints(conversation: Talk, thread_id: str | None) -> int:
    connection = conversation.copilot._checkpoints.conn
    return len(list(await connection.execute_fetchall("SELECT 1 FROM checkpoints WHERE thread_id = ?", (thread_id,))))
