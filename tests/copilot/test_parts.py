"""The small parts of the Copilot: pages, wording, results, memory, plans."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import orjson
import pytest
from langchain_core.messages import AIMessage, HumanMessage

from copilot.agent import remembered
from copilot.page import page_repository
from copilot.plan import plan, plan_line
from copilot.results import MAX_CHARACTERS, failure, fitted
from copilot.wording import _SENTENCES, call_sentence
from hub_core.errors import NotFound
from models_local.situation import Call
from tools.catalog import TOOLS
from tools.schema import function_schema


@pytest.mark.parametrize(
    ("page", "repository"),
    [
        ("datasets/alice/iris", "datasets/alice/iris"),
        ("iris", "iris"),
        ("/datasets/alice/iris/tree/main", "datasets/alice/iris"),
        ("/alice/bert", "alice/bert"),
        ("/alice/bert.git", "alice/bert"),
        ("https://hub.example/models/alice/bert?tab=files#top", "models/alice/bert"),
        ({"repository": "alice/bert"}, "alice/bert"),
        ({"path": "/spaces/alice/demo/blob/main/app.py"}, "spaces/alice/demo"),
        ({"url": "http://hub/datasets/alice/iris"}, "datasets/alice/iris"),
        ({"url": "http://hub/datasets/alice"}, None),
        ("/", None),
        ("/alice", None),
        ("/datasets", None),
        ("/settings/tokens", None),
        ("/chat/thread/1", None),
        ("", None),
        ("../../etc/passwd", None),
        ("datasets/a b/c", None),
        (None, None),
        (7, None),
        (["x"], None),
    ],
)
def test_pages(page: object, repository: str | None) -> None:
    assert page_repository(page) == repository


def test_every_call_has_a_sentence_with_every_argument() -> None:
    assert set(_SENTENCES) == {tool.name for tool in TOOLS}
    for tool in TOOLS:
        properties = function_schema(tool)["function"]["parameters"]["properties"]
        sentence = call_sentence(Call(tool=tool.name, arguments={name: f"<{name}>" for name in properties}))
        assert all(f"<{name}>" in sentence for name in properties), sentence


def test_sentences_of_calls() -> None:
    assert call_sentence(Call(tool="list_repositories", arguments={"type": "dataset", "owner": "me"})) == "list repositories of type dataset of me"
    assert call_sentence(Call(tool="delete_branch", arguments={"repository": "iris"})) == "delete branch … of iris"
    assert call_sentence(Call(tool="new_tool", arguments={})) == "new tool"


def test_results_fit_and_stay_json() -> None:
    rows = [[f"cell {row} {column} " * 50 for column in range(20)] for row in range(200)]
    shown = fitted({"status": "ok", "summary": "many", "data": {"rows": rows, "text": "x" * 50_000}})
    assert len(shown) <= MAX_CHARACTERS
    read = orjson.loads(shown)
    assert read["data"]["rows"][-1] == "… (200 items in all)"
    assert read["data"]["text"].endswith("(50000 characters in all)")
    assert orjson.loads(failure(NotFound("No.", hint="Look.")))["hint"] == "Look."


def test_memory_keeps_whole_turns_and_always_the_current_one() -> None:
    turns = [[HumanMessage(f"{number}" * 9000), AIMessage(f"answer {number}")] for number in range(5)]
    messages: list[Any] = [message for turn in turns for message in turn]
    assert remembered(messages, 30_000) == messages[4:]
    assert remembered([HumanMessage("x" * 100_000), AIMessage("y")], 10)[0].text.startswith("xxx")
    assert remembered([], 10) == []


def test_events_are_cheap_to_import() -> None:
    code = "import sys, copilot.events; print([name for name in ('langchain', 'langgraph', 'langchain_core', 'openai') if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert shown.strip() == "[]"


def test_plans_resolve_pages_and_history() -> None:
    assert plan("delete it", "/datasets/alice/iris/tree/main")["calls"] == [
        {"tool": "delete_repository", "arguments": {"repository": "datasets/alice/iris"}}
    ]
    private = {"tool": "update_repository", "arguments": {"visibility": "private", "repository": "alice/bert"}}
    shown = {"tool": "get_repository", "arguments": {"repository": "alice/bert"}}
    openai = {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "get_repository", "arguments": '{"repository": "alice/bert"}'}}]}
    for history in (
        ["tell me about alice/bert"],
        [{"role": "user", "content": "tell me about alice/bert"}, {"role": "assistant", "content": "It is a model."}],
        [{"utterance": "tell me about it", "calls": [shown]}],
        [{"role": "user", "content": "tell me about it"}, openai],
    ):
        assert plan("make it private", None, history)["calls"] == [private], history


def test_a_question_is_answered_by_the_next_utterance() -> None:
    asked = plan("create a dataset")
    assert (asked["outcome"], asked["missing"], asked["calls"]) == ("ask", "name", [])
    assert plan("iris", None, ["create a dataset"])["calls"] == [{"tool": "create_repository", "arguments": {"type": "dataset", "name": "iris"}}]


@pytest.mark.parametrize("line", ["", "{", "7", "[]", "{}", '{"utterance": 7}', b"\xff"])
def test_bad_lines_are_answered(line: str | bytes) -> None:
    assert set(plan_line(line)) == {"error"}


@pytest.mark.parametrize(
    "line",
    [
        '"who am I?"',
        '{"utterance": "who am I?", "page": {"x": 1}, "history": "?", "user": 3, "attachments": {}}',
        '{"utterance": "who am I?", "history": [null, 3, [], {}, {"role": 1}, {"calls": "x"}, {"calls": [null, {"tool": 3}]}, {"utterance": ""}]}',
    ],
)
def test_odd_lines_are_read_as_well_as_they_can_be(line: str) -> None:
    assert plan_line(line)["calls"] == [{"tool": "whoami", "arguments": {}}]


@pytest.mark.parametrize("utterance", ["", " ", "\x00", "x" * 20_000, "🙂" * 50, "delete " * 500])
def test_no_utterance_breaks_the_planner(utterance: str) -> None:
    answered = plan(utterance)
    assert {"outcome", "calls", "confidence"} <= set(answered)
