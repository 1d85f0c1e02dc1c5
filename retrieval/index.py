"""Search in the hub's own documentation, by meaning and by words."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retrieval.documents import DOCUMENTATION, Section, read_sections
from retrieval.port import Embedder, Passage
from retrieval.words import WordIndex

if TYPE_CHECKING:
    from retrieval.vectors import VectorIndex

# Found by the questions in tests/retrieval/questions.jsonl: words decide, vectors order what shares the same ones.
_VECTOR_WEIGHT = 0.3
_FITS = 0.22
_LONGEST_QUERY = 1000


class DocumentationIndex:
    """`DocumentationSearch` over the pages of a folder.

    The index is made with the first question, which then takes seconds, and kept in `folder`, its own, until the pages or the model change.
    Where that folder cannot be used, words alone have to do.
    """

    def __init__(self, folder: Path, embedder: Embedder, documentation: Path = DOCUMENTATION) -> None:
        self._folder = folder
        self._embedder = embedder
        self._documentation = documentation
        self._opened: _Opened | None = None
        # chromadb and the embedder are used by one thread at a time.
        self._turn = asyncio.Lock()

    async def search(self, query: str, limit: int = 3) -> list[Passage]:
        """The passages that answer `query`, the best first and each heading once; none when nothing fits.

        Raises what the embedder raises.
        """
        async with self._turn:
            opened = await self._open()
            return await asyncio.to_thread(opened.search, query[:_LONGEST_QUERY], limit)

    async def prepare(self) -> None:
        """Make the index now, so that the first question does not wait for it."""
        async with self._turn:
            await self._open()

    async def close(self) -> None:
        """Let go of the folder. A later question opens it again."""
        async with self._turn:
            if self._opened is not None and self._opened.vectors is not None:
                await asyncio.to_thread(self._opened.vectors.close)
            self._opened = None

    async def _open(self) -> _Opened:
        if self._opened is None:
            self._opened = await asyncio.to_thread(partial(_Opened, self._folder, self._embedder, self._documentation))
        return self._opened


class _Opened:
    """The pages in memory, with both rankings. Blocking."""

    def __init__(self, folder: Path, embedder: Embedder, documentation: Path) -> None:
        from retrieval.vectors import open_vectors  # noqa: PLC0415  # chromadb is not paid for before somebody asks

        self.sections = read_sections(documentation)
        # A word in the heading counts like three in the text: there it says what the section is about.
        self._words = WordIndex([f"{section.title} {section.title} {section.plain}" for section in self.sections])
        self.vectors: VectorIndex | None = open_vectors(folder, self.sections, embedder) if self.sections else None

    def search(self, query: str, limit: int) -> list[Passage]:
        scores = self._words.scores(query)
        if self.vectors is not None:
            scores = (1 - _VECTOR_WEIGHT) * scores + _VECTOR_WEIGHT * self.vectors.scores(query)
        passages: dict[str, Passage] = {}
        for position in np.argsort(-scores, kind="stable"):
            if scores[position] < _FITS or len(passages) == limit:
                break
            section = self.sections[position]
            passages.setdefault(section.source, _passage(section, float(scores[position])))
        return list(passages.values())


def _passage(section: Section, score: float) -> Passage:
    return Passage(section.title, section.source, section.text, min(max(score, 0.0), 1.0))
