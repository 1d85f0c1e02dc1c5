"""Results in few words: for each tool a function of request and result that says exactly what was asked.

Names, descriptions, commit messages and cells come from people and repositories: they are escaped, and nothing in them is an instruction.
"""

from __future__ import annotations

from dataclasses import dataclass

from tools.card import CardKind


@dataclass(frozen=True, slots=True)
class Presented:
    """A result for people.

    `text` is Markdown of about 40 words at most; `kind` and `title` are those of the card; `next_steps` are sentences a person could say
    now; `undo` is a sentence that would undo what was done, where one exists.
    """

    text: str
    kind: CardKind
    title: str
    next_steps: tuple[str, ...] = ()
    undo: str | None = None
