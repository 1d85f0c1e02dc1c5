"""An OpenAI-compatible endpoint as the Copilot's model: a real server on loopback that streams."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from copilot.copilot import Copilot
from hub_core.context import Context
from hub_core.hub import Hub
from tests.copilot.conftest import Talk, types
from tests.copilot.scripted import ScriptedChatModel

TOOL_CALLS = [
    {"index": 0, "id": "call_0", "type": "function", "function": {"name": "create_repository", "arguments": '{"type": "model", '}},
    {"index": 0, "function": {"arguments": '"name": "bert", "license": null}'}},
    {"index": 1, "id": "call_1", "type": "function", "function": {"name": "whoami", "arguments": "{}"}},
]
ANSWERS: list[list[dict[str, Any]]] = [
    [{"role": "assistant", "content": "One "}, {"content": "moment."}, *({"tool_calls": [call]} for call in TOOL_CALLS)],
    [{"role": "assistant", "content": "It is "}, {"content": "there."}],
]


@asynccontextmanager
async def endpoint(asked: list[dict[str, Any]]) -> AsyncIterator[str]:
    """The base URL of a server that gives ANSWERS in order, then fails."""
    app = FastAPI()

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> StreamingResponse:
        body = await request.json()
        asked.append({**body, "authorization": request.headers["authorization"]})
        deltas = ANSWERS[len(asked) - 1]

        async def lines() -> AsyncIterator[str]:
            for delta in [*deltas, {}]:
                choice = {"index": 0, "delta": delta, "finish_reason": None if delta else "stop"}
                chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": body["model"], "choices": [choice]}
                yield f"data: {json.dumps(chunk)}\n\n"
            yield "data: [DONE]\n\n"

        return StreamingResponse(lines(), media_type="text/event-stream")

    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    finally:
        server.should_exit = True
        await serving


async def test_streaming_and_calls(hub: Hub, alice: Context) -> None:
    asked: list[dict[str, Any]] = []
    async with endpoint(asked) as url:
        hub.settings.llm, hub.settings.llm_name = url, "test-model"
        async with Copilot(hub).started() as copilot:
            conversation = Talk(copilot, alice, ScriptedChatModel())
            events = await conversation.say("make a model called bert")
            assert types(events) == ["text", "text", "tool_call", "tool_result", "text", "text", "end"]
            assert [event.text for event in events if event.type == "text"] == ["One ", "moment.", "It is ", "there."]
            assert events[3].text == "Created the private model **alice/bert**."
            assert types(await conversation.history()) == ["user", "text", "tool_call", "tool_result", "text"]
    assert asked[0]["model"] == "test-model"
    assert asked[0]["authorization"] == "Bearer none"
    assert len(asked[0]["tools"]) == 28
    assert [message["role"] for message in asked[1]["messages"]] == ["system", "user", "assistant", "tool"]
    assert "situation" not in json.dumps(asked[0]["messages"][1])
    assert len(asked[1]["messages"][2]["tool_calls"]) == 1


async def test_an_endpoint_that_is_gone(hub: Hub, alice: Context) -> None:
    async with endpoint([]) as url:
        pass
    hub.settings.llm = url
    async with Copilot(hub).started() as copilot:
        failed, _ = [event async for event in copilot.send(alice, None, "hi")]
    assert failed.code == "model_unavailable"
    assert failed.hint.startswith("Check HUBPILOT_LLM")
