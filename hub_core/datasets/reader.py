"""Previews of data files: the first rows, or the columns, of a file of any size, at a bounded cost.

Files are read in two threads of their own, so that slow or hostile ones hold up other previews at worst, and nothing else.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from hub_core.datasets.formats.arrow import read_arrow
from hub_core.datasets.formats.delimited import read_delimited
from hub_core.datasets.formats.detection import DataFormat, Detected, detect
from hub_core.datasets.formats.json import read_json
from hub_core.datasets.formats.parquet import read_parquet
from hub_core.datasets.preview import Column, Found, Preview, TableSchema
from hub_core.datasets.reading import PreviewLimits, Reading, Slice
from hub_core.datasets.source import ByteSource
from hub_core.errors import InvalidInput, Unavailable

__all__ = ["Column", "Preview", "PreviewLimits", "TableSchema", "read_preview", "read_schema"]

MAX_ROWS = 200
"""Rows in one preview."""
_MAX_OFFSET = 2**53
_READERS = 2
_WAITING = 32
_DEFAULT_LIMITS = PreviewLimits()

T = TypeVar("T")


async def read_preview(
    source: ByteSource,
    file_name: str,
    *,
    rows: int = 10,
    offset: int = 0,
    columns: Sequence[str] | None = None,
    limits: PreviewLimits = _DEFAULT_LIMITS,
) -> Preview:
    """`rows` rows (1 to 200) from row `offset` of a data file, with all columns or those named, in that order.

    `file_name` tells the format where the bytes alone do not, and names the file in errors. Raises `InvalidInput` for arguments out of
    range and unknown columns, `InvalidContent` for files that are broken or not what their name says, `Unsupported` for formats without
    a preview, `TooLarge` when a limit is met, `Unavailable` when too many previews are being read, and what the source raises.
    """
    if not 1 <= rows <= MAX_ROWS:
        raise InvalidInput(f"A preview has 1 to {MAX_ROWS} rows, not {rows}.")
    if not 0 <= offset <= _MAX_OFFSET:
        raise InvalidInput(f"A preview starts at row 0 or later, not at {offset}.")
    if columns is not None and not columns:
        raise InvalidInput("A preview needs at least one column.", hint="Leave columns out to see all of them.")
    wanted = Slice(offset, rows, None if columns is None else tuple(columns))
    return await _POOL.read(Reading(source, file_name, limits), lambda reading: _preview(reading, wanted))


async def read_schema(source: ByteSource, file_name: str, *, limits: PreviewLimits = _DEFAULT_LIMITS) -> TableSchema:
    """The columns of a data file, from its footer where it has one, else from its head. Raises as `read_preview` does."""
    return await _POOL.read(Reading(source, file_name, limits), _schema)


def _preview(reading: Reading, wanted: Slice) -> Preview:
    detected = detect(reading)
    return _found(reading, detected, wanted).preview(reading, wanted, detected.name)


def _schema(reading: Reading) -> TableSchema:
    detected = detect(reading)
    found = _found(reading, detected, Slice())
    return TableSchema(found.columns, found.row_count, detected.name, reading.bytes_read)


def _found(reading: Reading, detected: Detected, wanted: Slice) -> Found:
    match detected.format:
        case DataFormat.PARQUET:
            return read_parquet(reading, wanted)
        case DataFormat.ARROW_FILE | DataFormat.ARROW_STREAM:
            return read_arrow(reading, wanted, is_file=detected.format == DataFormat.ARROW_FILE)
        case DataFormat.CSV | DataFormat.TSV:
            return read_delimited(reading, wanted, tabs=detected.format == DataFormat.TSV, gzipped=detected.gzipped)
        case DataFormat.JSON | DataFormat.JSONL:
            return read_json(reading, wanted, lines=detected.format == DataFormat.JSONL, gzipped=detected.gzipped)


class ReaderPool:
    """A few threads that read data files, with a short queue before them."""

    def __init__(self, readers: int, waiting: int) -> None:
        self._threads = ThreadPoolExecutor(readers, thread_name_prefix="dataset-reader")
        self._places = threading.BoundedSemaphore(readers + waiting)

    async def read(self, reading: Reading, work: Callable[[Reading], T]) -> T:
        """The result of `work`; the caller waits no longer than the reading's time, and its leaving ends the work."""
        if not self._places.acquire(blocking=False):
            raise Unavailable("Too many data files are being read right now.", hint="Try again in a few seconds.")
        job: Future[T] = self._threads.submit(work, reading)
        job.add_done_callback(lambda _: self._places.release())
        waiting = asyncio.wrap_future(job)
        # The result of a job that nobody waits for is looked at here, or the loop would report it as lost.
        waiting.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            done, _ = await asyncio.wait({waiting}, timeout=reading.limits.seconds)
            if done:
                return waiting.result()
            if job.cancel():
                raise Unavailable(f"{reading.file_name} waited too long for its turn to be read.", hint="Try again in a few seconds.")
            raise reading.too_slow()
        finally:
            reading.stop()
            job.cancel()


_POOL = ReaderPool(_READERS, _WAITING)
