"""Sentence vectors for retrieval, from the encoder as it was before it learned to plan.

Planning pulls sentences about one tool together, which is what retrieval must not do: measured, the planner's own
encoder finds less than half as often the right section first. So the original ships beside it, in four bits.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models_local.encoder import Encoder
from models_local.errors import missing
from models_local.pieces import Pieces
from models_local.planner import WEIGHTS, Calibration


class Embedder:
    """Mean-pooled unit vectors. Thread-safe; every text costs some milliseconds of CPU and blocks for that long."""

    def __init__(self, encoder: Encoder, pieces: Pieces) -> None:
        self._encoder = encoder
        self._pieces = pieces

    @classmethod
    def load(cls, folder: Path = WEIGHTS) -> "Embedder":
        """Open the shipped embedder in `folder`; raises ModelFileMissing or ModelFileDamaged."""
        config = folder / "config.json"
        if not config.is_file():
            raise missing(config)
        calibration = Calibration.model_validate_json(config.read_bytes())
        return cls(Encoder(folder / "embedder.gguf", digest=calibration.embedder_sha256), Pieces.load(folder / "tokenizer.json"))

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        return self._encoder.width

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit vector per text; of a text longer than 254 word pieces, the beginning counts."""
        vectors = []
        for text in texts:
            pooled = self._encoder.encode(self._pieces.encode_text(text)).mean(axis=0)
            vectors.append((pooled / max(float(np.linalg.norm(pooled)), 1e-9)).tolist())
        return vectors
