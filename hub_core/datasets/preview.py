"""What a reader hands out: the head of a table, or its columns alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hub_core.datasets.cells import Cell, ImageCell
from hub_core.datasets.reading import Reading, Slice
from hub_core.errors import InvalidInput, TooLarge

_NAMES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `type` reads like Arrow's names (`int64`, `list<struct<a: int64>>`, `timestamp[us]`), with `image` beside them and
    `json` for values of several kinds. `nullable` says whether the file allows nulls; text formats always do.
    """

    name: str
    type: str
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class TableSchema:
    """The columns of a table. `row_count` is None where only reading the whole file would tell; `bytes_read` is what this took."""

    columns: list[Column]
    row_count: int | None
    format: str
    bytes_read: int


@dataclass(frozen=True, slots=True)
class Preview:
    """Some rows of a table, each with one cell per column.

    `row_count` is the number of rows in the file where it is known without reading all of it, else None. `has_more` says that rows
    follow the ones shown. `truncated` says that rows which were asked for may exist and are missing because a limit was met: text
    formats are read only so far, and very wide tables show fewer rows. `bytes_read` counts bytes of the stored file.
    """

    columns: list[Column]
    rows: list[list[Cell]]
    offset: int
    row_count: int | None
    has_more: bool
    truncated: bool
    format: str
    bytes_read: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a format's reader found: `columns` are those selected; `more` says whether rows follow the ones in `rows`."""

    columns: list[Column]
    rows: list[list[Cell]]
    row_count: int | None
    more: bool
    truncated: bool = False

    def preview(self, reading: Reading, wanted: Slice, format_name: str) -> Preview:
        """The preview of these rows, with columns named `image` whose every cell turned out to be one."""
        columns = [self._shown_as(index, column) for index, column in enumerate(self.columns)]
        return Preview(columns, self.rows, wanted.offset, self.row_count, self.more, self.truncated, format_name, reading.bytes_read)

    def _shown_as(self, index: int, column: Column) -> Column:
        if not column.type.startswith(("binary", "struct<bytes", "struct<path")):
            return column
        cells = [row[index] for row in self.rows if row[index] is not None]
        return replace(column, type="image") if cells and all(isinstance(cell, ImageCell) for cell in cells) else column


def select(reading: Reading, names: Sequence[str], wanted: Slice) -> list[int]:
    """Positions of the wanted columns, in the order asked for; a name that occurs twice brings both.

    Raises `InvalidInput` for a name the table has not, and `TooLarge` for a table too wide to be shown whole.
    """
    if wanted.columns is None:
        if len(names) > reading.limits.columns:
            raise TooLarge(
                f"{reading.file_name} has {len(names)} columns; a preview shows up to {reading.limits.columns}.",
                hint="Ask for some columns by name.",
                columns=len(names),
            )
        return list(range(len(names)))
    positions: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        positions.setdefault(name, []).append(index)
    for name in wanted.columns:
        if name not in positions:
            shown = ", ".join(names[:_NAMES_SHOWN]) + (", …" if len(names) > _NAMES_SHOWN else "")
            raise InvalidInput(f"{reading.file_name} has no column {name!r}.", hint=f"Its columns: {shown}.")
    return [index for name in dict.fromkeys(wanted.columns) for index in positions[name]]


def rows_within(reading: Reading, rows: int, columns: int) -> int:
    """How many of `rows` rows fit the limit of cells; at least one."""
    return min(rows, max(1, reading.limits.cells // max(columns, 1)))


def by_row(columns: Sequence[list[Cell]], rows: int) -> list[list[Cell]]:
    """Cells turned from columns to rows; a table without columns has empty rows."""
    return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in range(rows)]
