"""From the Copilot's events to the elements that draw them: names of React components and what they are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import chainlit as cl

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


class Drawn(cl.CustomElement):
    """An element that lives in the browser alone: Chainlit would keep a copy of it on disk, and a card can hold a secret."""

    async def _create(self, persist: bool = True) -> bool:  # the signature is Chainlit's
        self.chainlit_key = self.id
        self.persisted = True
        return True


def card_element(card: Card, undo: str | None = None) -> Drawn | None:
    """The element of a card; None for a card that says no more than its text."""
    name = _ELEMENT.get(card.kind)
    return Drawn(name=name, props={**card.model_dump(mode="json"), "undo": undo}) if name else None


def approval_element(event: ApprovalNeeded, outcome: str = "pending") -> Drawn:
    """The card a person decides on; `outcome` is pending, granted, rejected or failed."""
    return Drawn(name="ApprovalCard", props={**event.model_dump(mode="json"), "outcome": outcome, "reason": None})


def choices_element(event: ChoicesOffered) -> Drawn:
    """Readings to choose from, as buttons."""
    return Drawn(name="Choices", props=event.model_dump(mode="json"))


def citations_element(citations: Sequence[CitationGiven]) -> Drawn:
    """The passages an answer stands on."""
    return Drawn(name="Citations", props={"citations": [citation.model_dump(mode="json") for citation in citations]})


def error_element(event: Failed, sign_in: str | None = None) -> Drawn:
    """An error with its next step; `sign_in` is the address to sign in at where that is the step."""
    link = {"href": sign_in, "label": "Sign in"} if sign_in else None
    return Drawn(name="ErrorCard", props={**event.model_dump(mode="json"), "link": link})


def tool_label(tool: str, arguments: dict[str, Any]) -> str:
    """A tool call in a few words: `Preview dataset · alice/iris`."""
    words = tool.replace("_", " ").capitalize()
    about = next((str(arguments[key]) for key in _LABEL_FROM if arguments.get(key)), None)
    return f"{words} · {about[:80]}" if about else words
