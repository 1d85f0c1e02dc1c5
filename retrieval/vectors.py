"""Sections as vectors, kept by chromadb in a folder of this machine.

The folder is a cache: what is missing, of other pages, from another model or damaged is made anew. chromadb takes about 60 MB of memory
and a second to import, so this module is imported with the first question and not before.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from chromadb.api.client import Client
from chromadb.api.models.Collection import Collection
from chromadb.api.shared_system_client import SharedSystemClient
from chromadb.config import Settings
from chromadb.errors import ChromaError
from numpy.typing import NDArray

from retrieval.documents import Section
from retrieval.port import Embedder

Vectors = NDArray[np.float32]

_HEADINGS = "headings"
_TEXTS = "texts"
# Question and heading are of one length and kind, which makes their vectors comparable; the text has the details.
_HEADING_WEIGHT = 0.4
_SAME_MODEL = 0.999
_BATCH = 16

log = structlog.get_logger(__name__)


class VectorIndex:
    """Vectors of sections' headings and texts. Every method blocks, and only one thread at a time may call them."""

    def __init__(self, folder: Path, sections: Sequence[Section], embedder: Embedder) -> None:
        """Open the index in `folder`, and make it first where it does not fit. Raises `ChromaError` and `OSError`."""
        self._sections = sections
        self._embedder = embedder
        self._client = _open(folder)
        try:
            if not self._fits():
                self._fill()
            self._headings, self._texts = (self._collection(name) for name in (_HEADINGS, _TEXTS))
        except BaseException:
            self._client.close()
            raise

    def scores(self, query: str) -> NDArray[np.float64]:
        """For each section how near it is to the query: the cosine, at most 1."""
        vector = self._embed([query])
        return _HEADING_WEIGHT * self._near(self._headings, vector) + (1 - _HEADING_WEIGHT) * self._near(self._texts, vector)

    def close(self) -> None:
        """Let go of the folder."""
        self._client.close()

    def _near(self, collection: Collection, vector: Vectors) -> NDArray[np.float64]:
        found = collection.query(query_embeddings=vector, n_results=len(self._sections), include=["distances"])
        near = np.zeros(len(self._sections))
        for position, distance in zip(found["ids"][0], (found["distances"] or [[]])[0], strict=True):
            near[int(position)] = 1 - distance
        return near

    def _fits(self) -> bool:
        """Whether the folder has exactly these sections, by the model that is used now: it gives the first of them the same vector."""
        if not {_HEADINGS, _TEXTS} <= {collection.name for collection in self._client.list_collections()}:
            return False
        stored = [self._collection(name) for name in (_HEADINGS, _TEXTS)]
        if any((part.metadata or {}).get("digest") != _digest(self._sections) for part in stored):
            return False
        if any(part.count() != len(self._sections) for part in stored):
            return False  # the process ended while the index was made
        first = np.asarray(stored[0].get(ids=["0"], include=["embeddings"])["embeddings"], dtype=np.float32)
        now = self._embed([_heading(self._sections[0])])
        return first.shape == now.shape and float(np.vdot(first, now)) > _SAME_MODEL

    def _fill(self) -> None:
        log.info("documentation_index_made", sections=len(self._sections))
        for name in [collection.name for collection in self._client.list_collections()]:
            self._client.delete_collection(name)
        self._add(_HEADINGS, _heading)
        self._add(_TEXTS, lambda section: f"{section.title}\n{section.plain}")

    def _add(self, name: str, text_of: Callable[[Section], str]) -> None:
        collection = self._client.create_collection(
            name, embedding_function=None, metadata={"digest": _digest(self._sections)}, configuration={"hnsw": {"space": "cosine"}}
        )
        for start in range(0, len(self._sections), _BATCH):
            batch = self._sections[start : start + _BATCH]
            collection.add(
                ids=[str(position) for position in range(start, start + len(batch))],
                embeddings=self._embed([text_of(section) for section in batch]),
            )

    def _collection(self, name: str) -> Collection:
        # Without None chromadb would reach for a model of its own, which it downloads.
        return self._client.get_collection(name, embedding_function=None)

    def _embed(self, texts: list[str]) -> Vectors:
        vectors = np.asarray(self._embedder.embed(texts), dtype=np.float32)
        unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return unit


def open_vectors(folder: Path, sections: Sequence[Section], embedder: Embedder) -> VectorIndex | None:
    """The index in `folder`; one that is damaged is made anew. None, with a line in the log, when that fails too."""
    try:
        return VectorIndex(folder, sections, embedder)
    except (ChromaError, OSError) as error:
        log.warning("documentation_index_damaged", folder=str(folder), reason=str(error))
    # chromadb keeps what it opened, also when opening failed.
    SharedSystemClient.clear_system_cache()
    shutil.rmtree(folder, ignore_errors=True)
    try:
        return VectorIndex(folder, sections, embedder)
    except (ChromaError, OSError) as error:
        log.warning("documentation_index_unavailable", folder=str(folder), reason=str(error))
        return None


def _open(folder: Path) -> Client:
    folder.mkdir(parents=True, exist_ok=True)
    options: dict[str, Any] = {"anonymized_telemetry": False, "_env_file": None}
    return Client(settings=Settings(is_persistent=True, persist_directory=str(folder.absolute()), **options))


def _heading(section: Section) -> str:
    return section.title.rpartition(" › ")[2]


def _digest(sections: Sequence[Section]) -> str:
    digest = hashlib.sha256()
    for section in sections:
        digest.update(f"{section.title}\0{section.source}\0{section.text}\0".encode())
    return digest.hexdigest()
