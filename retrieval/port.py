"""What the Copilot needs of documentation search, and what that needs of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of documentation: the headings it stands under, the page it is from (a path or URL), and its Markdown text.

    `score` says from 0 to 1 how well it fits the question; scores compare within one index only.
    """

    title: str
    source: str
    text: str
    score: float = 0.0


class DocumentationSearch(Protocol):
    """Finds the passages that answer a question, the best first; nothing when none does."""

    async def search(self, query: str, limit: int = 3) -> list[Passage]:
        """At most `limit` passages."""


class Embedder(Protocol):
    """Turns texts into vectors whose angles tell how much the texts have to do with each other."""

    def embed(self, texts: list[str], /) -> ArrayLike:
        """One vector a text, all of one width; what is too long is cut. Blocking: called in worker threads, never at once."""
