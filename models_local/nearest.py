"""Tools the heads were not trained on: found by how near their words are to the utterance."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_local.encoder import Vectors
from models_local.errors import damaged, missing
from models_local.schema import Tool


class Examples:
    """Vectors of the training phrases, one row each, with the tool each belongs to.

    They are the yardstick: a new tool's description must be nearer to the utterance than what known tools' phrases
    usually are to it.
    """

    _MARGIN = 0.04
    _LEAST = 0.35

    def __init__(self, vectors: NDArray[np.int8], owners: NDArray[np.int16]) -> None:
        self._vectors = vectors
        self._owners = owners
        self._described: dict[tuple[str, str], Vectors] = {}

    @classmethod
    def load(cls, path: Path) -> "Examples":
        """Read the vectors; raises ModelFileDamaged."""
        if not path.is_file():
            raise missing(path)
        try:
            with np.load(path) as archive:
                return cls(archive["vectors"], archive["owners"])
        except (ValueError, OSError, KeyError) as error:
            raise damaged(path) from error

    def unseen_tool(
        self, pooled: Vectors, heard: str, score: float, offered: Mapping[str, Tool], known: Sequence[str], vector: Callable[[str], Vectors]
    ) -> Tool | None:
        """The offered tool outside `known` that the utterance means, if it is nearer than what the heads heard."""
        strangers = [tool for name, tool in offered.items() if name not in known]
        if not strangers:
            return None
        near, tool = max(((self._nearness(pooled, tool, vector), tool) for tool in strangers), key=lambda pair: pair[0])
        if near < self._LEAST:
            return None
        if heard == "refuse" or score < 0.6:
            return tool
        return tool if near > self._usual(pooled, known.index(heard)) + self._MARGIN else None

    def _nearness(self, pooled: Vectors, tool: Tool, vector: Callable[[str], Vectors]) -> float:
        key = (tool.name, tool.description)
        if key not in self._described:
            texts = [tool.name.replace("_", " "), *filter(None, (line.strip() for line in tool.description.split("\n")))]
            self._described[key] = np.stack([vector(text) for text in texts])
        return float((self._described[key] @ pooled).max())

    def _usual(self, pooled: Vectors, owner: int) -> float:
        rows = self._vectors[self._owners == owner]
        return float((rows.astype(np.float32) @ pooled).max() / 127) if len(rows) else 0.0


def pack(vectors: Vectors) -> NDArray[np.int8]:
    """Unit vectors in one byte per number."""
    packed: NDArray[Any] = np.clip(np.round(vectors * 127), -127, 127)
    return packed.astype(np.int8)
