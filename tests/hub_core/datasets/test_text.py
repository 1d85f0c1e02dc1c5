from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import duckdb
import pytest

from hub_core.datasets.cells import NestedCell, TextCell
from hub_core.datasets.formats.delimited import _connection
from hub_core.datasets.reader import Preview, PreviewLimits, read_preview, read_schema
from hub_core.datasets.reading import Reading
from hub_core.datasets.source import BytesSource, FileSource
from hub_core.errors import InvalidContent, TooLarge
from tests.hub_core.datasets.files import CountingSource

SMALL_HEAD = PreviewLimits(head_bytes=64 << 10)


async def rows_of(data: bytes | str, name: str = "t.csv", **options) -> Preview:
    return await read_preview(BytesSource(data.encode() if isinstance(data, str) else data), name, **options)


def names(preview: Preview) -> list[str]:
    return [column.name for column in preview.columns]


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ("a,b\n1,x\n2,y\n", ["a", "b"], [[1, "x"], [2, "y"]]),
        ("a;b\n1;2,5\n2;3,5\n", ["a", "b"], [[1, "2,5"], [2, "3,5"]]),
        ("a|b\r\n1|2\r\n", ["a", "b"], [[1, 2]]),
        ("a,b\r1,2\r", ["a", "b"], [[1, 2]]),
        ("a,b\r\n1,2\n3,4\r\n", ["a", "b"], [[1, 2], [3, 4]]),
        ("\ufeffid,name\n1,x\n", ["id", "name"], [[1, "x"]]),
        ("# made by hand\na,b\n1,2\n3,4\n", ["a", "b"], [[1, 2], [3, 4]]),
        ("Report of 2024\n\na,b,c\n1,2,3\n4,5,6\n", ["a", "b", "c"], [[1, 2, 3], [4, 5, 6]]),
        ("1,2.5,x\n2,3.5,y\n", ["column0", "column1", "column2"], [[1, 2.5, "x"], [2, 3.5, "y"]]),
        ("a,a,A\n1,2,3\n", ["a", "a_1", "A_2"], [[1, 2, 3]]),
        ("a,b,c\n1,2,3\n4,5\n", ["a", "b", "c"], [[1, 2, 3], [4, 5, None]]),
        ("a,b\n1,2\n4,5,6\n", ["a", "b", "column2"], [[1, 2, None], [4, 5, 6]]),
        ("a,b\n1,x\nfoo,2\n3.5,\n", ["a", "b"], [["1", "x"], ["foo", "2"], ["3.5", None]]),
        ('id,t\n1,"two\nlines, ""quoted"""\n2,x\n', ["id", "t"], [[1, 'two\nlines, "quoted"'], [2, "x"]]),
        ('id,t\n1,"he said \\"hi\\", ok"\n', ["id", "t"], [[1, 'he said "hi", ok']]),
        ('id,size\n1,5" pipe\n2,6" pipe\n', ["id", "size"], [[1, '5" pipe'], [2, '6" pipe']]),
        ('id,t\n1,"never closed\n2,x\n', ["id", "t"], [[1, '"never closed'], [2, "x"]]),
        ("zip,n\n01234,123456789012345678901\n", ["zip", "n"], [["01234", "123456789012345678901"]]),
        ("a,b\n1,x\0y\n", ["a", "b"], [[1, "x\0y"]]),
        ("a,b\n1,😀👍🏽\n", ["a", "b"], [[1, "😀👍🏽"]]),
        ("x\n1.5\ninf\nnan\n", ["x"], [[1.5], ["Infinity"], ["NaN"]]),
        ("text\nhello, world\nfoo\n", ["text"], [["hello, world"], ["foo"]]),
        ("a,b,c\n", ["a", "b", "c"], []),
        ("a,b,c", ["a", "b", "c"], []),
    ],
)  # fmt: skip
async def test_csv_in_the_shapes_people_give_it(text: str, columns: list[str], rows: list[list[object]]) -> None:
    preview = await rows_of(text)
    assert (names(preview), preview.rows) == (columns, rows)
    assert (preview.row_count, preview.has_more, preview.truncated) == (len(rows), False, False)


