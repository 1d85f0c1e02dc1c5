"""Draws one turn of the Copilot in the conversation."""

from __future__ import annotations

from collections.abc import AsyncIterator

import chainlit as cl
from chainlit.utils import utc_now

from chat_ui.cards import Drawn, approval_element, card_element, choices_element, citations_element, error_element, tool_label
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
)

_APPROVALS = "approvals"


class TurnDrawing:
    """Turns events into messages, steps and cards as they come."""

    def __init__(self) -> None:
        self._text: cl.Message | None = None
        self._steps: dict[str, cl.Step] = {}
        self._citations: list[CitationGiven] = []

    async def draw(self, events: AsyncIterator[Event]) -> None:
        """Draw until the turn ends."""
        async for event in events:
            await self._draw(event)
        await self._finish_text()

    async def _draw(self, event: Event) -> None:
        if isinstance(event, TextDelta):
            await self._stream(event)
            return
        if isinstance(event, CitationGiven):
            self._citations.append(event)
            return
        await self._finish_text()
        match event:
            case ToolCalled():
                await self._tool_called(event)
            case ToolReturned():
                await self._tool_returned(event)
            case ApprovalNeeded():
                element = approval_element(event)
                pending_approvals()[event.approval_id] = element
                await _say("", element)
            case ChoicesOffered():
                await _say("", choices_element(event))
            case Failed():
                await draw_failure(event)
            case TurnEnded():
                await self._turn_ended(event)

    async def _stream(self, event: TextDelta) -> None:
        if self._text is None:
            self._text = cl.Message(content="")
        await self._text.stream_token(event.text)

    async def _tool_called(self, event: ToolCalled) -> None:
        run = cl.context.current_run
        step = cl.Step(name=tool_label(event.tool, event.arguments), type="tool", parent_id=run.id if run else None)
        step.start = utc_now()
        step.input = event.arguments
        self._steps[event.id] = step
        await step.send()

    async def _tool_returned(self, event: ToolReturned) -> None:
        if step := self._steps.pop(event.id, None):
            step.end = utc_now()
            step.is_error = not event.ok
            step.output = "" if event.ok else event.text
            await step.update()
        if event.ok:
            await _say(event.text, card_element(event.card, event.undo) if event.card else None)

    async def _turn_ended(self, event: TurnEnded) -> None:
        if self._citations:
            await _say("", citations_element(self._citations))
            self._citations = []
        cl.user_session.set("thread_id", event.thread_id)

    async def _finish_text(self) -> None:
        if self._text is not None:
            await self._text.update()
            self._text = None


def pending_approvals() -> dict[str, Drawn]:
    """The approval cards of this conversation that wait for a decision, by the id of their approval."""
    pending: dict[str, Drawn] | None = cl.user_session.get(_APPROVALS)
    if pending is None:
        pending = {}
        cl.user_session.set(_APPROVALS, pending)
    return pending


async def draw_failure(event: Failed, sign_in: str | None = None) -> None:
    """Show an error that no turn carried."""
    await _say("", error_element(event, sign_in))


async def _say(text: str, element: Drawn | None) -> None:
    await cl.Message(content=text, elements=[element] if element else []).send()
