"""Where repositories lie on disk, and how they come and go without ever being half there."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from hub_core.errors import InvalidInput

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_LEFTOVERS = (
    "*.lock", "refs/**/*.lock", "objects/info/**/*.lock", "objects/pack/*.lock", "fast_import_crash_*", "objects/pack/tmp_*",
    "objects/pack/.tmp-*", "objects/??/tmp_obj_*",
)
INCOMING = "incoming-"
"""Part of the names of quarantine folders in `objects/`, both the hub's and those of git's receive-pack."""


class RepositoryFolders:
    """Folders `root/ab/cd/KEY.git`, spread evenly by a hash of the key.

    The methods block on the disk: call them in a thread.
    """

    def __init__(self, root: Path) -> None:
        # git compares real paths when it asks who owns a repository.
        self._root = root.resolve()

    def path(self, key: str) -> Path:
        """The folder of the repository `key`; raises `InvalidInput` for what is no storage key."""
        if not _KEY.fullmatch(key):
            raise InvalidInput(f"{key[:200]!a} is no storage key.", hint="Storage keys are the hub's repository ids.")
        digest = hashlib.sha256(key.encode()).hexdigest()
        return self._root / digest[:2] / digest[2:4] / f"{key}.git"

    def exists(self, key: str) -> bool:
        """Whether the repository is there."""
        return (self.path(key) / "HEAD").is_file()

    def create(self, key: str, initialise: Callable[[Path], None]) -> None:
        """Let `initialise` fill a new folder, then put it in place, durably; nothing happens when the repository exists."""
        target = self.path(key)
        if self.exists(key):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.parent / f".{key}.{uuid.uuid4().hex}.new"
        try:
            initialise(fresh)
            sync_tree(fresh)
            fresh.rename(target)
        except OSError:
            # Somebody else was first: a rename never replaces a folder that has something in it.
            if not self.exists(key):
                raise
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        for folder in (target.parent, target.parent.parent, self._root):
            sync_folder(folder)

    def delete(self, key: str) -> None:
        """Move the repository out of the way in one step, then remove it, with whatever an earlier attempt left."""
        target = self.path(key)
        if not target.parent.is_dir():
            return
        if target.exists():
            target.rename(target.parent / f".{key}.{uuid.uuid4().hex}.deleted")
            sync_folder(target.parent)
        for left in (*target.parent.glob(f".{key}.*.deleted"), *target.parent.glob(f".{key}.*.new")):
            shutil.rmtree(left)

    def disk_size(self, key: str) -> int:
        """Bytes that the repository takes on disk."""
        return sum(entry.stat(follow_symlinks=False).st_blocks * 512 for entry in _walk(self.path(key)))

    def remove_leftovers(self, key: str, limit: float) -> None:
        """Remove quarantine folders and lock files of processes that were killed: those last touched before `limit`, seconds since the epoch."""
        repository = self.path(key)
        for folder in (repository / "objects").glob(f"*{INCOMING}*"):
            if _modified(folder) < limit:
                shutil.rmtree(folder, ignore_errors=True)
        for pattern in _LEFTOVERS:
            for file in repository.glob(pattern):
                if _modified(file) < limit:
                    file.unlink(missing_ok=True)

    def recover(self, since: float, until: float) -> list[str]:
        """Remove what processes killed before `until` left; returns the keys of repositories that changed between `since` and `until`."""
        for folder in (*self._root.glob("*/*/.*.new"), *self._root.glob("*/*/.*.deleted")):
            if _modified(folder) < until:
                shutil.rmtree(folder, ignore_errors=True)
        changed = []
        for repository in self._root.glob("*/*/*.git"):
            key = repository.name.removesuffix(".git")
            self.remove_leftovers(key, until)
            refs = [repository / "HEAD", repository / "packed-refs", *(Path(folder) for folder, _, _ in os.walk(repository / "refs"))]
            # A repository without a row is removed, so one that is younger than `until`, and whose row may not have landed, is none of these.
            if _modified(repository / "HEAD") < until and max(map(_modified, refs)) >= since:
                changed.append(key)
        return changed


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Make every file and folder under `folder` durable."""
    for parent, _, names in os.walk(folder):
        for name in names:
            with Path(parent, name).open("rb") as file:
                os.fsync(file.fileno())
        sync_folder(Path(parent))


def _modified(path: Path) -> float:
    """When a file or folder was last written; long ago if it is gone, so that it is taken for nothing new."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    yield from _walk(Path(entry.path))
    except FileNotFoundError:  # git renamed or removed it meanwhile
        return
