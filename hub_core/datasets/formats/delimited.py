"""Rows of CSV and TSV text, in all the shapes that people give them.

DuckDB's sniffer reads the head of the file: it finds delimiters, quotes, preambles and headers, and keeps leading zeros and long
integers, where pyarrow needs to be told the dialect. Where strict reading finds none, or drops lines of the table to find one, the text
is read again leniently: lines that are too short are filled up, stray quotes are text.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from hub_core.datasets.arrow_values import arrow_errors, type_name, unfold_arrow
from hub_core.datasets.cells import Cell, CellMaker
from hub_core.datasets.formats.text import cut_at_line, read_text
from hub_core.datasets.preview import Column, Found, by_row, rows_within, select
from hub_core.datasets.reading import Reading, Slice
from hub_core.errors import InvalidContent, StorageUnavailable, TooLarge

_BATCH_ROWS = 2048
_DELIMITERS = ",;\t|"
_MEMORY_FACTOR = 4
"""DuckDB counts memory that it reserves for wide tables and hardly touches: 5,000 columns count about 500 MiB and take 120."""
_REASON_CHARS = 200


@dataclass(frozen=True, slots=True)
class _Dialect:
    """How to read the text; what is None is left to the sniffer."""

    delimiter: str | None = None
    strict: bool = True
    quotes: bool = True

    def options(self) -> str:
        """Options of DuckDB's `read_csv`, as SQL. The whole head is sampled, so that types fit all of it, and a line may fill it."""
        options = ["sample_size=-1", "parallel=false"]
        if self.delimiter is not None:
            options.append(f"delim='{self.delimiter}'")
        if not self.strict:
            options += ["strict_mode=false", "null_padding=true"]
            options += ["quote='\"'", "escape='\"'"] if self.quotes else ["quote=''", "escape=''"]
        return ", ".join(options)


def read_delimited(reading: Reading, wanted: Slice, *, tabs: bool, gzipped: bool) -> Found:
    """The wanted rows among those in the head of the file. Raises `InvalidContent` when no way of reading it makes a table."""
    head = read_text(reading, gzipped=gzipped)
    text = cut_at_line(reading, head)
    doubtful: Found | None = None
    reason: duckdb.Error | None = None
    with _scratch_file(text) as path, _connection(reading, path) as connection, reading.interruptible(connection.interrupt):
        reader = _Reader(reading, connection, path, complete=head.complete)
        for dialect in _dialects(text, tabs=tabs):
            try:
                found = reader.read(dialect, wanted)
                if not dialect.strict or not reader.lost_lines(dialect, text):
                    return found
                doubtful = doubtful or found
            except duckdb.OutOfMemoryException as error:
                raise TooLarge(f"{reading.file_name} is too wide to be read here.", hint="Write the table as parquet.") from error
            except duckdb.InterruptException as error:
                raise reading.too_slow() from error
            except duckdb.Error as error:
                reason = reason or error
    if doubtful is None:
        raise InvalidContent(f"{reading.file_name} cannot be read as a table of text: {_reason(reason)}") from reason
    return doubtful


def _dialects(text: str, *, tabs: bool) -> list[_Dialect]:
    first = text.lstrip().split("\n", 1)[0]
    guess = max(_DELIMITERS, key=first.count) if any(mark in first for mark in _DELIMITERS) else "\t" if tabs else ","
    sniffed = [_Dialect("\t"), _Dialect()] if tabs else [_Dialect()]
    return [*sniffed, _Dialect(guess, strict=False), _Dialect(guess, strict=False, quotes=False)]


class _Reader:
    """Reads the scratch file in one dialect or another."""

    def __init__(self, reading: Reading, connection: duckdb.DuckDBPyConnection, path: Path, *, complete: bool) -> None:
        self._reading = reading
        self._connection = connection
        self._path = path
        self._complete = complete

    def read(self, dialect: _Dialect, wanted: Slice) -> Found:
        with arrow_errors(self._reading.file_name, "text"):
            return self._collect(self._query("* FROM read_csv", dialect), wanted)

    def lost_lines(self, dialect: _Dialect, text: str) -> bool:
        """Whether the sniffer gave up quietly: it left one column named `a,b,c`, or took lines of the table for a preamble."""
        [(delimiter, skipped, columns)] = self._query("Delimiter, SkipRows, Columns FROM sniff_csv", dialect).fetchall()
        if len(columns) == 1 and any(mark in columns[0]["name"] for mark in _DELIMITERS):
            return True
        return any(delimiter in line and not line.startswith("#") for line in text.split("\n", skipped)[:skipped])

    def _query(self, what: str, dialect: _Dialect) -> duckdb.DuckDBPyRelation:
        options = f"max_line_size={self._reading.limits.head_bytes + 1}, {dialect.options()}"
        return self._connection.sql(f"SELECT {what}(?, {options})", params=[str(self._path)])

    def _collect(self, relation: duckdb.DuckDBPyRelation, wanted: Slice) -> Found:
        reading = self._reading
        chosen = select(reading, relation.columns, wanted)
        stream = relation.to_arrow_reader(_BATCH_ROWS)
        columns = [Column(field.name, type_name(field.type)) for field in (stream.schema.field(index) for index in chosen)]
        rows = rows_within(reading, wanted.rows, len(chosen))
        cells: list[list[Cell]] = [[] for _ in chosen]
        seen, maker = 0, CellMaker(unfold_arrow, reading.limits)
        for batch in stream:
            reading.check()
            part = batch.slice(max(0, wanted.offset - seen), max(0, min(rows, wanted.offset + rows - seen)))
            for target, index in zip(cells, chosen, strict=True):
                target.extend(map(maker.cell, part.column(index)))
            seen += batch.num_rows
            if not self._complete and seen > wanted.offset + rows:
                break
        shown = max(0, min(rows, seen - wanted.offset))
        more = not self._complete or wanted.offset + shown < seen
        return Found(columns, by_row(cells, shown), seen if self._complete else None, more, truncated=shown < wanted.rows and more)


@contextmanager
def _scratch_file(text: str) -> Iterator[Path]:
    """The text as a UTF-8 file, the only one that the connection may open."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="preview-")
        path = Path(folder.name, "head.csv")
        path.write_bytes(text.encode())
    except OSError as error:
        raise StorageUnavailable(f"There is no room for a temporary file: {error.strerror}.") from error
    with folder:
        yield path


@contextmanager
def _connection(reading: Reading, path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory that may read `path` and nothing else: no other file, no network, no extension, no spilling to disk."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "memory_limit": f"{reading.limits.memory_bytes * _MEMORY_FACTOR}B",
        "temp_directory": "",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
    }
    with duckdb.connect(":memory:", config=config) as connection:
        quoted = str(path).replace("'", "''")
        connection.execute(f"SET allowed_paths = ['{quoted}']")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection


def _reason(error: duckdb.Error | None) -> str:
    """What DuckDB says, without the scratch file's name and the advice about its options."""
    lines = [line for line in str(error).splitlines() if line.strip() and "file" not in line.lower()]
    return lines[0][:_REASON_CHARS] if lines else "its lines do not follow one delimiter and one way of quoting."
