"""LFS pointers: the small text blobs that stand in a repository for large files.

Format: git-lfs `docs/spec.md`, "The Pointer".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_POINTER_BYTES = 1024
"""A pointer is smaller than this, so larger blobs need not be read to know that they are none."""

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n"
    rb"(?:ext-\d-[^ \n]+ sha256:[0-9a-f]{64}\n)*"
    rb"oid sha256:(?P<oid>[0-9a-f]{64})\n"
    rb"size (?P<size>0|[1-9][0-9]{0,18})\n"
)


@dataclass(frozen=True, slots=True)
class LfsPointer:
    """What a pointer says: the sha256 of the content in lower-case hex, and its size in bytes."""

    oid: str
    size: int

    def encode(self) -> bytes:
        """The canonical bytes of this pointer."""
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.oid}\nsize {self.size}\n".encode()


def parse_pointer(blob: bytes) -> LfsPointer | None:
    """The pointer that `blob` is, or None when it is ordinary content.

    Strict as the specification asks of writers: the version line first, keys sorted, one line feed after each line, a decimal size.
    """
    if len(blob) >= MAX_POINTER_BYTES:
        return None
    found = _POINTER.fullmatch(blob)
    return LfsPointer(found["oid"].decode(), int(found["size"])) if found else None
