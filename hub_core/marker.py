"""How the next start knows whether the last run ended well."""

from __future__ import annotations

import os
from pathlib import Path


class RunMarker:
    """A file that lies in the data folder for as long as a hub runs, and stays there when the hub is killed.

    Its time of modification is the start of the first run after which nobody has tidied up. The methods block on the disk.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self, now: float) -> float | None:
        """Note that a run starts at `now`, in seconds since the epoch; returns since when runs were cut off, None if none was."""
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            return self._path.stat().st_mtime
        os.close(descriptor)
        os.utime(self._path, (now, now))
        return None

    def tidied(self, now: float) -> None:
        """Note that what earlier runs left is taken care of, except for the one that started at `now`."""
        os.utime(self._path, (now, now))

    def end(self) -> None:
        """Note that the run ended well."""
        self._path.unlink(missing_ok=True)
