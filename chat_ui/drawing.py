"""Draws one turn of the Copilot in the conversation, while it goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import chainlit as cl
from chainlit.element import ElementDict
from chainlit.utils import utc_now

from chat_ui.cards import Drawing, approval_drawing, card_drawing, choices_drawing, citations_drawing, error_drawing, tool_label
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
# Chainlit would ask for a picture by the name of the step.
FACE = {"avatarName": "hubpilot"}


class Drawn(cl.CustomElement):
    """An element that lives in the browser alone: Chainlit would keep a copy of it on disk, and a card can hold a secret."""

    async def _create(self, persist: bool = True) -> bool:  # the signature is Chainlit's
        self.chainlit_key = self.id
        self.persisted = True
        return True


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
                pending_approvals()[event.approval_id] = await _say("", approval_drawing(event))
            case ChoicesOffered():
                await _say("", choices_drawing(event))
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
        step = cl.Step(name=tool_label(event.tool, event.arguments), type="tool", parent_id=run.id if run else None, metadata=FACE)
        step.start = utc_now()
        step.input = event.arguments
        self._steps[event.id] = step
        await step.send()

    async def _tool_returned(self, event: ToolReturned) -> None:
        if step := self._steps.pop(event.id, None):
            step.end = utc_now()
            step.is_error = not event.ok
            await step.update()
        card = card_drawing(event.card, event.undo) if event.card else None
        if card is None:
            await cl.Message(content=event.text).send()
        else:
            await _say(event.text, card)

    async def _turn_ended(self, event: TurnEnded) -> None:
        if self._citations:
            await _say("", citations_drawing(self._citations))
            self._citations = []
        cl.user_session.set("thread_id", event.thread_id)
        await _name_thread(event.thread_id)

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


def resume_approvals(elements: Sequence[ElementDict]) -> None:
    """Take up the approval cards among the elements of a conversation that was opened again."""
    for element in elements:
        props = element.get("props") or {}
        if element["name"] == "ApprovalCard" and props.get("outcome") == "pending":
            pending_approvals()[props["approval_id"]] = Drawn(
                id=element["id"], thread_id=element["threadId"] or "", for_id=element["forId"], name=element["name"], props=props
            )


async def draw_failure(event: Failed, sign_in: str | None = None) -> None:
    """Show an error; `sign_in` is the address to sign in at where that is the next step."""
    await _say("", error_drawing(event, sign_in))


async def _say(text: str, drawing: Drawing) -> Drawn:
    element = Drawn(name=drawing.element, props=drawing.props)
    element.props["id"] = element.id
    await cl.Message(content=text, elements=[element]).send()
    return element


async def _name_thread(thread_id: str) -> None:
    """Let the browser call the conversation by the id the Copilot gave it: it began with one of the browser's own."""
    session = cl.context.session
    if session.thread_id != thread_id:
        session.thread_id = thread_id
        # The list of conversations is read again when this event brings an interaction it has not seen.
        await cl.context.emitter.emit("first_interaction", {"interaction": thread_id, "thread_id": thread_id})
