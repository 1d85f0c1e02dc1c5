"""Search in the hub's own documentation, by meaning and by words."""

from __future__ import annotations

import asyncio
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
# Somebody who asks while the vectors are being made, once for each version of the pages, is answered by words after this time.
_PATIENCE_SECONDS = 2.0


class DocumentationIndex:
    """`DocumentationSearch` over the pages of a folder.

    Vectors are made with the first question and kept in `folder`, its own, until the pages or the model change. Until they are there, and
    where that folder cannot be used, words alone have to do.
    """

    def __init__(self, folder: Path, embedder: Embedder, documentation: Path = DOCUMENTATION) -> None:
        self._folder = folder
        self._embedder = embedder
        self._documentation = documentation
        self._opening: asyncio.Task[_Pages] | None = None
        self._making: asyncio.Task[VectorIndex | None] | None = None
        # chromadb and the embedder are used by one thread at a time.
        self._turn = asyncio.Lock()

    async def search(self, query: str, limit: int = 3) -> list[Passage]:
        """The passages that answer `query`, the best first and each heading once; none when nothing fits.

        Raises what the embedder raises.
        """
        pages, making = await self._opened()
        await asyncio.wait({making}, timeout=_PATIENCE_SECONDS)
        async with self._turn:
            return await asyncio.to_thread(pages.search, query[:_LONGEST_QUERY], limit, making.result() if making.done() else None)

    async def prepare(self) -> None:
        """Make the vectors now rather than with the first question."""
        _, making = await self._opened()
        await asyncio.shield(making)

    async def close(self) -> None:
        """Let go of the folder, once vectors that are being made are there. A later question opens it again."""
        making, self._opening, self._making = self._making, None, None
        vectors = await making if making is not None else None
        if vectors is not None:
            async with self._turn:
                await asyncio.to_thread(vectors.close)

    async def _opened(self) -> tuple[_Pages, asyncio.Task[VectorIndex | None]]:
        if self._opening is None:
            self._opening = asyncio.create_task(asyncio.to_thread(_Pages, self._documentation))
        pages = await asyncio.shield(self._opening)
        if self._making is None:
            self._making = asyncio.create_task(asyncio.to_thread(_make_vectors, self._folder, pages.sections, self._embedder))
        return pages, self._making


class _Pages:
    """The pages in memory, with the index of their words. Blocking."""

    def __init__(self, documentation: Path) -> None:
        self.sections = read_sections(documentation)
        # A word in the heading counts like three in the text: there it says what the section is about.
        self._words = WordIndex([f"{section.title} {section.title} {section.plain}" for section in self.sections])

    def search(self, query: str, limit: int, vectors: VectorIndex | None) -> list[Passage]:
        scores = self._words.scores(query)
        if vectors is not None:
            scores = (1 - _VECTOR_WEIGHT) * scores + _VECTOR_WEIGHT * vectors.scores(query)
        passages: dict[str, Passage] = {}
        for position in np.argsort(-scores, kind="stable"):
            if scores[position] < _FITS or len(passages) == limit:
                break
            section = self.sections[position]
            passages.setdefault(section.source, _passage(section, float(scores[position])))
        return list(passages.values())


def _make_vectors(folder: Path, sections: list[Section], embedder: Embedder) -> VectorIndex | None:
    from retrieval.vectors import open_vectors  # noqa: PLC0415  # chromadb is not paid for before somebody asks

    return open_vectors(folder, sections, embedder) if sections else None


def _passage(section: Section, score: float) -> Passage:
    return Passage(section.title, section.source, section.text, min(max(score, 0.0), 1.0))
