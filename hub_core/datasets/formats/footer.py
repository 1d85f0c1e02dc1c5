"""Where the pages of a parquet file lie, read from its footer.

Arrow's own accessors (`FileMetaData.row_group`, `RowGroupMetaData.column`) let C++ exceptions through: a footer with one flipped bit
ends the whole process. Its readers turn them into errors; so Arrow reads pages and schema, and the rest is read here.
Format: `parquet.thrift`, "FileMetaData".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hub_core.datasets.formats.thrift import STRUCT, Compact
from hub_core.datasets.reading import Reading, in_words
from hub_core.errors import InvalidContent, TooLarge

_MAGIC = b"PAR1"
_TAIL_BYTES = 8
# Fields of FileMetaData, RowGroup, ColumnChunk and ColumnMetaData.
_ROW_GROUPS, _COLUMNS, _TOTAL_BYTES, _NUM_ROWS, _META_DATA = 4, 1, 2, 3, 3
_TYPE, _COMPRESSED_BYTES, _DATA_PAGE, _DICTIONARY_PAGE = 1, 7, 9, 11
_BYTE_ARRAYS = frozenset({6, 7})


@dataclass(frozen=True, slots=True)
class ColumnChunk:
    """One column of one row group: its pages are the bytes from `start` to `end`. `wide` where a value may have any size."""

    start: int
    end: int
    wide: bool


@dataclass(frozen=True, slots=True)
class RowGroup:
    """One row group: its rows, their size unpacked in bytes, and where each column lies."""

    rows: int
    unpacked: int
    columns: list[ColumnChunk]


def read_footer(reading: Reading) -> bytes:
    """The footer's bytes. Raises `InvalidContent` when the file is cut off, and `TooLarge` for absurd footers."""
    name, size = reading.file_name, reading.size
    tail = reading.read_at(size - _TAIL_BYTES, _TAIL_BYTES) if size >= len(_MAGIC) + _TAIL_BYTES else b""
    if tail[4:] != _MAGIC:
        raise InvalidContent(
            f"{name} is cut off: it begins as a parquet file, and the footer at its end is missing.", hint="Upload the file again."
        )
    length = int.from_bytes(tail[:4], "little")
    if length > size - len(_MAGIC) - _TAIL_BYTES:
        raise InvalidContent(
            f"{name} is damaged: its footer claims {length} bytes, and the file has {size}.", hint="Upload the file again."
        )
    if length > reading.limits.footer_bytes:
        raise TooLarge(
            f"The footer of {name} is {in_words(length)}; a preview reads footers up to {in_words(reading.limits.footer_bytes)}.",
            hint="Write the table with fewer columns or larger row groups.",
        )
    return reading.read_at(size - _TAIL_BYTES - length, length)


def row_groups(reading: Reading, footer: bytes, columns: int) -> Iterator[RowGroup]:
    """The row groups in order, each with `columns` columns; only as much of the footer is parsed as is asked for."""
    data = Compact(footer)
    try:
        for number, kind in data.fields():
            if number != _ROW_GROUPS:
                data.skip(kind)
                continue
            for item in data.items():
                group = _row_group(reading, data) if item == STRUCT else None
                if group is None or group.rows < 0 or group.unpacked < 0 or len(group.columns) != columns:
                    raise _damaged(reading)
                yield group
    except IndexError as error:
        raise _damaged(reading) from error


def _row_group(reading: Reading, data: Compact) -> RowGroup:
    sizes: dict[int, int] = {}
    columns: list[ColumnChunk] = []
    for number, kind in data.fields():
        if number == _COLUMNS:
            columns = [_column(reading, data) for _ in data.items()]
        elif number in {_TOTAL_BYTES, _NUM_ROWS}:
            sizes[number] = data.integer()
        else:
            data.skip(kind)
    return RowGroup(sizes.get(_NUM_ROWS, -1), sizes.get(_TOTAL_BYTES, -1), columns)


def _column(reading: Reading, data: Compact) -> ColumnChunk:
    reading.check()
    found: dict[int, int] = {}
    for number, kind in data.fields():
        if number != _META_DATA:
            data.skip(kind)
            continue
        for field, inner in data.fields():
            if field in {_TYPE, _COMPRESSED_BYTES, _DATA_PAGE, _DICTIONARY_PAGE}:
                found[field] = data.integer()
            else:
                data.skip(inner)
    start = found.get(_DATA_PAGE, -1)
    if 0 < found.get(_DICTIONARY_PAGE, 0) < start:
        start = found[_DICTIONARY_PAGE]
    end = start + found.get(_COMPRESSED_BYTES, -1)
    if not 0 <= start <= end <= reading.size:
        raise _damaged(reading)
    return ColumnChunk(start, end, found.get(_TYPE) in _BYTE_ARRAYS)


def _damaged(reading: Reading) -> InvalidContent:
    return InvalidContent(f"{reading.file_name} is damaged: its footer cannot be read.", hint="Upload the file again.")
