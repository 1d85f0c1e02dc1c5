"""How much to measure, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """What one run measures. `folder` is an empty one for everything that is written; `size_mib` is the size of the LFS object in MiB."""

    folder: Path
    size_mib: int = 1024
    rounds: int = 5
    files: int = 5000
    seconds: float = 4.0
    giftless: bool = True

    def subfolder(self, name: str) -> Path:
        """A new folder in `folder`."""
        path = self.folder / name
        path.mkdir()
        return path
