"""Rows of parquet files, page by page: neither a row group nor a column chunk is ever read whole for a few rows."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import parquet as pq

from hub_core.datasets.arrow_values import arrow_errors, image_columns, type_name, unfold_arrow
from hub_core.datasets.cells import Cell, CellMaker, clean_text
from hub_core.datasets.formats.footer import RowGroup, read_footer, row_groups
from hub_core.datasets.formats.pages import PageSizes, check_pages
from hub_core.datasets.preview import Column, Found, by_row, rows_within, select
from hub_core.datasets.reading import MIB, Reading, Slice, in_words
from hub_core.errors import TooLarge

_BUFFERS_BYTES = 16 * MIB
_BUFFER_BYTES = (16 << 10, MIB)
_BATCH_BYTES = 8 * MIB
_BATCH_ROWS = 4096
_SCHEMA_DEPTH = 64


class ReadingFile(io.RawIOBase):
    """A metered source as the file that Arrow reads from.

    Arrow has no cap on memory, so growth of its pool is looked at whenever it asks for bytes. Other readers of this process count
    too: the cap is against runaway data, not an account.
    """

    def __init__(self, reading: Reading) -> None:
        super().__init__()
        self._reading = reading
        self._position = 0
        self._allocated = pa.total_allocated_bytes()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._reading.size}[whence]
        self._position = start + offset
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        if pa.total_allocated_bytes() - self._allocated > self._reading.limits.memory_bytes:
            raise too_much_memory(self._reading)
        left = max(0, self._reading.size - self._position)
        length = left if size is None or size < 0 else min(size, left)
        data = self._reading.read_at(self._position, length)
        self._position += length
        return data


def too_much_memory(reading: Reading) -> TooLarge:
    """The error of data that unpacks to more than a preview may hold."""
    return TooLarge(
        f"Showing these rows of {reading.file_name} takes more than {in_words(reading.limits.memory_bytes)} of memory.",
        hint="Ask for fewer rows or only some columns.",
        limit=reading.limits.memory_bytes,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Rows `[skip, skip + rows)` of one row group."""

    index: int
    group: RowGroup
    skip: int
    rows: int


def read_parquet(reading: Reading, wanted: Slice) -> Found:
    """The wanted rows. Raises `InvalidContent` for damaged files and `TooLarge` for footers, pages and offsets beyond the limits."""
    footer = read_footer(reading)
    with arrow_errors(reading.file_name, "parquet"):
        return _Reader(reading, footer).read(wanted)


class _Reader:
    def __init__(self, reading: Reading, footer: bytes) -> None:
        self._reading = reading
        self._footer = footer
        self._file = pa.PythonFile(ReadingFile(reading), mode="r")
        opened = pq.ParquetFile(self._file, pre_buffer=False, schema_depth_limit=_SCHEMA_DEPTH)
        self._metadata, self._schema = opened.metadata, opened.schema_arrow

    def read(self, wanted: Slice) -> Found:
        schema, total = self._schema, max(0, self._metadata.num_rows)
        chosen = select(self._reading, schema.names, wanted)
        images = image_columns(schema)
        columns = [_column(schema.field(index), images) for index in chosen]
        available = max(0, min(wanted.rows, total - wanted.offset))
        rows = rows_within(self._reading, available, len(chosen))
        cells: list[list[Cell]] = [[] for _ in chosen]
        if rows > 0 and chosen:
            leaves = _Leaves(schema, self._metadata.num_columns, chosen)
            maker = CellMaker(unfold_arrow, self._reading.limits)
            for batch in self._batches(wanted.offset, rows, leaves.indices):
                for target, position in zip(cells, leaves.positions, strict=True):
                    target.extend(map(maker.cell, batch.column(position)))
                    self._reading.check()
        shown = by_row(cells, rows)
        return Found(columns, shown, total, more=wanted.offset + len(shown) < total, truncated=len(shown) < available)

    def _batches(self, offset: int, rows: int, leaves: list[int]) -> Iterator[pa.RecordBatch]:
        # Opened again with the footer at hand: the number of columns decides how large their buffers are.
        low, high = _BUFFER_BYTES
        buffer_size = max(low, min(high, _BUFFERS_BYTES // len(leaves)))
        file = pq.ParquetFile(self._file, metadata=self._metadata, buffer_size=buffer_size, pre_buffer=False)
        columns = [self._metadata.schema.column(leaf) for leaf in leaves]
        for place in self._places(offset, rows):
            chunks = [place.group.columns[leaf] for leaf in leaves]
            sizes = check_pages(self._reading, zip(columns, chunks, strict=True), place.skip + place.rows)
            skip, left = place.skip, place.rows
            # `ParquetFile.iter_batches` picks columns by dotted names, which are ambiguous; its reader takes positions.
            for batch in file.reader.iter_batches(self._batch_rows(place, sizes), [place.index], leaves, use_threads=False):
                self._reading.check()
                part = batch.slice(skip, left)
                skip, left = max(0, skip - batch.num_rows), left - part.num_rows
                if part.num_rows:
                    part.validate(full=True)
                    yield part
                if left == 0:
                    break

    def _batch_rows(self, place: _Place, sizes: PageSizes) -> int:
        """Rows to decode at once: no more than are needed, of heavy rows only a few.

        Dictionaries bound it too, because each row may repeat a dictionary's one huge entry.
        """
        per_row = max(1, place.group.unpacked // max(1, place.group.rows))
        repeated = self._reading.limits.memory_bytes // max(1, sizes.dictionaries)
        return max(1, min(place.skip + place.rows, _BATCH_ROWS, _BATCH_BYTES // per_row, repeated))

    def _places(self, offset: int, rows: int) -> Iterator[_Place]:
        start, end = 0, offset + rows
        for index, group in enumerate(row_groups(self._reading, self._footer, self._metadata.num_columns)):
            skip, stop = max(0, offset - start), min(group.rows, end - start)
            if skip < stop:
                yield _Place(index, group, skip, stop - skip)
            start += group.rows
            if start >= end:
                return


class _Leaves:
    """The parquet columns (leaves) under the chosen Arrow fields, and where each chosen field stands in batches of them."""

    def __init__(self, schema: pa.Schema, leaf_count: int, chosen: list[int]) -> None:
        starts = [0]
        for field in schema:
            starts.append(starts[-1] + _leaf_count(field.type))
        if starts[-1] != leaf_count:
            # A type whose storage is not understood: read everything, in the file's order.
            self.indices, self.positions = list(range(leaf_count)), chosen
            return
        ordered = sorted(chosen)
        self.indices = [leaf for index in ordered for leaf in range(starts[index], starts[index + 1])]
        places = {index: position for position, index in enumerate(ordered)}
        self.positions = [places[index] for index in chosen]


def _leaf_count(kind: pa.DataType) -> int:
    if isinstance(kind, pa.BaseExtensionType):
        return _leaf_count(kind.storage_type)
    if pa.types.is_dictionary(kind):
        return _leaf_count(kind.value_type)
    children: int = kind.num_fields
    return sum(_leaf_count(kind.field(index).type) for index in range(children)) if children else 1


def _column(field: pa.Field, images: set[str]) -> Column:
    return Column(clean_text(field.name), "image" if field.name in images else type_name(field.type), field.nullable)
