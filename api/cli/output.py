"""What commands print: tables for people, tab-separated lines for pipes, JSON for programs.

Names, messages and cells come from whoever filled the hub, so nothing reaches a terminal before `clean()` took its control characters out.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import typer

from hub_core.units import human_size

Show = Callable[[Any], None]

# Marks that reorder the text around them: harmless in prose, a way to disguise a file name on a terminal.
_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str) -> str:
    """`text` with every character that could steer a terminal written out as its escape."""
    return "".join(
        char.encode("unicode_escape").decode() if char in _REORDERING or (unicodedata.category(char) == "Cc" and char not in "\n\t") else char
        for char in text
    )


def on_terminal() -> bool:
    """Whether a person reads standard output directly."""
    return sys.stdout.isatty()


def print_json(data: Any) -> None:
    """The answer as the hub gave it."""
    typer.echo(json.dumps(data, ensure_ascii=False, indent=2))


def print_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on a terminal; on a pipe one line a row with tabs between the cells, after a line of headers."""
    if not on_terminal():
        for row in (headers, *rows):
            typer.echo("\t".join(_one_line(cell) for cell in row))
        return
    from rich.console import Console  # noqa: PLC0415  # pipes do without
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    drawn = Table(box=None, header_style="bold", pad_edge=False)
    for header in headers:
        drawn.add_column(Text(clean(header)), overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(clean(cell)) for cell in row))
    Console().print(drawn)


def table(*columns: str) -> Show:
    """Shows a list, or the items of a page, as a table of these fields."""

    def show(data: Any) -> None:
        items = data["items"] if isinstance(data, Mapping) else data
        if not items and on_terminal():
            typer.echo("Nothing to show.")
        else:
            print_table(columns, ([cell(column, item.get(column)) for column in columns] for item in items))
        if isinstance(data, Mapping) and data.get("next_cursor"):
            sys.stderr.write(f"There is more: add --cursor {data['next_cursor']}\n")

    return show


def record(data: Any) -> None:
    """One thing, a line a field; what is empty is left out."""
    filled = {name: value for name, value in data.items() if value not in (None, "", [], {})}
    width = max(map(len, filled), default=0)
    for name, value in filled.items():
        text = cell(name, value)
        typer.echo(f"{name.ljust(width)}  {clean(text)}" if on_terminal() else f"{name}\t{_one_line(text)}")


def file_text(data: Any) -> None:
    """The text of a file, as it is on a pipe, harmless on a terminal."""
    if data["text"] is None:
        typer.echo(f"{clean(data['path'])} is binary ({human_size(data['size'])}). Fetch it with “hubpilot files download”.")
        return
    sys.stdout.write(clean(data["text"]) if on_terminal() else data["text"])
    if data["truncated"]:
        sys.stderr.write(f"\nOnly the beginning is shown of {human_size(data['size'])}. Fetch it with “hubpilot files download”.\n")


def dataset_rows(data: Any) -> None:
    """The rows of a data file under the names of its columns."""
    print_table([column["name"] for column in data["columns"]], ([cell("", value) for value in row] for row in data["rows"]))


def dataset_schema(data: Any) -> None:
    """The columns of a data file."""
    print_table(["name", "type", "nullable"], ([cell(key, column[key]) for key in ("name", "type", "nullable")] for column in data["columns"]))
    if data["row_count"] is not None:
        sys.stderr.write(f"{data['row_count']:,} rows in {clean(data['path'])}\n")


def new_access_token(data: Any) -> None:
    """A fresh token: its secret alone on standard output, what it is on standard error."""
    info = data["info"]
    sys.stderr.write(f"Access token “{clean(info['name'])}” ({info['scope']}). This is the only time it is shown:\n")
    typer.echo(data["token"])


def cell(name: str, value: Any) -> str:
    """A value of the field `name` as text: shortened for people, whole for pipes."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() if name == "size" and on_terminal():
            return human_size(value)
        case str() if name in {"commit_hash", "parent"} and on_terminal():
            return value[:12]
        case str() if on_terminal() and (name == "at" or name.endswith("_at")):
            return datetime.fromisoformat(value).astimezone().strftime("%Y-%m-%d %H:%M")
        case list() if all(isinstance(item, str) for item in value):
            return ", ".join(value)
        case list() | dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _one_line(text: str) -> str:
    return " ".join(text.replace("\t", " ").splitlines())
