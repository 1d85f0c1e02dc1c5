"""One read of a data file in progress: its limits, what it has used of them, and how it is stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hub_core.datasets.source import ByteSource
from hub_core.errors import InvalidContent, TooLarge

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class PreviewLimits:
    """What one preview may cost and how much of each value it shows. Times are in seconds, sizes in bytes unless said otherwise."""

    seconds: float = 10.0
    read_bytes: int = 128 * MIB
    """Bytes that may be read from the source in all."""
    head_bytes: int = 8 * MIB
    """How far text formats are read, after decompression."""
    footer_bytes: int = 64 * MIB
    """Largest parquet footer that is parsed."""
    memory_bytes: int = 256 * MIB
    """Memory that decoded data may take."""
    columns: int = 10_000
    """Widest table that is shown without naming columns."""
    cells: int = 200_000
    """Values in one preview: wide tables show fewer rows than asked for."""
    cell_chars: int = 500
    """Characters shown of a text."""
    nested_values: int = 200
    """Values shown inside one list or struct, in all its levels."""
    nested_items: int = 20
    """Items shown of one list, and fields of one struct."""
    nested_depth: int = 6
    image_bytes: int = 64 << 10
    """Images up to this size are carried whole."""
    images_bytes: int = 4 * MIB
    """Bytes of images carried in one preview."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The part of a table that is wanted: `rows` from `offset`, and columns by name (None: all, in the file's order)."""

    offset: int = 0
    rows: int = 0
    columns: tuple[str, ...] | None = None


class Reading:
    """The source of one read, metered.

    Every reader takes its bytes from here and calls `check` in its loops, so that a read that has used up its time, or whose
    caller went away, ends by itself.
    """

    def __init__(self, source: ByteSource, file_name: str, limits: PreviewLimits) -> None:
        self.file_name = file_name
        self.limits = limits
        self.size = source.size
        self.bytes_read = 0
        self._source = source
        self._deadline = time.monotonic() + limits.seconds
        self._stopped = threading.Event()
        self._interrupt: Callable[[], None] | None = None

    def read_at(self, offset: int, length: int) -> bytes:
        """Bytes of the source; raises `TooLarge` when the read is over its budget and `InvalidContent` when the file ends too early."""
        self.check()
        if offset < 0 or length < 0 or offset + length > self.size:
            raise InvalidContent(f"{self.file_name} is cut off or damaged: it points to bytes behind its end ({self.size} bytes).")
        if self.bytes_read + length > self.limits.read_bytes:
            raise TooLarge(
                f"Reading these rows of {self.file_name} takes more than {in_words(self.limits.read_bytes)}.",
                hint="Ask for fewer rows, an earlier offset, or only some columns.",
                limit=self.limits.read_bytes,
            )
        data = self._source.read_at(offset, length)
        self.bytes_read += len(data)
        if len(data) != length:
            raise InvalidContent(f"{self.file_name} ended after {offset + len(data)} of {self.size} bytes.")
        return data

    def check(self) -> None:
        """Raise `TooLarge` when the time is over or nobody waits any more."""
        if self._stopped.is_set() or time.monotonic() > self._deadline:
            raise self.too_slow()

    def too_slow(self) -> TooLarge:
        """The error of a read that ran out of time."""
        return TooLarge(
            f"Reading {self.file_name} took longer than {self.limits.seconds:g} s and was stopped.",
            hint="Ask for fewer rows, an earlier offset, or only some columns.",
            seconds=self.limits.seconds,
        )

    @contextmanager
    def interruptible(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """While inside, `stop` also calls `interrupt`, which must be safe to call from another thread."""
        self._interrupt = interrupt
        try:
            self.check()
            yield
        finally:
            self._interrupt = None

    def stop(self) -> None:
        """End the read from another thread, as soon as its reader looks."""
        self._stopped.set()
        if (interrupt := self._interrupt) is not None:
            interrupt()


def in_words(size: int) -> str:
    """A size for a person: `8 MiB`, `500 bytes`."""
    for unit, name in ((1 << 30, "GiB"), (MIB, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{size} bytes"
