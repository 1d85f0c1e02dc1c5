"""The shipped planner as a LangChain chat model: it calls tools one at a time, or answers with a short text."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolCall, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, ConfigDict

from models_local.planner import WEIGHTS, Plan, Planner
from models_local.situation import Call, Situation, Turn, mentioned_repository

_CAN_DO = (
    "I can create, find, change and delete models, datasets, spaces and code repositories, show their files, rows, branches, tags and history, "
    "store the files you attach, manage access tokens and users, and answer questions about the hub."
)
_TEXTS = {
    "chat": f"Hello. {_CAN_DO} For example: “create a private dataset called iris” or “show me 5 rows of iris”.",
    "refuse": f"I cannot do that here. {_CAN_DO}",
    "none": "All right, I have not changed anything.",
}
_THANKS = re.compile(r"\b(?:thank(?:s|\s*you)?|thx|cheers|great|perfect|awesome|nice|good job|well done|danke|merci)\b", re.IGNORECASE)
_DONE = "Done."


class LocalChatModel(BaseChatModel):
    """Plans the last utterance and plays the plan back call by call.

    The situation comes with the utterance, as `additional_kwargs["situation"]` of the `HumanMessage`; without it the
    repositories of earlier calls in the conversation are used. `response_metadata` of an answer has `outcome`,
    `confidence` and, for a question, `missing`, `waiting` and `alternatives`.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    planner: Planner

    @classmethod
    def load(cls, folder: Path = WEIGHTS) -> "LocalChatModel":
        """Open the shipped model; blocks while it is read. Raises ModelFileMissing or ModelFileDamaged."""
        return cls(planner=Planner.load(folder))

    @property
    def _llm_type(self) -> str:
        return "hubpilot-local"

    def bind_tools(
        self,
        tools: Sequence[Mapping[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """The model with these tools to call; `tool_choice` is ignored, the utterance alone decides."""
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: CallbackManagerForLLMRun | None = None, **kwargs: Any
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._reply(messages, kwargs.get("tools") or ()))])

    async def _agenerate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: AsyncCallbackManagerForLLMRun | None = None, **kwargs: Any
    ) -> ChatResult:
        return await asyncio.to_thread(self._generate, messages, stop, None, **kwargs)

    def _reply(self, messages: Sequence[BaseMessage], tools: Sequence[Mapping[str, Any]]) -> AIMessage:
        spoken = next((index for index in range(len(messages) - 1, -1, -1) if isinstance(messages[index], HumanMessage)), None)
        if spoken is None:
            return AIMessage(_TEXTS["chat"], response_metadata={"outcome": "chat", "confidence": 1.0})
        since = messages[spoken + 1 :]
        if since and isinstance(since[-1], ToolMessage):
            return _after_result(since[-1], next((message for message in reversed(since) if isinstance(message, AIMessage)), None))
        utterance = messages[spoken].text
        return _start(self.planner.plan(utterance, situation_of(messages[: spoken + 1]), tools), utterance)


def _start(plan: Plan, utterance: str) -> AIMessage:
    """The first call of a plan, or the text that stands for a plan without calls."""
    text, closing = _text(plan, utterance), _metadata(plan)
    if not plan.calls:
        return AIMessage(text, response_metadata=closing)
    question = {"text": text, **closing} if plan.outcome == "ask" else None
    return _call(list(plan.calls), {"outcome": plan.outcome, "confidence": plan.confidence}, question)


def _call(calls: Sequence[Call], metadata: Mapping[str, Any], question: Mapping[str, Any] | None) -> AIMessage:
    """A message with the first call; what is left travels in its metadata, so that a restarted process can go on."""
    first, rest = calls[0], [call.model_dump(mode="json") for call in calls[1:]]
    call = ToolCall(name=first.tool, args=dict(first.arguments), id=f"call_{len(rest)}_{first.tool}", type="tool_call")
    return AIMessage("", tool_calls=[call], response_metadata={**metadata, "remaining": rest, "question": question})


def _after_result(result: ToolMessage, asked: AIMessage | None) -> AIMessage:
    """What follows a tool's result: the next call, the question that was left, or the result's own text."""
    metadata = asked.response_metadata if asked else {}
    carried = {key: metadata[key] for key in ("outcome", "confidence") if key in metadata}
    if result.status == "error":
        return AIMessage(result.text, response_metadata={**carried, "stopped": True})
    remaining = [Call.model_validate(call) for call in metadata.get("remaining", ())]
    question = metadata.get("question")
    if remaining:
        return _call(remaining, carried, question)
    if question:
        return AIMessage(question["text"], response_metadata={key: value for key, value in question.items() if key != "text"})
    return AIMessage(result.text or _DONE, response_metadata=carried)


def _text(plan: Plan, utterance: str) -> str:
    if plan.outcome == "chat" and _THANKS.search(utterance):
        return "You are welcome."
    return plan.ask or _TEXTS.get(plan.outcome, "")


def _metadata(plan: Plan) -> dict[str, Any]:
    metadata: dict[str, Any] = {"outcome": plan.outcome, "confidence": plan.confidence}
    if plan.alternatives:
        metadata["alternatives"] = [call.model_dump(mode="json") for call in plan.alternatives]
    if plan.missing:
        metadata["missing"] = plan.missing
    if plan.waiting:
        metadata["waiting"] = plan.waiting.model_dump(mode="json")
    return metadata


def situation_of(messages: Sequence[BaseMessage]) -> Situation:
    """The situation of the last of `messages`: the one it carries, else what the earlier calls were about."""
    given = messages[-1].additional_kwargs.get("situation")
    if given is not None:
        return Situation.model_validate(given.model_dump() if isinstance(given, BaseModel) else given)
    history: list[Turn] = []
    for message in messages[:-1]:
        if isinstance(message, HumanMessage):
            history.append(Turn(utterance=message.text))
        elif isinstance(message, AIMessage) and history:
            history[-1] = _with_reply(history[-1], message)
    recent = [mentioned_repository(call.arguments, call.tool) for turn in reversed(history) for call in reversed(turn.calls)]
    return Situation(history=tuple(history), recent=tuple(dict.fromkeys(name for name in recent if name)))


def _with_reply(turn: Turn, message: AIMessage) -> Turn:
    calls = [Call(tool=call["name"], arguments=call["args"]) for call in message.tool_calls]
    update: dict[str, Any] = {"calls": (*turn.calls, *calls)}
    if waiting := message.response_metadata.get("waiting"):
        update = {"calls": (*turn.calls, Call.model_validate(waiting)), "ask": message.text, "missing": message.response_metadata.get("missing")}
    return turn.model_copy(update=update)
