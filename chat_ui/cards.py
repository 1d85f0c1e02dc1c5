"""From the Copilot's events to what draws them in the browser: names of React components and what they are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from copilot.events import ApprovalNeeded, ChoicesOffered, CitationGiven, Failed
from tools.card import Card

_ELEMENT = {
    "repository": "RepositoryCard", "repositories": "RepositoryList", "deleted": "Note",
    "files": "FileList", "file": "FileView", "commits": "CommitList", "commit": "CommitList", "refs": "RefList", "ref": "RefList",
    "table": "DataTable", "schema": "SchemaTable",
    "user": "UserList", "users": "UserList", "identity": "UserList", "access_token": "TokenCard", "access_tokens": "TokenList",
    "jobs": "JobList", "activity": "ActivityList",
}
_LABEL_FROM = ("repository", "name", "path", "query", "search", "type")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A React component of `assets/elements` and its props."""

    element: str
    props: dict[str, Any]


def card_drawing(card: Card, undo: str | None = None) -> Drawing | None:
    """A result; None for a card that says no more than its text."""
    name = _ELEMENT.get(card.kind)
    return Drawing(name, {**card.model_dump(mode="json"), "undo": undo}) if name else None


def approval_drawing(event: ApprovalNeeded, outcome: str = "pending") -> Drawing:
    """The card a person decides on; `outcome` is pending, granted, rejected or failed."""
    return Drawing("ApprovalCard", {**event.model_dump(mode="json"), "outcome": outcome, "reason": None})


def choices_drawing(event: ChoicesOffered) -> Drawing:
    """Readings to choose from, as buttons."""
    return Drawing("Choices", event.model_dump(mode="json"))


def citations_drawing(citations: Sequence[CitationGiven]) -> Drawing:
    """The passages an answer stands on."""
    return Drawing("Citations", {"citations": [citation.model_dump(mode="json") for citation in citations]})


def error_drawing(event: Failed, sign_in: str | None = None) -> Drawing:
    """An error with its next step; `sign_in` is the address to sign in at where that is the step."""
    link = {"href": sign_in, "label": "Sign in"} if sign_in else None
    return Drawing("ErrorCard", {**event.model_dump(mode="json"), "link": link})


def tool_label(tool: str, arguments: dict[str, Any]) -> str:
    """A tool call in a few words: `Preview dataset · alice/iris`."""
    words = tool.replace("_", " ").capitalize()
    about = next((str(arguments[key]) for key in _LABEL_FROM if arguments.get(key)), None)
    return f"{words} · {about[:80]}" if about else words
