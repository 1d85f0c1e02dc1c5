"""Calling a tool: from arguments to a result for people, as whoever asks and with no more rights than theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, TypeAdapter

from hub_core.context import Context
from hub_core.hub import Hub
from retrieval.port import DocumentationSearch, Passage
from tools.card import Card
from tools.catalog import Tool
from tools.documentation import SearchDocumentation

_JSON: TypeAdapter[Any] = TypeAdapter(Any)


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a call came to. `card` may hold a secret for the person who asked; `kept` is the same card without it."""

    text: str
    card: Card
    kept: Card
    undo: str | None = None
    passages: Sequence[Passage] = ()


async def call_tool(tool: Tool, hub: Hub, ctx: Context, request: BaseModel, documentation: DocumentationSearch | None) -> ToolResult:
    """Run the tool's operation and say its result.

    Raises what the operation raises; through an agent's surface that includes `ConfirmationRequired`.
    """
    passages: Sequence[Passage] = ()
    if tool.method is not None:
        result = await hub.run(tool.method, ctx, request)
    else:
        assert isinstance(request, SearchDocumentation)  # noqa: S101  # the only tool without a method takes nothing else
        result = passages = await documentation.search(request.query) if documentation else []
    presented = tool.present(request, result)
    data = _JSON.dump_python(result, mode="json")
    card = Card(kind=presented.kind, title=presented.title, data=data, next_steps=list(presented.next_steps))
    kept = card.model_copy(update={"data": {**data, tool.secret: None}}) if tool.secret else card
    return ToolResult(presented.text, card, kept, presented.undo, passages)
