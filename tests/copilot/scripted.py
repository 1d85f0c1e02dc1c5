"""A chat model that says what a test wrote down: it works like any other, and understands nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

Line = AIMessage | Exception | Callable[[Sequence[BaseMessage]], AIMessage]


class ScriptedChatModel(BaseChatModel):
    """Plays its lines in order; `heard` are the messages of each call, `tools` what it was offered."""

    _lines: list[Line] = PrivateAttr(default_factory=list)
    _heard: list[list[BaseMessage]] = PrivateAttr(default_factory=list)
    _tools: list[Any] = PrivateAttr(default_factory=list)

    def __init__(self, *lines: Line) -> None:
        super().__init__()
        self._lines = list(lines)

    @property
    def heard(self) -> list[list[BaseMessage]]:
        return self._heard

    @property
    def tools(self) -> list[Any]:
        return self._tools

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> ScriptedChatModel:  # type: ignore[override]
        self._tools = list(tools)
        return self

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: CallbackManagerForLLMRun | None = None, **kwargs: Any
    ) -> ChatResult:
        self._heard.append(messages)
        line = self._lines.pop(0)
        if isinstance(line, Exception):
            raise line
        message = line if isinstance(line, AIMessage) else line(messages)
        return ChatResult(generations=[ChatGeneration(message=message)])


_numbers = itertools.count(1)


def calls(*wanted: tuple[str, dict[str, Any]], text: str = "") -> AIMessage:
    """An answer that calls tools."""
    return AIMessage(text, tool_calls=[{"name": name, "args": args, "id": f"call-{next(_numbers)}"} for name, args in wanted])


def says(text: str, **metadata: Any) -> AIMessage:
    """An answer in words."""
    return AIMessage(text, response_metadata=metadata)
