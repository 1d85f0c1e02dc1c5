from __future__ import annotations

import datetime as dt
import decimal
import json

import pyarrow as pa
import pytest
from pydantic import TypeAdapter

from hub_core.datasets.arrow_values import type_name, unfold_arrow
from hub_core.datasets.cells import BinaryCell, Cell, CellMaker, ImageCell, NestedCell, TextCell, unfold_plain
from hub_core.datasets.reading import PreviewLimits
from tests.hub_core.datasets.files import PNG

LIMITS = PreviewLimits(cell_chars=50, nested_items=3, nested_depth=2, nested_values=8, images_bytes=100)


def cells(array: pa.Array) -> list[Cell]:
    maker = CellMaker(unfold_arrow, LIMITS)
    return [maker.cell(value) for value in array]


@pytest.mark.parametrize(
    ("array", "name", "expected"),
    [
        (pa.array([1, None, 2**53, 2**53 + 1]), "int64", [1, None, 2**53, "9007199254740993"]),
        (pa.array([0.1, float("nan"), float("-inf")], pa.float32()), "float32", [0.1, "NaN", "-Infinity"]),
        (pa.array([True, None]), "bool", [True, None]),
        (pa.array([decimal.Decimal("1.50")]), "decimal128(3, 2)", ["1.50"]),
        (pa.array(["short", "x" * 51]), "string", ["short", TextCell("x" * 50, 51)]),
        (pa.array(["view"], pa.string_view()), "string", ["view"]),
        (pa.array(["word"]).dictionary_encode(), "string", ["word"]),
        (pa.array([bytes(range(20))]), "binary", [BinaryCell(20, bytes(range(16)).hex())]),
        (pa.array([b"abc"], pa.binary(3)), "binary", [BinaryCell(3, "616263")]),
        (pa.array([dt.date(2024, 1, 2)]), "date", ["2024-01-02"]),
        (pa.array([1_704_164_645_000_600], pa.timestamp("us")), "timestamp[us]", ["2024-01-02T03:04:05.0006"]),
        (pa.array([-1], pa.timestamp("ns", "Europe/Paris")), "timestamp[ns, tz=Europe/Paris]", ["1969-12-31T23:59:59.999999999Z"]),
        (pa.array([2**62], pa.timestamp("s", "No/Where")), "timestamp[s, tz=No/Where]", [f"{2**62} s since 1970"]),
        (pa.array([3_661], pa.time32("s")), "time32[s]", ["01:01:01"]),
        (pa.array([5], pa.duration("ms")), "duration[ms]", ["5 ms"]),
        (pa.array([[1, 2]], pa.list_(pa.int8(), 2)), "list<int8>", [NestedCell([1, 2], cut=False)]),
        (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int8())), "map<string, int8>", [NestedCell([{"key": "k", "value": 1}], cut=False)]),
        (pa.array([{"a": [1]}]), "struct<a: list<int64>>", [NestedCell({"a": [1]}, cut=False)]),
        (pa.nulls(1), "null", [None]),
    ],
)  # fmt: skip
def test_arrow_values(array: pa.Array, name: str, expected: list[Cell]) -> None:
    assert type_name(array.type) == name
    assert cells(array) == expected


def test_text_that_is_not_utf8_is_shown_with_its_damage() -> None:
    broken = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\3\0\0\0"), pa.py_buffer(b"a\xffb")])
    assert cells(broken) == ["a\ufffdb"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([1, 2, 3, 4], [1, 2, 3, "… 1 more"]),
        ({"a": 1, "b": 2, "c": 3, "d": 4}, {"a": 1, "b": 2, "c": 3, "…": "1 more"}),
        ([[[1, 2]]], [["… 2 items"]]),
        ([{"a": {"b": 1}}], [{"a": "… 1 fields"}]),
        (["x" * 51], ["x" * 50 + "… (51 characters)"]),
        ([[1, 2, 3], [1, 2, 3], [1, 2, 3]], [[1, 2, 3], [1, 2, 3], ["… 3 more"]]),
    ],
)
def test_nested_values_are_cut_in_length_depth_and_number(value: object, expected: object) -> None:
    cell = CellMaker(unfold_plain, LIMITS).cell(value)
    assert cell == NestedCell(expected, cut=True)


def test_a_struct_of_the_file_never_poses_as_an_image() -> None:
    posing = {"kind": "image", "mime": "text/html", "data": "x"}
    assert CellMaker(unfold_plain, PreviewLimits()).cell(posing) == NestedCell(posing, cut=False)


def test_images_share_one_budget() -> None:
    assert 50 < len(PNG) < 100
    first, second = cells(pa.array([PNG, PNG]))
    assert isinstance(first, ImageCell)
    assert isinstance(second, ImageCell)
    assert (first.data is not None, second.data) == (True, None)


def test_every_cell_is_json() -> None:
    values: list[Cell] = [
        None,
        True,
        1,
        1.5,
        "x",
        TextCell("x", 9),
        BinaryCell(1, "00"),
        ImageCell("image/png", 1, None),
        NestedCell([], cut=False),
    ]
    written = json.loads(TypeAdapter(list[Cell]).dump_json(values))
    assert written[:5] == [None, True, 1, 1.5, "x"]
    assert [cell["kind"] for cell in written[5:]] == ["text", "binary", "image", "nested"]
