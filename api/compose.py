"""Putting the rooms together: which Copilot, which documentation search."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from numpy.typing import ArrayLike

from copilot.copilot import Copilot
from hub_core.hub import Hub
from models_local.embedder import Embedder
from retrieval.index import DocumentationIndex


class _ShippedEmbedder:
    """The shipped encoder as retrieval's embedder, loaded with the first question: until then it costs nothing."""

    @cached_property
    def _embedder(self) -> Embedder:
        return Embedder.load()

    def embed(self, texts: Sequence[str], /) -> ArrayLike:
        return self._embedder.embed(texts)


def build_copilot(hub: Hub) -> tuple[Copilot, DocumentationIndex]:
    """The Copilot of a hub, and the index it answers questions from."""
    documentation = DocumentationIndex(hub.settings.data_dir.absolute() / "documentation", _ShippedEmbedder())
    return Copilot(hub, documentation=documentation), documentation
