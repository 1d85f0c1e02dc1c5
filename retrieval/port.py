"""What the Copilot needs of documentation search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of documentation: the heading it stands under, the page it is from (a path or URL), and its Markdown text."""

    title: str
    source: str
    text: str


class DocumentationSearch(Protocol):
    """Finds the passages that answer a question, the best first; nothing when none does."""

    async def search(self, query: str) -> list[Passage]: ...
