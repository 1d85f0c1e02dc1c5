"""Data files for the tests, written by the libraries that people write them with."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
from pyarrow import ipc
from pyarrow import parquet as pq

from hub_core.datasets.source import BytesSource

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63000100000500010d0a2db40000000049454e44ae426082"
)


def parquet(table: pa.Table, **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def arrow(table: pa.Table, *, stream: bool = False, rows_per_batch: int = 1000, compression: str | None = None) -> bytes:
    out = io.BytesIO()
    options = ipc.IpcWriteOptions(compression=compression)
    with (ipc.new_stream if stream else ipc.new_file)(out, table.schema, options=options) as writer:
        writer.write_table(table, rows_per_batch)
    return out.getvalue()


class CountingSource(BytesSource):
    """Counts what is read of it."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.bytes_read = 0

    def read_at(self, offset: int, length: int) -> bytes:
        block = super().read_at(offset, length)
        self.bytes_read += len(block)
        return block
