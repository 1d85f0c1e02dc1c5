"""The hub by conversation with the model it ships: no network, no script."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from copilot.copilot import Copilot
from copilot.model import load_model
from copilot.plan import plan
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


COMMIT = "0a1b2c3d4e" * 4
IRIS = {"repository": "datasets/alice/iris"}
# Every undo sentence and next step that presentations offer, with what it has to mean.
OFFERS = {
    "delete datasets/alice/iris": ("delete_repository", IRIS),
    "make datasets/alice/iris private again": ("update_repository", {**IRIS, "visibility": "private"}),
    "delete branch dev of datasets/alice/iris": ("delete_branch", {**IRIS, "name": "dev"}),
    f"create branch dev of datasets/alice/iris from {COMMIT}": ("create_branch", {**IRIS, "name": "dev", "revision": COMMIT}),
    f"create tag v1 of datasets/alice/iris at {COMMIT}": ("create_tag", {**IRIS, "name": "v1", "revision": COMMIT}),
    "revoke the token laptop": ("revoke_access_token", {"name": "laptop"}),
    "show the files of datasets/alice/iris": ("list_files", IRIS),
    "show the files of datasets/alice/iris at v1": ("list_files", {**IRIS, "revision": "v1"}),
    "show the readme of datasets/alice/iris": ("read_file", {**IRIS, "path": "README.md"}),
    "show docs/a.md of datasets/alice/iris": ("read_file", {**IRIS, "path": "docs/a.md"}),
    "preview data/x.parquet of datasets/alice/iris": ("preview_dataset", {**IRIS, "path": "data/x.parquet"}),
    "preview datasets/alice/iris": ("preview_dataset", IRIS),
    "show 50 rows of a.csv of datasets/alice/iris": ("preview_dataset", {**IRIS, "path": "a.csv", "rows": 50}),
    "describe a.csv of datasets/alice/iris": ("describe_dataset", {**IRIS, "path": "a.csv"}),
    "who changed datasets/alice/iris last?": ("list_commits", {**IRIS, "limit": 1}),
    "who changed a.csv of datasets/alice/iris last?": ("list_commits", {**IRIS, "path": "a.csv", "limit": 1}),
    "list the tags of datasets/alice/iris": ("list_tags", IRIS),
    "list the branches of datasets/alice/iris": ("list_branches", IRIS),
    "list my repositories": ("list_repositories", {"owner": "me"}),
    "list all repositories": ("list_repositories", {}),
    "list all datasets": ("list_repositories", {"type": "dataset"}),
    "list the repositories of alice": ("list_repositories", {"owner": "alice"}),
    "list my access tokens": ("list_access_tokens", {}),
    "list the users": ("list_users", {}),
    "list all jobs": ("list_jobs", {}),
    "which jobs failed?": ("list_jobs", {"state": "failed"}),
    "show my activity": ("list_activity", {"user": "me"}),
    "create a dataset called iris": ("create_repository", {"type": "dataset", "name": "iris"}),
    "create an access token called laptop": ("create_access_token", {"name": "laptop"}),
    "tell me about datasets/alice/iris": ("get_repository", IRIS),
    "make datasets/alice/iris public": ("update_repository", {**IRIS, "visibility": "public"}),
    "create tag v1 of datasets/alice/iris": ("create_tag", {**IRIS, "name": "v1"}),
}


@pytest.mark.parametrize(("sentence", "call"), OFFERS.items())
def test_what_is_offered_to_be_said_is_understood(sentence: str, call: tuple[str, dict[str, Any]]) -> None:
    assert plan(sentence)["calls"] == [{"tool": call[0], "arguments": call[1]}]
