"""An earlier conversation drawn again, as the rows Chainlit reads one from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from chainlit.config import config
from chainlit.element import ElementDict
from chainlit.step import StepDict
from chainlit.utils import utc_now

from chat_ui.cards import Drawing, approval_drawing, card_drawing, choices_drawing, citations_drawing, error_drawing, tool_label
from chat_ui.drawing import FACE
from copilot.events import (
    ApprovalNeeded,
    ChoicesOffered,
    CitationGiven,
    Event,
    Failed,
    TextDelta,
    ToolCalled,
    ToolReturned,
    TurnEnded,
    UserSaid,
)


class Replay:
    """Collects `steps` and `elements` from a thread's events. Times are not kept; `at` stands for all of them."""

    def __init__(self, thread_id: str) -> None:
        self.steps: list[StepDict] = []
        self.elements: list[ElementDict] = []
        self.at: str = utc_now()
        self._thread_id = thread_id
        self._calls: dict[str, StepDict] = {}
        self._citations: list[CitationGiven] = []

    def tell(self, events: Iterable[Event]) -> None:
        """Add events in their order."""
        for event in events:
            self._tell(event)
        self._cite()

    def _tell(self, event: Event) -> None:
        match event:
            case UserSaid():
                self._cite()
                files = f"\n\n📎 {', '.join(event.attachments)}" if event.attachments else ""
                self._step("user_message", output=f"{event.text}{files}")
            case TextDelta():
                self._step("assistant_message", output=event.text)
            case ToolCalled():
                arguments = orjson.dumps(event.arguments, option=orjson.OPT_INDENT_2).decode()
                name = tool_label(event.tool, event.arguments)
                self._calls[event.id] = self._step("tool", name=name, input=arguments, showInput="json")
            case ToolReturned():
                if call := self._calls.pop(event.id, None):
                    call["isError"] = not event.ok
                self._draw(event.text, card_drawing(event.card, event.undo) if event.card else None)
            case CitationGiven():
                self._citations.append(event)
            case ApprovalNeeded():
                self._draw("", approval_drawing(event))
            case ChoicesOffered():
                self._draw("", choices_drawing(event))
            case Failed():
                self._draw("", error_drawing(event))
            case TurnEnded():
                self._cite()

    def _cite(self) -> None:
        if self._citations:
            self._draw("", citations_drawing(self._citations))
            self._citations = []

    def _draw(self, text: str, drawing: Drawing | None) -> None:
        step = self._step("assistant_message", output=text)
        if drawing is not None:
            key = f"{step['id']}-card"
            self.elements.append(ElementDict(
                id=key, threadId=self._thread_id, type="custom", name=drawing.element, display="inline", props={**drawing.props, "id": key},
                forId=step["id"], chainlitKey=key, mime="application/json",
            ))

    def _step(self, kind: Any, *, output: str = "", name: str | None = None, **values: Any) -> StepDict:
        step = StepDict(
            id=f"{self._thread_id}-{len(self.steps)}", threadId=self._thread_id, parentId=None, type=kind, name=name or config.ui.name,
            output=output, input="", createdAt=self.at, start=self.at, end=self.at, streaming=False, isError=False, metadata=FACE, tags=None,
        )
        step.update(values)  # type: ignore[typeddict-item]  # keys of the same dictionary, given by name
        self.steps.append(step)
        return step
