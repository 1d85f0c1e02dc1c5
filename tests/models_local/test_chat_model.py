from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from models_local.chat_model import LocalChatModel, situation_of
from models_local.planner import Planner
from models_local.situation import Call
from tools.schema import function_schemas

TOOLS = function_schemas()


@pytest.fixture
def model(planner: Planner) -> Any:
    return LocalChatModel(planner=planner).bind_tools(TOOLS)


def human(text: str, **situation: Any) -> HumanMessage:
    return HumanMessage(text, additional_kwargs={"situation": situation} if situation else {})


def play(model: Any, messages: list[BaseMessage], results: dict[str, ToolMessage] | None = None) -> tuple[list[Call], AIMessage]:
    """Run the agent's loop with tools that answer with their own name."""
    calls: list[Call] = []
    for _ in range(10):
        reply = model.invoke(messages)
        messages.append(reply)
        if not reply.tool_calls:
            return calls, reply
        assert len(reply.tool_calls) == 1
        made = reply.tool_calls[0]
        calls.append(Call(tool=made["name"], arguments=made["args"]))
        given = (results or {}).get(made["name"])
        status = given.status if given else "success"
        messages.append(ToolMessage(given.content if given else f"did {made['name']}", tool_call_id=made["id"], name=made["name"], status=status))
    raise AssertionError("The loop does not end.")


def test_calls_are_made_one_after_the_other_and_the_last_result_is_the_answer(model: Any) -> None:
    calls, reply = play(model, [human("make iris public and tag it v2")])
    assert [made.tool for made in calls] == ["update_repository", "create_tag"]
    assert calls[1].arguments == {"repository": "iris", "name": "v2"}
    assert reply.text == "did create_tag"


def test_a_failed_call_stops_the_rest_and_is_reported(model: Any) -> None:
    failure = ToolMessage("You may not change iris.", tool_call_id="", status="error")
    calls, reply = play(model, [human("make iris public and tag it v2")], {"update_repository": failure})
    assert [made.tool for made in calls] == ["update_repository"]
    assert reply.text == "You may not change iris."


def test_the_situation_comes_with_the_utterance(model: Any) -> None:
    calls, _ = play(model, [human("make it private", page="datasets/alice/iris")])
    assert calls == [Call(tool="update_repository", arguments={"repository": "datasets/alice/iris", "visibility": "private"})]


def test_without_a_situation_the_conversation_itself_is_one(model: Any) -> None:
    messages: list[BaseMessage] = [human("show me 5 rows of iris")]
    play(model, messages)
    messages.append(human("what about titanic?"))
    assert situation_of(messages).recent == ("iris",)
    calls, _ = play(model, messages)
    assert calls == [Call(tool="preview_dataset", arguments={"repository": "titanic", "rows": 5})]


def test_a_question_is_asked_and_its_answer_understood(model: Any) -> None:
    messages: list[BaseMessage] = [human("create a private dataset")]
    calls, reply = play(model, messages)
    assert calls == []
    assert reply.response_metadata["outcome"] == "ask"
    assert reply.response_metadata["missing"] == "name"
    messages.append(human("weather"))
    calls, _ = play(model, messages)
    assert calls == [Call(tool="create_repository", arguments={"type": "dataset", "visibility": "private", "name": "weather"})]


@pytest.mark.parametrize(("utterance", "outcome"), [("hello", "chat"), ("book me a flight", "refuse"), ("don't delete iris", "none")])
def test_other_outcomes_are_short_texts(model: Any, utterance: str, outcome: str) -> None:
    reply = model.invoke([human(utterance)])
    assert reply.response_metadata["outcome"] == outcome
    assert 0 < len(reply.text) < 500
    assert not reply.tool_calls


async def test_it_works_from_async_code(model: Any) -> None:
    reply = await model.ainvoke([human("list my datasets")])
    assert reply.tool_calls[0]["args"] == {"type": "dataset", "owner": "me"}
