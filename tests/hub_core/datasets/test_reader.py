from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import threading
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub_core.datasets.reader import PreviewLimits, ReaderPool, read_preview, read_schema
from hub_core.datasets.reading import Reading
from hub_core.datasets.source import BytesSource, FileSource
from hub_core.errors import HubError, InvalidInput, ObjectNotFound, TooLarge, Unavailable, Unsupported
from tests.hub_core.datasets.files import arrow, parquet

TABLE = pa.table(
    {
        "id": range(60),
        "text": [f"t{i % 7}" for i in range(60)],
        "items": [[i] * (i % 4) for i in range(60)],
        "deep": [{"x": i, "y": [str(i)]} for i in range(60)],
        "word": pa.array([f"w{i % 3}" for i in range(60)]).dictionary_encode(),
        "when": pa.array(range(60), pa.timestamp("ns", "UTC")),
        "map": pa.array([[("k", i)] for i in range(60)], pa.map_(pa.string(), pa.int64())),
    }
)
LINES = "".join(json.dumps({"a": i, "b": [1, {"c": "é"}]}) + "\n" for i in range(20)).encode()
CSV = b"id,text\n" + b"".join(b'%d,"x, %d"\n' % (i, i) for i in range(20))
SAMPLES = {
    "snappy.parquet": parquet(TABLE, row_group_size=25),
    "zstd.parquet": parquet(TABLE, compression="zstd", data_page_version="2.0", data_page_size=200),
    "file.arrow": arrow(TABLE, rows_per_batch=20),
    "stream.arrow": arrow(TABLE, stream=True, rows_per_batch=20, compression="lz4"),
    "lines.jsonl": LINES,
    "array.json": b"[" + LINES.strip().replace(b"\n", b",") + b"]",
    "text.csv": CSV,
    "text.csv.gz": gzip.compress(CSV),
}


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    name = draw(st.sampled_from(sorted(SAMPLES)))
    data = bytearray(SAMPLES[name])
    for _ in range(draw(st.integers(1, 8))):
        # Metadata is at the end of most formats: half of the damage goes there.
        position = draw(st.integers(0, len(data) - 1) | st.integers(max(0, len(data) - 700), len(data) - 1))
        data[position : position + draw(st.sampled_from([1, 1, 4]))] = draw(st.binary(max_size=4) | st.just(b"\xff\xff\xff\x7f"))
        if not data:
            break
    return name, bytes(data[: draw(st.none() | st.integers(0, len(data)))])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged(), st.sampled_from([0, 15, 55]))
def test_damaged_files_raise_nothing_but_the_hubs_errors(file: tuple[str, bytes], offset: int) -> None:
    name, data = file
    with contextlib.suppress(HubError):
        preview = asyncio.run(read_preview(BytesSource(data), name, rows=20, offset=offset))
        assert all(len(row) == len(preview.columns) for row in preview.rows)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["", "PAR1", "ARROW1\0\0", "version https://git-lfs"]), st.sampled_from(sorted(SAMPLES)))
def test_bytes_of_any_kind_raise_nothing_but_the_hubs_errors(data: bytes, start: str, name: str) -> None:
    with contextlib.suppress(HubError):
        asyncio.run(read_schema(BytesSource(start.encode() + data), name))


class StuckSource(BytesSource):
    """Answers its first read only when it is released, and says when that read began."""

    def __init__(self) -> None:
        super().__init__(b"a,b\n1,2\n")
        self.entered = threading.Event()
        self.released = threading.Event()
        self.reads = 0

    def read_at(self, offset: int, length: int) -> bytes:
        self.reads += 1
        self.entered.set()
        self.released.wait(30)
        return super().read_at(offset, length)


