"""The agent: a model in a loop with the hub's tools."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

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
from hub_core.errors import ModelUnavailable
from models_local.situation import Situation
from tools.schema import function_schemas

# How many tools one turn may call. A step is a model's answer or a tool's; the graph counts both.
MAX_CALLS = 12
RECURSION_LIMIT = 2 * MAX_CALLS + 2
# What of a long conversation a model reads, counted in characters: some 8,000 LLM tokens, and always the whole current turn.
_MEMORY_CHARACTERS = 30_000

Agent = CompiledStateGraph[Any, Turn, Any, Any]


def build_agent(model: Model, checkpointer: BaseCheckpointSaver[Any]) -> Agent:
    """The agent on this model; its runs need a `Turn` as context."""
    agent: Agent = create_agent(
        model.chat, function_schemas(), middleware=[_HubMiddleware(model.failures)], context_schema=Turn, checkpointer=checkpointer
    )
    return agent


class _HubMiddleware(AgentMiddleware[AgentState[Any], Turn, Any]):
    """Tells the model its rules and situation, takes its calls one at a time, and makes them through the hub."""

    def __init__(self, failures: tuple[type[Exception], ...]) -> None:
        super().__init__()
        self.tools = []
        self._failures = failures

    async def awrap_model_call(
        self, request: ModelRequest[Turn], handler: Callable[[ModelRequest[Turn]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        prompt = SystemMessage(system_prompt(_known(request.messages)))
        try:
            response = await handler(request.override(messages=remembered(request.messages), system_message=prompt))
        except self._failures as error:
            raise ModelUnavailable(
                f"The Copilot's model did not answer: {type(error).__name__}. The rest of the hub works.",
                hint="Check HUBPILOT_LLM, HUBPILOT_LLM_NAME and the endpoint's log, or unset HUBPILOT_LLM for the shipped model.",
            ) from error
        return ModelResponse(result=[_one_call(message) for message in response.result])

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]]
    ) -> ToolMessage:
        del handler  # no tool is registered with the graph: every call goes through the hub
        return await execute(request)


def _known(messages: Sequence[BaseMessage]) -> Situation:
    """The situation that was noted with the last utterance."""
    last = next((message for message in reversed(messages) if isinstance(message, HumanMessage)), None)
    return Situation.model_validate(last.additional_kwargs.get("situation", {}) if last else {})


def remembered(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """The current turn and as many whole turns before it as fit."""
    starts = [index for index, message in enumerate(messages) if isinstance(message, HumanMessage)] or [0]
    room = _MEMORY_CHARACTERS
    first = starts[-1]
    ends = [*starts[1:], len(messages)]
    for start, end in zip(reversed(starts), reversed(ends), strict=True):
        room -= sum(len(message.text) for message in messages[start:end])
        if room < 0:
            break
        first = start
    return list(messages[first:])


def _one_call(message: BaseMessage) -> BaseMessage:
    """The answer with its first call only: the second of two calls may rest on what the first brings, or on an approval it waits for."""
    if not isinstance(message, AIMessage) or len(message.tool_calls) < 2:
        return message
    return message.model_copy(update={"tool_calls": message.tool_calls[:1]})
