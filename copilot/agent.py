"""The agent: a model in a loop with the hub's tools."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import uuid4

from langchain.agents import create_agent
from langchain.agents.middleware.types import AgentMiddleware, AgentState, ModelRequest, ModelResponse
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph
from langgraph.prebuilt.tool_node import ToolCallRequest
from langgraph.types import Command

from copilot.execution import Turn, execute
from copilot.model import Model
from copilot.prompt import system_prompt
from copilot.replay import ECHO, readings, said
from copilot.wording import call_sentence
from hub_core.errors import ModelUnavailable
from models_local.situation import Situation
from tools.schema import function_schemas

# How many tools one turn may call. A step is a model's answer or a tool's; the graph counts both.
MAX_CALLS = 12
RECURSION_LIMIT = 2 * MAX_CALLS + 2

Agent = CompiledStateGraph[Any, Turn, Any, Any]


def build_agent(model: Model, checkpointer: BaseCheckpointSaver[Any]) -> Agent:
    """The agent on this model; its runs need a `Turn` as context."""
    agent: Agent = create_agent(
        model.chat, function_schemas(), middleware=[_HubMiddleware(model)], context_schema=Turn, checkpointer=checkpointer
    )
    return agent


class _HubMiddleware(AgentMiddleware[AgentState[Any], Turn, Any]):
    """Tells the model its rules and situation, takes its calls one at a time, and makes them through the hub."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.tools = []
        self._model = model

    async def awrap_model_call(
        self, request: ModelRequest[Turn], handler: Callable[[ModelRequest[Turn]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        if (chosen := _chosen(request.messages)) is not None:
            return ModelResponse(result=[_tidied(chosen, request.messages)])
        prompt = SystemMessage(system_prompt(_known(request.messages)))
        try:
            response = await handler(
                request.override(messages=remembered(request.messages, self._model.memory), system_message=prompt)
            )
        except self._model.failures as error:
            raise ModelUnavailable(
                f"The Copilot's model did not answer: {type(error).__name__}. The rest of the hub works.",
                hint="Check HUBPILOT_LLM, HUBPILOT_LLM_NAME and the endpoint's log, or unset HUBPILOT_LLM for the shipped model.",
            ) from error
        return ModelResponse(result=[_tidied(message, request.messages) for message in response.result])

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]]
    ) -> ToolMessage:
        del handler  # no tool is registered with the graph: every call goes through the hub
        return await execute(request)


def _known(messages: Sequence[BaseMessage]) -> Situation:
    """The situation that was noted with the last utterance."""
    last = next((message for message in reversed(messages) if isinstance(message, HumanMessage)), None)
    return Situation.model_validate(last.additional_kwargs.get("situation", {}) if last else {})


def _chosen(messages: Sequence[BaseMessage]) -> AIMessage | None:
    """The call that the person has just chosen among the readings offered before: it needs no understanding any more."""
    if len(messages) < 2 or not isinstance(messages[-1], HumanMessage) or not isinstance(messages[-2], AIMessage):
        return None
    for call in readings(messages[-2]):
        if call_sentence(call) == messages[-1].text:
            return AIMessage("", tool_calls=[{"name": call.tool, "args": call.arguments, "id": None}], response_metadata={"outcome": "act"})
    return None


def remembered(messages: Sequence[AnyMessage], characters: int) -> list[AnyMessage]:
    """The current turn, and as many whole turns before it as fit."""
    starts = [index for index, message in enumerate(messages) if isinstance(message, HumanMessage)] or [0]
    room, first = characters, starts[-1]
    ends = [*starts[1:], len(messages)]
    for start, end in zip(reversed(starts), reversed(ends), strict=True):
        room -= sum(len(message.text) for message in messages[start:end])
        if room < 0:
            break
        first = start
    return list(messages[first:])


def _tidied(message: BaseMessage, before: Sequence[BaseMessage]) -> BaseMessage:
    """The answer with its first call only, under an id of our own, and with words for people.

    The second of two calls may rest on what the first brings, or on an approval it waits for. Models number their calls anew in each turn
    and need not be unique in a thread. The shipped model ends by repeating a result as it read it.
    """
    if not isinstance(message, AIMessage):
        return message
    if message.tool_calls:
        return message.model_copy(update={"tool_calls": [{**message.tool_calls[0], "id": f"call_{uuid4().hex[:12]}"}]})
    if before and isinstance(result := before[-1], ToolMessage) and message.text == result.text:
        return message.model_copy(update={"content": said(result), "response_metadata": {**message.response_metadata, ECHO: True}})
    return message
