"""Sizes of parquet pages, looked at before Arrow unpacks them.

Arrow believes the size in a page's header and allocates up to 2 GiB for it, however small the file: a few kilobytes of zeros, well
compressed, would take the whole machine's memory. Format: `parquet.thrift`, "PageHeader".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyarrow import parquet as pq

from hub_core.datasets.formats.footer import ColumnChunk
from hub_core.datasets.formats.thrift import Compact
from hub_core.datasets.reading import Reading, in_words
from hub_core.errors import InvalidContent, TooLarge

_HEADER_BYTES = (256, 16 << 10, 1 << 20)
_PAGES_CHECKED = 1024
_DICTIONARY_PAGE = 2
# Fields of PageHeader, and of the headers of its data pages.
_TYPE, _UNPACKED, _PACKED, _DATA, _DATA_V2, _VALUES = 1, 2, 3, 5, 8, 1


@dataclass(frozen=True, slots=True)
class PageSizes:
    """Unpacked sizes in bytes: `memory` is what decoding holds at once, `dictionaries` the part of it that one row may repeat."""

    memory: int
    dictionaries: int


def check_pages(reading: Reading, columns: Iterable[tuple[pq.ColumnSchema, ColumnChunk]], rows: int) -> PageSizes:
    """Sizes of the pages that hold the first `rows` rows of some columns of a row group.

    Raises `TooLarge` when decoding them takes more memory than a preview may, and `InvalidContent` for damaged headers.
    """
    memory = dictionaries = 0
    for schema, chunk in columns:
        reading.check()
        # A row of a list column may take any number of values: there, all pages are looked at.
        dictionary, data = _column_sizes(reading, schema.path, chunk, None if schema.max_repetition_level else rows)
        memory += dictionary + data
        dictionaries += dictionary if chunk.wide else 0
        if memory > reading.limits.memory_bytes:
            raise TooLarge(
                f"The pages of {reading.file_name} with these rows unpack to more than {in_words(reading.limits.memory_bytes)}; "
                f"those of column {schema.path!r} to {in_words(dictionary + data)}.",
                hint="Ask for other columns, or write the table with smaller pages.",
            )
    return PageSizes(memory, dictionaries)


def _column_sizes(reading: Reading, name: str, chunk: ColumnChunk, wanted: int | None) -> tuple[int, int]:
    """Unpacked size of a column's dictionary, and of its largest data page: of all, or of those with the first `wanted` values."""
    position = chunk.start
    dictionary = largest = values = 0
    for _ in range(_PAGES_CHECKED):
        if position >= chunk.end or (wanted is not None and values >= wanted):
            break
        page = _read_page(reading, name, position, chunk.end)
        if page.is_dictionary:
            dictionary = max(dictionary, page.unpacked)
        else:
            largest = max(largest, page.unpacked)
            values += page.values
        position = page.end
    return dictionary, largest


@dataclass(frozen=True, slots=True)
class _Page:
    is_dictionary: bool
    unpacked: int
    values: int
    end: int


def _read_page(reading: Reading, name: str, position: int, end: int) -> _Page:
    for length in _HEADER_BYTES:
        data = Compact(reading.read_at(position, min(length, end - position)))
        try:
            header = data.integers()
        except IndexError:
            continue
        unpacked, packed = header.get((_UNPACKED,), -1), header.get((_PACKED,), -1)
        if unpacked < 0 or packed < 0:
            break
        values = header.get((_DATA, _VALUES), header.get((_DATA_V2, _VALUES), 0))
        return _Page(header.get((_TYPE,)) == _DICTIONARY_PAGE, unpacked, max(0, values), position + data.position + packed)
    raise InvalidContent(f"{reading.file_name} is damaged: column {name!r} has a page header that cannot be read.")
