from __future__ import annotations

import json
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from hub_core.datasets.cells import ImageCell, NestedCell
from hub_core.datasets.reader import PreviewLimits, read_preview, read_schema
from hub_core.datasets.source import BytesSource, FileSource
from hub_core.errors import InvalidContent, InvalidInput, TooLarge, Unsupported
from tests.hub_core.datasets.files import PNG, CountingSource, arrow, parquet

ROWS = 1000


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return pa.table(
        {
            "id": range(ROWS),
            "text": [f"row {i}" for i in range(ROWS)],
            "tags": [[f"t{i}"] * (i % 3) for i in range(ROWS)],
            "dotted.name": [i / 4 for i in range(ROWS)],
        }
    )


@pytest.mark.parametrize("offset", [0, 299, 300, 998])
@pytest.mark.parametrize("row_group_size", [300, ROWS])
async def test_rows_come_from_wherever_they_lie(table: pa.Table, offset: int, row_group_size: int) -> None:
    data = parquet(table, row_group_size=row_group_size)
    preview = await read_preview(BytesSource(data), "t.parquet", rows=4, offset=offset)
    assert [row[0] for row in preview.rows] == list(range(ROWS))[offset : offset + 4]
    assert [row[1] for row in preview.rows] == [f"row {i}" for i in range(ROWS)][offset : offset + 4]
    assert preview.row_count == ROWS
    assert preview.has_more == (offset + 4 < ROWS)
    assert not preview.truncated


async def test_columns_are_chosen_by_their_whole_name_and_order(table: pa.Table) -> None:
    preview = await read_preview(BytesSource(parquet(table)), "t.parquet", rows=1, offset=2, columns=["dotted.name", "tags"])
    assert [(column.name, column.type) for column in preview.columns] == [("dotted.name", "float64"), ("tags", "list<string>")]
    assert preview.rows == [[0.5, NestedCell(["t2", "t2"], cut=False)]]
    with pytest.raises(InvalidInput, match="no column 'dotted'"):
        await read_preview(BytesSource(parquet(table)), "t.parquet", columns=["dotted"])


async def test_the_schema_comes_from_the_footer_alone(table: pa.Table) -> None:
    source = CountingSource(parquet(pa.concat_tables([table] * 100), compression="none", use_dictionary=False))
    schema = await read_schema(source, "t.parquet")
    assert [column.type for column in schema.columns] == ["int64", "string", "list<string>", "float64"]
    assert schema.row_count == 100 * ROWS
    assert schema.bytes_read == source.bytes_read < source.size / 3


async def test_a_large_row_group_is_not_copied_for_a_few_rows() -> None:
    """One row group of 48 MB in 30 columns: only the first page of each is read."""
    generator = np.random.default_rng(1)
    wide = pa.table({f"c{i}": generator.random(200_000) for i in range(30)})
    source = CountingSource(parquet(wide, row_group_size=200_000, use_dictionary=False, data_page_size=64 << 10))
    assert source.size > 45_000_000
    preview = await read_preview(source, "wide.parquet")
    assert preview.rows[0][0] == wide["c0"][0].as_py()
    assert preview.bytes_read == source.bytes_read < source.size / 2
    few = await read_preview(source, "wide.parquet", columns=["c3"])
    assert few.bytes_read < source.size / 20


async def test_five_thousand_columns_fit_with_fewer_rows_and_there_is_an_end() -> None:
    wide = parquet(pa.table({f"c{i}": [i] * 9 for i in range(5000)}))
    limits = PreviewLimits(cells=10_000)
    preview = await read_preview(BytesSource(wide), "wide.parquet", rows=9, limits=limits)
    assert preview.rows == [list(range(5000))] * 2
    assert preview.truncated
    limits = PreviewLimits(columns=4000)
    with pytest.raises(TooLarge, match="5000 columns"):
        await read_preview(BytesSource(wide), "wide.parquet", limits=limits)
    assert (await read_preview(BytesSource(wide), "wide.parquet", rows=1, columns=["c7"], limits=limits)).rows == [[7]]


async def test_duplicated_names_no_rows_and_files_of_duckdb(tmp_path: Path) -> None:
    twice = pa.table([pa.array([1]), pa.array(["x"])], names=["a", "a"])
    assert (await read_preview(BytesSource(parquet(twice)), "t.parquet", columns=["a"])).rows == [[1, "x"]]
    empty = await read_preview(BytesSource(parquet(twice.slice(0, 0))), "t.parquet")
    assert (empty.rows, empty.row_count, empty.has_more) == ([], 0, False)
    path = tmp_path / "d.parquet"
    duckdb.sql("select range as i, {'a': range, 'b': [range]} as s from range(10)").write_parquet(str(path))
    preview = await read_preview(FileSource(path), "d.parquet", rows=1, offset=9)
    assert preview.columns[1].type == "struct<a: int64, b: list<int64>>"
    assert preview.rows == [[9, NestedCell({"a": 9, "b": [9]}, cut=False)]]


