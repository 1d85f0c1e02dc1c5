"""Rows of JSON (an array of objects, or one object) and of JSON lines.

The head of the file is parsed value by value with Python's decoder, which takes rows of any shape and says where a mistake is.
DuckDB and pyarrow refuse a file for one late row of another type.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from hub_core.datasets.cells import CellMaker, clean_text, unfold_plain
from hub_core.datasets.formats.text import TextHead, read_text
from hub_core.datasets.preview import Column, Found, rows_within, select
from hub_core.datasets.reading import Reading, Slice, in_words
from hub_core.errors import InvalidContent, TooLarge

_TYPED_ROWS = 256
"""Rows whose values decide the types of columns, besides the rows shown."""
_TYPE_DEPTH = 8
_TYPE_FIELDS = 20
_TYPE_ITEMS = 1000
_INT64 = 2**63
_SPACE = re.compile(r"[ \t\r\n]*")
_CUT_CHARS = 16
"""Within so many characters of the end, a mistake is where the head was cut: longer than any literal, escape or exponent."""


def read_json(reading: Reading, wanted: Slice, *, lines: bool, gzipped: bool) -> Found:
    """The wanted rows among those in the head of the file; rows that are not objects stand in one column `value`.

    `lines` is what the file's name promises; the text decides: JSON lines under the name `.json` are common. Raises `InvalidContent`
    where the text stops being JSON before the last wanted row, and `TooLarge` when not even the first row fits into the head.
    """
    values = _Values(reading, read_text(reading, gzipped=gzipped), lines=lines)
    end = wanted.offset + wanted.rows
    kept: list[object] = []
    window: list[object] = []
    count = 0
    try:
        for value in values:
            if wanted.offset <= count < end:
                window.append(value)
            elif count < _TYPED_ROWS:
                kept.append(value)
            count += 1
            reading.check()
    except InvalidContent:
        if count < max(end, 1):
            raise
    if count == 0 and not values.ended:
        raise TooLarge(
            f"The first row of {reading.file_name} is longer than {in_words(reading.limits.head_bytes)}, which is as far as a preview reads.",
            hint="Write it as JSON lines or parquet, with a row per record.",
            limit=reading.limits.head_bytes,
        )
    return _found(reading, wanted, window, kept, count if values.ended else None, seen=count)


def _found(reading: Reading, wanted: Slice, window: list[object], kept: list[object], count: int | None, *, seen: int) -> Found:
    known = [*kept, *window]
    if not all(isinstance(value, dict) for value in known):
        known, window = [{"value": value} for value in known], [{"value": value} for value in window]
    tables = [row for row in known if isinstance(row, dict)]
    keys = list(dict.fromkeys(key for row in tables for key in row))
    names = [clean_text(key) for key in keys]
    chosen = select(reading, names, wanted)
    columns = [Column(names[index], _type_of([row.get(keys[index]) for row in tables])) for index in chosen]
    maker = CellMaker(unfold_plain, reading.limits)
    shown = [row for row in window[: rows_within(reading, len(window), len(chosen))] if isinstance(row, dict)]
    rows = [[maker.cell(row.get(keys[index])) for index in chosen] for row in shown]
    more = count is None or wanted.offset + len(rows) < count
    truncated = len(rows) < wanted.rows and (count is None or wanted.offset + len(rows) < seen)
    return Found(columns, rows, count, more, truncated)


class _Values:
    """The rows of a text one at a time: items of an array, else values with nothing but space between them.

    `ended` tells afterwards whether all rows of the file were taken; otherwise the head was cut before its end.
    """

    def __init__(self, reading: Reading, head: TextHead, *, lines: bool) -> None:
        self._reading = reading
        self._text, self._complete = head.text, head.complete
        self._decoder = json.JSONDecoder()
        start = self._skip_space(0)
        self._is_array = self._text.startswith("[", start) and not (lines and self._is_line(start))
        self._position = self._skip_space(start + 1) if self._is_array else start
        self.ended = False

    def __iter__(self) -> Iterator[object]:
        while self._position < len(self._text):
            if self._is_array and self._text[self._position] == "]":
                self._end_array()
                return
            value, end = self._decode()
            if end == len(self._text) and not self._complete:
                return  # `12` may be the start of `123`
            if end > self._position:
                self._position = self._separate(end)
            yield value
        if self._complete and self._is_array:
            raise self._invalid("the array is not closed", len(self._text))
        self.ended = self._complete

    def _decode(self) -> tuple[object, int]:
        try:
            return self._decoder.raw_decode(self._text, self._position)
        except json.JSONDecodeError as error:
            if not self._complete and (error.pos >= len(self._text) - _CUT_CHARS or error.msg.startswith("Unterminated")):
                return None, len(self._text)
            raise self._invalid(error.msg, error.pos) from error
        except RecursionError as error:
            raise self._invalid("it is nested too deeply", self._position) from error
        except ValueError as error:
            raise self._invalid("it holds a number of thousands of digits", self._position) from error

    def _separate(self, end: int) -> int:
        """The position of the next value, or of the bracket that ends the array."""
        position = self._skip_space(end)
        if not self._is_array or position == len(self._text) or self._text[position] == "]":
            return position
        if self._text[position] != ",":
            raise self._invalid("Expecting ',' delimiter", position)
        position = self._skip_space(position + 1)
        if self._text.startswith("]", position):
            raise self._invalid("Illegal trailing comma before end of array", position)
        return position

    def _end_array(self) -> None:
        rest = self._skip_space(self._position + 1)
        if rest < len(self._text):
            raise self._invalid("Extra data behind the array", rest)
        self.ended = self._complete

    def _is_line(self, start: int) -> bool:
        """Whether the first line is a JSON value of its own, with more lines after it."""
        line, _, rest = self._text[start:].partition("\n")
        if not rest or rest.isspace():
            return False
        try:
            json.loads(line)
        except (ValueError, RecursionError):
            return False
        return True

    def _skip_space(self, position: int) -> int:
        found = _SPACE.match(self._text, position)
        return found.end() if found else position

    def _invalid(self, reason: str, position: int) -> InvalidContent:
        line = self._text.count("\n", 0, position) + 1
        column = position - self._text.rfind("\n", 0, position)
        return InvalidContent(
            f"{self._reading.file_name} is not valid JSON: line {line}, column {column}: {reason}.", line=line, column=column
        )


def _type_of(values: list[object], depth: int = 0) -> str:
    """The Arrow-like name of the type that holds all the values; `json` when they are of several kinds."""
    kinds = {type(value) for value in values} - {type(None)}
    if not kinds:
        return "null"
    if kinds == {int}:
        return "int64" if all(-_INT64 <= value < _INT64 for value in values if isinstance(value, int)) else "decimal"
    if kinds <= {int, float}:
        return "float64"
    if depth <= _TYPE_DEPTH and kinds == {list}:
        items = [item for value in values if isinstance(value, list) for item in value[:_TYPE_ITEMS]]
        return f"list<{_type_of(items[:_TYPE_ITEMS], depth + 1)}>"
    if depth <= _TYPE_DEPTH and kinds == {dict}:
        return f"struct<{_fields_of([value for value in values if isinstance(value, dict)], depth)}>"
    return {bool: "bool", str: "string"}.get(kinds.pop(), "json") if len(kinds) == 1 else "json"


def _fields_of(structs: list[dict[str, object]], depth: int) -> str:
    keys = list(dict.fromkeys(key for value in structs for key in value))
    shown = [f"{clean_text(key)}: {_type_of([value.get(key) for value in structs], depth + 1)}" for key in keys[:_TYPE_FIELDS]]
    return ", ".join([*shown, "…"] if len(keys) > len(shown) else shown)
