"""What a surface that can draw shows of a result."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

CardKind = Literal[
    "repository", "repositories", "deleted", "files", "file", "commits", "commit", "refs", "ref", "table", "schema",
    "user", "users", "access_token", "access_tokens", "jobs", "activity", "identity", "text",
]


class Card(BaseModel):
    """A result to be drawn: `kind` says how, `data` is the operation's output as JSON, `next_steps` are sentences a person could say now."""

    kind: CardKind
    title: str
    data: Any
    next_steps: list[str] = []
