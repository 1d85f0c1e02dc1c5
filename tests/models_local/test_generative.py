"""A model of random weights says nonsense; the grammar makes it well-formed nonsense. No large model is tested here."""

from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

from models_local.errors import ModelFileDamaged, ModelFileMissing
from models_local.generative import GenerativeChatModel, reply_schema
from models_local.schema import read_tools, well_formed
from tests.models_local.tiny_gguf import write_tiny_gguf

TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": "A tool.",
            "parameters": {
                "type": "object",
                "properties": {"kind": {"enum": ["model", "dataset"], "type": "string"}, "public": {"type": "boolean"}},
                "required": ["kind", "public"],
                "additionalProperties": False,
            },
        },
    }
    for name in ("one", "two")
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> GenerativeChatModel:
    path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    write_tiny_gguf(path)
    return GenerativeChatModel.load(path, context_length=4096, threads=1)


def test_a_reply_is_a_well_formed_call_or_a_text(model: GenerativeChatModel) -> None:
    bound = model.model_copy(update={"max_tokens": 200}).bind_tools(TOOLS)
    reply = bound.invoke([SystemMessage("Be brief."), HumanMessage("make a dataset")])
    offered = read_tools(TOOLS)
    assert bool(reply.tool_calls) != bool(reply.text)
    assert all(well_formed(offered[call["name"]], call["args"]) for call in reply.tool_calls)


async def test_a_conversation_with_results_goes_on_without_tools(model: GenerativeChatModel) -> None:
    call = {"name": "one", "args": {"kind": "model", "public": True}, "id": "1", "type": "tool_call"}
    messages = [HumanMessage("go"), AIMessage("", tool_calls=[call]), ToolMessage("done", tool_call_id="1", name="one")]
    reply = await model.model_copy(update={"max_tokens": 8}).ainvoke(messages)
    assert not reply.tool_calls


def test_the_schema_allows_each_tool_with_its_own_arguments_or_a_text() -> None:
    branches = reply_schema([tool["function"] for tool in TOOLS])["anyOf"]
    assert [branch["properties"]["tool"]["const"] for branch in branches[:-1]] == ["one", "two"]
    assert branches[-1]["required"] == ["text"]


def test_missing_and_damaged_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileMissing, match=r"none\.gguf is missing"):
        GenerativeChatModel.load(tmp_path / "none.gguf")
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"GGUF nonsense")
    with pytest.raises(ModelFileDamaged, match=r"bad\.gguf is damaged"):
        GenerativeChatModel.load(bad)
