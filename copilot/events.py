"""What one turn of the Copilot emits: the same stream feeds the chat, the sidebar, REST (server-sent events) and the command line."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter

from tools.card import Card


class UserSaid(BaseModel):
    """What the person said; only in the history of a thread."""

    type: Literal["user"] = "user"
    text: str
    attachments: list[str] = []


class TextDelta(BaseModel):
    """A piece of the answer's text (Markdown); pieces are to be joined."""

    type: Literal["text"] = "text"
    text: str


class ToolCalled(BaseModel):
    """The Copilot calls a tool with these arguments."""

    type: Literal["tool_call"] = "tool_call"
    id: str
    tool: str
    arguments: dict[str, Any]


class ToolReturned(BaseModel):
    """A tool's result: a sentence or two for everybody, and a card for surfaces that can draw one. `undo` is a sentence that would undo it.

    A secret (a new access token, the link that sets a password) is in the card once, when it is made, and in no history.
    """

    type: Literal["tool_result"] = "tool_result"
    id: str
    tool: str
    ok: bool
    text: str
    card: Card | None = None
    undo: str | None = None


class ApprovalNeeded(BaseModel):
    """The turn is suspended until a person decides; resume it with `Copilot.decide`. `facts` are labels and values to weigh."""

    type: Literal["approval"] = "approval"
    approval_id: str
    operation: str
    title: str
    summary: str
    facts: dict[str, str]


class Choice(BaseModel):
    """A reading the Copilot offers: `label` for the button, `message` is what to send when it is chosen."""

    label: str
    message: str


class ChoicesOffered(BaseModel):
    """The Copilot is not sure, or something is missing, and asks."""

    type: Literal["choices"] = "choices"
    question: str
    choices: list[Choice]


class CitationGiven(BaseModel):
    """A passage an answer stands on."""

    type: Literal["citation"] = "citation"
    title: str
    source: str
    excerpt: str


class Failed(BaseModel):
    """The turn could not go on: the hub's error, with its code and next step."""

    type: Literal["error"] = "error"
    code: str
    message: str
    hint: str | None = None


class TurnEnded(BaseModel):
    """Last event of a turn. `suspended` is true when an approval is awaited."""

    type: Literal["end"] = "end"
    thread_id: str
    suspended: bool = False


Event = Annotated[
    UserSaid | TextDelta | ToolCalled | ToolReturned | ApprovalNeeded | ChoicesOffered | CitationGiven | Failed | TurnEnded,
    Field(discriminator="type"),
]
EventAdapter: TypeAdapter[Event] = TypeAdapter(Event)