async def test_images_are_known_by_declaration_or_by_their_bytes() -> None:
    images = pa.array([{"bytes": PNG, "path": "a.png"}, {"bytes": PNG + bytes(100_000), "path": "b.png"}, None])
    preview = await read_preview(BytesSource(parquet(pa.table({"image": images, "raw": [PNG, PNG, None]}))), "t.parquet")
    assert [column.type for column in preview.columns] == ["image", "image"]
    small, large = preview.rows[0][0], preview.rows[1][0]
    assert isinstance(small, ImageCell)
    assert isinstance(large, ImageCell)
    assert (small.mime, small.size) == ("image/png", len(PNG))
    assert small.data is not None
    assert (large.size, large.data) == (len(PNG) + 100_000, None)
    declared = pa.table({"picture": images.slice(2)}).replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": {"picture": {"_type": "Image"}}}})}
    )
    assert (await read_schema(BytesSource(parquet(declared)), "t.parquet")).columns[0].type == "image"


async def test_pages_that_unpack_to_too_much_are_refused_before_they_are_unpacked() -> None:
    bomb = parquet(pa.table({"zeros": [bytes(40 << 20)] * 2}), compression="zstd")
    assert len(bomb) < 100_000
    before = pa.total_allocated_bytes()
    with pytest.raises(TooLarge, match="unpack to more than 16 MiB"):
        await read_preview(BytesSource(bomb), "bomb.parquet", limits=PreviewLimits(memory_bytes=16 << 20))
    assert pa.total_allocated_bytes() - before < 1 << 20


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: data[: len(data) // 2], "cut off"),
        (lambda data: data[:4], "cut off"),
        (lambda data: data[:-8] + b"\xff\xff\xff\x7fPAR1", "footer claims 2147483647 bytes"),
        (lambda data: data[:-60] + bytes(52) + data[-8:], "footer|parquet"),
        (lambda _: b"\x89PNG\r\n\x1a\n", "not a parquet file: it starts with the bytes of a PNG image"),
        (lambda _: b"id,name\n1,x\n", "not a parquet file: it starts with 'id,name"),
        (lambda _: b"", "is empty"),
    ],
)
async def test_broken_files_say_what_is_wrong(table: pa.Table, damage, reason: str) -> None:
    with pytest.raises(InvalidContent, match=reason) as caught:
        await read_preview(BytesSource(damage(parquet(table))), "train.parquet")
    assert caught.value.message.startswith("train.parquet")


async def test_an_lfs_pointer_is_a_missing_object_and_an_encrypted_file_is_unsupported() -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 123\n".encode()
    with pytest.raises(InvalidContent, match=f"the object it stands for \\(sha256 {'a' * 64}, 123 bytes\\) is missing"):
        await read_preview(BytesSource(pointer), "train.parquet")
    with pytest.raises(Unsupported, match="encrypted"):
        await read_preview(BytesSource(b"PARE" + bytes(100) + b"PARE"), "train.parquet")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
async def test_arrow_files_and_streams(table: pa.Table, *, stream: bool, compression: str | None) -> None:
    data = arrow(table, stream=stream, compression=compression, rows_per_batch=100)
    source = CountingSource(data)
    preview = await read_preview(source, "t.arrow", rows=3, offset=499, columns=["text", "id"])
    assert preview.rows == [["row 499", 499], ["row 500", 500], ["row 501", 501]]
    assert (preview.row_count, preview.has_more, preview.truncated) == (ROWS, True, False)
    assert preview.format == ("arrow-stream" if stream else "arrow")
    assert (await read_schema(source, "t.feather")).row_count == ROWS
    with pytest.raises(InvalidContent, match="cut off"):
        await read_preview(BytesSource(data[:-200]), "t.arrow")


async def test_arrow_dictionaries_are_those_of_the_rows() -> None:
    batches = [pa.record_batch({"d": pa.array(words).dictionary_encode()}) for words in (["a", "b"], ["c", "d"])]
    data = arrow(pa.Table.from_batches(batches), stream=True)
    assert (await read_preview(BytesSource(data), "t.arrows", rows=2)).rows == [["a"], ["b"]]
    assert (await read_preview(BytesSource(data), "t.arrows", rows=2, offset=1)).rows == [["b"], ["c"]]


async def test_arrow_batches_are_bounded_before_they_are_read_or_unpacked() -> None:
    zeros = pa.table({"n": np.zeros(4 << 20, dtype="int64")})
    with pytest.raises(TooLarge, match="unpack to 32 MiB"):
        await read_preview(
            BytesSource(arrow(zeros, rows_per_batch=4 << 20, compression="zstd")), "t.arrow", limits=PreviewLimits(memory_bytes=16 << 20)
        )
    source = CountingSource(arrow(zeros, rows_per_batch=4 << 20))
    with pytest.raises(TooLarge, match="record batches"):
        await read_preview(source, "t.arrow", limits=PreviewLimits(read_bytes=16 << 20))
    assert source.bytes_read < 1 << 20


async def test_one_flipped_bit_of_a_footer_does_not_end_the_process(table: pa.Table) -> None:
    """Arrow's metadata accessors abort on footers like these, so none of them may be called."""
    data = parquet(table)
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    for position in range(footer, len(data) - 8, 11):
        broken = bytearray(data)
        broken[position] ^= 1 << (position % 8)
        try:
            preview = await read_preview(BytesSource(bytes(broken)), "t.parquet", rows=1)
        except (InvalidContent, TooLarge, Unsupported):
            continue
        assert len(preview.rows) <= 1