async def test_types_dates_and_quotes_from_the_csv_module(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([["when", "day", "ok", "note"], ["2024-01-02 03:04:05", "2024-01-02", "true", 'a "b",\nc']])
    preview = await read_preview(FileSource(path), path.name)
    assert [column.type for column in preview.columns] == ["timestamp[us]", "date", "bool", "string"]
    assert preview.rows == [["2024-01-02T03:04:05", "2024-01-02", True, 'a "b",\nc']]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
async def test_encodings(encoding: str) -> None:
    assert (await rows_of("id,word\n1,café\n2,naïve\n".encode(encoding))).rows == [[1, "café"], [2, "naïve"]]


async def test_one_damaged_character_does_not_change_the_encoding_of_the_others() -> None:
    assert (await rows_of("id,word\n1,café naïve\n".encode() + b"2,\xff\n")).rows == [[1, "café naïve"], [2, "\ufffd"]]


async def test_the_csv_engine_reaches_no_other_file(tmp_path: Path) -> None:
    own, other = tmp_path / "own's.csv", tmp_path / "other.csv"
    for path in (own, other):
        path.write_text("a\n1\n")
    with _connection(Reading(BytesSource(b""), "t.csv", PreviewLimits()), own) as connection:
        assert connection.sql("SELECT * FROM read_csv(?)", params=[str(own)]).fetchall() == [(1,)]
        for statement in (
            f"SELECT * FROM read_csv('{other}')",  # noqa: S608 - the test's own path
            f"SELECT * FROM read_text('{other}')",  # noqa: S608 - the test's own path
            f"COPY (SELECT 1) TO '{other}'",
            "SET enable_external_access = true",
            "INSTALL httpfs",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(statement)


async def test_tsv_keeps_its_commas() -> None:
    preview = await rows_of("a\tb\nx, y, z\t1\nu, v\t2\n", "t.tsv")
    assert (preview.format, preview.rows) == ("tsv", [["x, y, z", 1], ["u, v", 2]])


async def test_only_the_head_of_a_large_csv_is_read() -> None:
    text = "id,note\n" + "".join(f'{i},"two\nlines {i}"\n' for i in range(20_000))
    source = CountingSource(text.encode())
    preview = await read_preview(source, "big.csv", rows=2, offset=100, limits=SMALL_HEAD)
    assert preview.rows == [[100, "two\nlines 100"], [101, "two\nlines 101"]]
    assert (preview.row_count, preview.has_more, preview.truncated) == (None, True, False)
    assert source.bytes_read < source.size / 4
    beyond = await read_preview(source, "big.csv", offset=19_000, limits=SMALL_HEAD)
    assert (beyond.rows, beyond.has_more, beyond.truncated) == ([], True, True)


async def test_a_value_in_the_last_line_still_decides_the_type() -> None:
    preview = await rows_of("a,b\n" + "1,x\n" * 30_000 + "oops,y\n", rows=1)
    assert (preview.columns[0].type, preview.row_count) == ("string", 30_001)


async def test_huge_lines() -> None:
    long_line = b"1," + b"x" * (50 << 20) + b"\n"
    preview = await rows_of(b"a,b\n0,first\n" + long_line)
    assert (preview.rows, preview.has_more, preview.truncated) == ([[0, "first"]], True, True)
    with pytest.raises(TooLarge, match=r"first line of t.csv is longer than 8 MiB"):
        await rows_of(long_line)
    with pytest.raises(TooLarge, match=r"first row of t.jsonl is longer than 8 MiB"):
        await rows_of(b'{"a": "' + long_line, "t.jsonl")
    fits = await rows_of("a,b\n1," + "x" * (5 << 20) + "\n2,y\n")
    assert fits.rows == [[1, TextCell("x" * 500, 5 << 20)], [2, "y"]]


async def test_five_thousand_csv_columns() -> None:
    wide = ",".join(f"c{i}" for i in range(5000)) + "\n" + ",".join(map(str, range(5000))) + "\n"
    assert (await rows_of(wide)).rows == [list(range(5000))]


@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv"])
async def test_gzip_of_several_members_and_its_damages(name: str) -> None:
    members = gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n")
    preview = await rows_of(members, name)
    assert (preview.format, preview.rows, preview.row_count) == ("csv.gz", [[1, 2], [3, 4]], 2)
    with pytest.raises(InvalidContent, match="cut off"):
        await rows_of(members[:-6], name)
    with pytest.raises(InvalidContent, match="cannot be decompressed"):
        await rows_of(members[:14] + b"\xff\xff" + members[16:], name)
    with pytest.raises(InvalidContent, match=r"not a csv.gz file"):
        await rows_of("a,b\n1,2\n", "t.csv.gz")


async def test_decompression_is_bounded() -> None:
    bomb = CountingSource(gzip.compress(b"a,b\n" + b"1,2\n" * 5_000_000))
    preview = await read_preview(bomb, "bomb.csv.gz", limits=SMALL_HEAD)
    assert (preview.rows[0], preview.row_count, preview.has_more) == ([1, 2], None, True)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty: it has no bytes"),
        (b" \n\n", "nothing but white space"),
        (bytes(range(32)) * 40, "binary data"),
        (b"PK\x03\x04rest", "not a csv file: it starts with the bytes of a ZIP archive"),
        (b"<!DOCTYPE html><html></html>", "is a web page"),
    ],
)
async def test_what_is_no_csv(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidContent, match=reason):
        await rows_of(data)


