"""The hub by conversation with the model it ships: no network, no script."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from copilot.copilot import Copilot
from copilot.model import load_model
from hub_core.context import Context
from hub_core.hub import Hub
from tests.copilot.conftest import Handbook, Talk, types
from tests.copilot.scripted import ScriptedChatModel


@pytest.fixture
async def conversation(hub: Hub, alice: Context) -> AsyncIterator[Talk]:
    async with Copilot(hub, documentation=Handbook(), model=load_model(hub.settings)).started() as copilot:
        yield Talk(copilot, alice, ScriptedChatModel())


async def test_a_conversation(conversation: Talk) -> None:
    events = await conversation.say("create a private dataset called iris")
    assert types(events) == ["tool_call", "tool_result", "end"]
    assert events[1].text == "Created the private dataset **alice/iris**."

    events = await conversation.say("make it public")
    assert events[1].text == "**alice/iris** is now public."

    events = await conversation.say("make datasets/alice/iris private again")
    assert events[1].text == "**alice/iris** is now private."

    events = await conversation.say("who am I?")
    assert events[1].card.kind == "identity"

    events = await conversation.say("how do I push with git?")
    assert types(events) == ["tool_call", "tool_result", "citation", "citation", "end"]

    events = await conversation.say("hello")
    assert types(events) == ["text", "end"]

    events = await conversation.say("don't delete iris")
    assert types(events) == ["text", "end"]

    events = await conversation.say("delete iris")
    assert types(events) == ["tool_call", "approval", "end"]
    events = await conversation.decide(events[1].approval_id, granted=False)
    assert types(events) == ["tool_result", "end"]

    events = await conversation.say("delete datasets/alice/iris")
    events = await conversation.say("yes")
    assert types(events) == ["tool_result", "end"]
    assert events[0].text.startswith("Deleted **datasets/alice/iris**")

    shown = types(await conversation.history())
    assert shown.count("user") == 9
    assert shown.count("tool_call") == shown.count("tool_result") == 7


async def test_a_question_and_its_answer(conversation: Talk) -> None:
    asked, _ = await conversation.say("create a dataset")
    assert asked.text == "What should the new repository be called?"
    events = await conversation.say("iris")
    assert events[1].text == "Created the private dataset **alice/iris**."


async def test_several_requests_at_once(conversation: Talk) -> None:
    events = await conversation.say("create a dataset called iris and then create a model called bert")
    assert [event.text for event in events if event.type == "tool_result"] == [
        "Created the private dataset **alice/iris**.", "Created the private model **alice/bert**.",
    ]
    ids = [event.id for event in events if event.type == "tool_call"]
    assert len(set(ids)) == 2


async def test_the_open_page_is_what_it_means(conversation: Talk) -> None:
    await conversation.say("create a model called bert")
    conversation.thread_id = None
    events = await conversation.say("list its branches", page="/models/alice/bert")
    assert events[0].arguments == {"repository": "models/alice/bert"}
    assert events[1].ok


async def test_offers_can_be_said(conversation: Talk) -> None:
    """Undo sentences and next steps mean what they say to the model that hears them."""
    await conversation.say("create a dataset called iris with license mit")
    events = await conversation.say("create tag v1 of datasets/alice/iris")
    undo = events[1].undo
    events = await conversation.say(undo)
    assert (events[0].tool, events[0].arguments) == ("delete_tag", {"name": "v1", "repository": "datasets/alice/iris"})
