"""What a surface knows when something is said, and the calls that came of what was said before."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Call(BaseModel):
    """One tool call: the tool's name and its arguments."""

    model_config = ConfigDict(frozen=True)

    tool: str
    arguments: dict[str, Any] = Field(default_factory=dict)


class Turn(BaseModel):
    """An earlier utterance with the calls it led to.

    When the hub had to ask back, `ask` is its question, `missing` the argument it asked for, and the last of `calls`
    the request that waits for it.
    """

    model_config = ConfigDict(frozen=True)

    utterance: str = ""
    calls: tuple[Call, ...] = ()
    ask: str | None = None
    missing: str | None = None


class Situation(BaseModel):
    """Everything outside the utterance that decides what it means.

    `page` is the repository of the open page, `recent` the repositories mentioned lately (latest first), `user` the
    signed-in user's name, `attachments` the names of the files sent along, `history` the earlier turns (oldest first)
    and `listed` the items shown last, in the order shown.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    page: str | None = None
    recent: tuple[str, ...] = ()
    user: str | None = None
    attachments: tuple[str, ...] = ()
    history: tuple[Turn, ...] = ()
    listed: tuple[str, ...] = ()

    @property
    def pending(self) -> tuple[Call, str] | None:
        """The request that waits for an answer, with the argument it lacks."""
        if not self.history:
            return None
        last = self.history[-1]
        return (last.calls[-1], last.missing) if last.missing and last.calls else None

    @property
    def previous(self) -> Call | None:
        """The last call that was made."""
        for turn in reversed(self.history):
            if turn.calls:
                return turn.calls[-1]
        return None

    def after(self, call: Call) -> "Situation":
        """The situation in which the next clause of the same utterance is said."""
        return self.model_copy(update={"history": (*self.history, Turn(calls=(call,)))})


def mentioned_repository(arguments: Mapping[str, Any], tool: str) -> str | None:
    """The repository a call spoke of: its `repository`, or what `create_repository` named."""
    value = arguments.get("repository") or (arguments.get("name") if tool == "create_repository" else None)
    return value if isinstance(value, str) else None