@pytest.mark.parametrize("name", ["t.json", "t.jsonl"])
@pytest.mark.parametrize("layout", ["array", "pretty", "lines"])
async def test_json_is_told_by_its_text_not_its_name(name: str, layout: str) -> None:
    values = [{"a": 1, "b": {"c": [1, 2]}}, {"a": None, "d": "é😀"}]
    text = {
        "array": json.dumps(values),
        "pretty": json.dumps(values, indent=2),
        "lines": "\n\n".join(map(json.dumps, values)) + "\n",
    }[layout]
    preview = await rows_of(text, name)
    assert [(column.name, column.type) for column in preview.columns] == [("a", "int64"), ("b", "struct<c: list<int64>>"), ("d", "string")]
    assert preview.rows == [[1, NestedCell({"c": [1, 2]}, cut=False), None], [None, None, "é😀"]]
    assert preview.row_count == 2
    assert (await read_schema(BytesSource(text.encode()), name)).columns == preview.columns


async def test_rows_of_json_that_are_no_table() -> None:
    assert (await rows_of('{"a": 1}', "t.json")).rows == [[1]]
    assert (await rows_of("[1, 2.5, null]", "t.json")).columns[0].type == "float64"
    mixed = await rows_of('[{"a": 1}, 2]', "t.json")
    assert (names(mixed), mixed.columns[0].type, mixed.rows) == (["value"], "json", [[NestedCell({"a": 1}, cut=False)], [2]])
    kinds = await rows_of('{"a": 1}\n{"a": "x"}\n{"a": [true]}\n', "t.jsonl")
    assert (kinds.columns[0].type, kinds.rows[:2]) == ("json", [[1], ["x"]])
    lists = await rows_of("[1]\n[2, 3]\n", "t.jsonl")
    assert lists.rows == [[NestedCell([1], cut=False)], [NestedCell([2, 3], cut=False)]]
    assert (await rows_of("[]", "t.json")).row_count == 0


async def test_a_large_array_is_read_as_far_as_the_head_goes() -> None:
    source = CountingSource(json.dumps([{"id": i, "t": "x" * 50} for i in range(10_000)]).encode())
    preview = await read_preview(source, "t.json", rows=3, offset=500, limits=SMALL_HEAD)
    assert [row[0] for row in preview.rows] == [500, 501, 502]
    assert (preview.row_count, preview.has_more, preview.truncated) == (None, True, False)
    assert source.bytes_read < source.size / 4
    assert (await read_preview(source, "t.json", offset=9_000, limits=SMALL_HEAD)).truncated


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1}\n{"a": 2}\n{"a" 3}\n', "line 3, column 6"),
        ('[{"a": 1},]', "trailing comma"),
        ('[{"a": 1} {"a": 2}]', "Expecting ','"),
        ('[{"a": 1}', "not closed"),
        ('[{"a": 1}] x', "Extra data"),
        ("[" * 100_000, "nested too deeply"),
        ("9" * 5000, "thousands of digits"),
        ("hello", "line 1, column 1: Expecting value"),
    ],
)
async def test_broken_json_says_where(text: str, reason: str) -> None:
    with pytest.raises(InvalidContent, match=reason):
        await rows_of(text, "t.json")


async def test_a_mistake_behind_the_wanted_rows_does_not_hide_them() -> None:
    preview = await rows_of('{"a": 1}\n{"a": 2}\noops\n', "t.jsonl", rows=2)
    assert (preview.rows, preview.row_count, preview.has_more) == ([[1], [2]], None, True)


async def test_half_a_surrogate_pair_becomes_valid_text() -> None:
    preview = await rows_of('{"\\ud800": "\\udfff x", "b": ["\\ud800"]}', "t.json")
    assert (names(preview), preview.rows) == (["\ufffd", "b"], [["\ufffd x", NestedCell(["\ufffd"], cut=False)]])