async def test_a_caller_is_answered_when_the_time_is_over_and_the_read_ends_by_itself() -> None:
    source = StuckSource()
    pool = ReaderPool(readers=1, waiting=1)
    reading = Reading(source, "slow.csv", PreviewLimits(seconds=0.05))
    ended = threading.Event()

    def read_twice(reading: Reading) -> bytes:
        try:
            reading.read_at(0, 4)
            return reading.read_at(4, 4)
        finally:
            ended.set()

    with pytest.raises(TooLarge, match=r"slow.csv took longer than 0.05 s"):
        await pool.read(reading, read_twice)
    source.released.set()
    await asyncio.to_thread(ended.wait, 30)
    assert source.reads == 1


async def test_leaving_callers_stop_their_read() -> None:
    source = StuckSource()
    pool = ReaderPool(readers=1, waiting=1)
    reading = Reading(source, "slow.csv", PreviewLimits(seconds=30))
    task = asyncio.create_task(pool.read(reading, lambda r: r.read_at(0, 4)))
    await asyncio.to_thread(source.entered.wait, 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(TooLarge):
        reading.check()
    source.released.set()


async def test_the_queue_is_bounded_and_waiting_in_it_is_not_the_files_fault() -> None:
    source = StuckSource()
    pool = ReaderPool(readers=1, waiting=1)
    first = asyncio.create_task(pool.read(Reading(source, "a.csv", PreviewLimits(seconds=30)), lambda r: r.read_at(0, 4)))
    await asyncio.to_thread(source.entered.wait, 30)
    second = asyncio.create_task(pool.read(Reading(source, "b.csv", PreviewLimits(seconds=0.05)), lambda r: r.read_at(0, 4)))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="Too many data files"):
        await pool.read(Reading(source, "c.csv", PreviewLimits()), lambda r: r.read_at(0, 4))
    with pytest.raises(Unavailable, match="waited too long"):
        await second
    source.released.set()
    assert await first == b"a,b\n"
    assert await pool.read(Reading(source, "d.csv", PreviewLimits()), lambda r: r.read_at(4, 4)) == b"1,2\n"


async def test_a_running_query_is_interrupted_by_stop() -> None:
    interrupted: list[bool] = []
    reading = Reading(BytesSource(b""), "t.csv", PreviewLimits())
    with reading.interruptible(lambda: interrupted.append(True)):
        reading.stop()
    assert interrupted == [True]
    with pytest.raises(TooLarge), reading.interruptible(lambda: None):
        pass


async def test_bytes_read_are_bounded() -> None:
    with pytest.raises(TooLarge, match="takes more than 1 KiB"):
        await read_preview(BytesSource(SAMPLES["snappy.parquet"]), "t.parquet", limits=PreviewLimits(read_bytes=1024))


@pytest.mark.parametrize("arguments", [{"rows": 0}, {"rows": 201}, {"offset": -1}, {"offset": 2**60}, {"columns": []}, {"columns": ["no"]}])
async def test_arguments_out_of_range(arguments: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        await read_preview(BytesSource(CSV), "t.csv", **arguments)


@pytest.mark.parametrize(
    ("name", "data"), [("notes.md", b"# hi"), ("t.xlsx", b"PK\x03\x04"), ("t.parquet.gz", b"\x1f\x8b\x08"), ("x", b"1")]
)
async def test_other_formats_are_refused_with_the_ones_that_work(name: str, data: bytes) -> None:
    with pytest.raises(Unsupported, match="Rows are shown of parquet, csv, tsv, json, jsonl, arrow"):
        await read_preview(BytesSource(data), name)


async def test_the_bytes_outrank_the_name() -> None:
    assert (await read_preview(BytesSource(SAMPLES["snappy.parquet"]), "data.csv")).format == "parquet"
    assert (await read_preview(BytesSource(SAMPLES["stream.arrow"]), "data.arrow")).format == "arrow-stream"


async def test_files_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "ünïcode 'quoted'.csv"
    path.write_bytes(CSV)
    source = FileSource(path)
    assert (source.size, source.path) == (len(CSV), path)
    assert (await read_preview(source, path.name)).row_count == 20
    path.unlink()
    with pytest.raises(ObjectNotFound):
        await read_preview(source, path.name)
    with pytest.raises(ObjectNotFound):
        FileSource(path)
