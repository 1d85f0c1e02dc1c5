"""The joint heads: small matrices that read tool, constants, spans and clause borders off the encoder's vectors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models_local.encoder import Vectors
from models_local.errors import damaged, missing
from models_local.labels import Labels

Probabilities = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the heads say about one stretch of text.

    `tool` and `constants` are probabilities over classes, `tags` and `borders` per chunk; `pooled` is the mean vector.
    """

    tool: Probabilities
    situated: float
    constants: Mapping[str, Probabilities]
    tags: Probabilities
    borders: Probabilities
    pooled: Vectors


class Heads:
    """The matrices, with the temperature that makes the tool's probabilities honest."""

    def __init__(self, arrays: Mapping[str, NDArray[np.float32]], labels: Labels, temperature: float = 1.0) -> None:
        self._arrays = {name: np.asarray(array, dtype=np.float32) for name, array in arrays.items()}
        self._labels = labels
        self._temperature = temperature

    @classmethod
    def load(cls, path: Path, labels: Labels, temperature: float) -> "Heads":
        """Read the matrices from an .npz file; raises ModelFileDamaged when it does not fit the labels."""
        if not path.is_file():
            raise missing(path)
        try:
            with np.load(path) as archive:
                heads = cls(dict(archive), labels, temperature)
        except (ValueError, OSError, KeyError) as error:
            raise damaged(path) from error
        expected = {"tool": len(labels.tools), "tags": len(labels.tags), "border": 2, "situated": 2}
        expected |= {f"constants.{name}": len(values) + 1 for name, values in labels.constants.items()}
        if any(heads._arrays.get(f"{name}.bias", np.empty(0)).shape != (size,) for name, size in expected.items()):
            raise damaged(path)
        return heads

    def read(self, vectors: Vectors, firsts: Sequence[int]) -> Reading:
        """Apply every head; `firsts` is the index of the piece each chunk starts at."""
        pooled = vectors.mean(axis=0)
        whole = np.concatenate([pooled, vectors[0]])
        chunks = vectors[list(firsts)]
        return Reading(
            tool=_softmax(self._apply("tool", whole) / self._temperature),
            situated=float(_softmax(self._apply("situated", whole))[1]),
            constants={name: _softmax(self._apply(f"constants.{name}", whole)) for name in self._labels.constants},
            tags=_softmax(self._apply("tags", chunks)),
            borders=_softmax(self._apply("border", chunks))[:, 1],
            pooled=pooled / max(float(np.linalg.norm(pooled)), 1e-9),
        )

    def _apply(self, name: str, vectors: Vectors) -> Vectors:
        result: Vectors = vectors @ self._arrays[f"{name}.weight"].T + self._arrays[f"{name}.bias"]
        return result


def _softmax(logits: Vectors) -> Probabilities:
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Probabilities = shifted / shifted.sum(axis=-1, keepdims=True)
    return result
