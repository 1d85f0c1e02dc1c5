"""Rows of Arrow IPC data: files (also called Feather 2) and streams.

Both are the same sequence of messages; a file adds a magic and a footer around it. The sequence is walked message by message,
bodies skipped, and Arrow gets a small stream of only the messages that hold the wanted rows. Format: Arrow "Columnar", "IPC".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import ipc

from hub_core.datasets.arrow_values import arrow_errors, image_columns, type_name, unfold_arrow
from hub_core.datasets.cells import Cell, CellMaker, clean_text
from hub_core.datasets.formats.flatbuffer import Table
from hub_core.datasets.preview import Column, Found, by_row, rows_within, select
from hub_core.datasets.reading import MIB, Reading, Slice, in_words
from hub_core.errors import InvalidContent, TooLarge

_FILE_MAGIC = b"ARROW1"
_FILE_START = 8
_CONTINUATION = b"\xff\xff\xff\xff"
_PREFIX = 8
_METADATA_BYTES = 1 << 10
_LARGEST_METADATA = 16 * MIB
_MESSAGES_COUNTED = 10_000
_END_OF_STREAM = _CONTINUATION + bytes(4)
# Message.header_type, and the positions of fields in Message.fbs.
_SCHEMA, _DICTIONARY, _BATCH = 1, 2, 3
_HEADER_TYPE, _HEADER, _BODY_LENGTH = 1, 2, 3
_LENGTH, _BUFFERS, _COMPRESSION, _DICTIONARY_DATA = 0, 2, 3, 1


@dataclass(frozen=True, slots=True)
class _Message:
    """One message: `start` and `size` in the file, `body` bytes of which are its data at the end; `rows` when it is a batch."""

    kind: int
    start: int
    size: int
    body: int
    rows: int
    buffers: tuple[tuple[int, int], ...]
    """Offset in the body and length of each compressed buffer."""


def read_arrow(reading: Reading, wanted: Slice, *, is_file: bool) -> Found:
    """The wanted rows. Raises `InvalidContent` for damaged data and `TooLarge` for record batches beyond the limits."""
    if is_file:
        tail = reading.read_at(max(0, reading.size - len(_FILE_MAGIC)), min(reading.size, len(_FILE_MAGIC)))
        if tail != _FILE_MAGIC or reading.size < _FILE_START + len(_FILE_MAGIC):
            raise InvalidContent(f"{reading.file_name} is cut off: the end of an Arrow file is missing.", hint="Upload it again.")
    with arrow_errors(reading.file_name, "Arrow"):
        walk = _Walk(reading, _FILE_START if is_file else 0)
        walk.find(wanted)
        return _decode(reading, walk, wanted)


class _Walk:
    """Finds the messages to decode. `count` is the number of all rows, None when there are too many batches to count."""

    def __init__(self, reading: Reading, start: int) -> None:
        self._reading = reading
        self._position = start
        self.messages: list[_Message] = []
        """The schema, then dictionaries and the batches with wanted rows, in the file's order."""
        self.skip = 0
        """Rows of the first of these batches that come before the wanted ones."""
        self.count: int | None = None

    def find(self, wanted: Slice) -> None:
        """Walk the whole sequence, or its first ten thousand messages; counting rows may take a quarter of the budget."""
        first = self._next()
        if first is None or first.kind != _SCHEMA:
            raise InvalidContent(f"{self._reading.file_name} is damaged: it does not start with an Arrow schema.")
        self.messages.append(first)
        rows = 0
        for _ in range(_MESSAGES_COUNTED):
            if rows >= wanted.offset + wanted.rows and self._reading.bytes_read > self._reading.limits.read_bytes // 4:
                return
            message = self._next()
            if message is None:
                self.count = rows
                return
            before, rows = rows, rows + message.rows
            # A dictionary behind the last wanted row may replace one that the rows use: it is left out.
            if before >= wanted.offset + wanted.rows or (message.kind == _BATCH and rows <= wanted.offset):
                continue
            if message.kind == _BATCH and before <= wanted.offset:
                self.skip = wanted.offset - before
            self.messages.append(message)
        if rows < wanted.offset + wanted.rows:
            raise TooLarge(
                f"Row {wanted.offset} of {self._reading.file_name} lies behind the first {_MESSAGES_COUNTED} record batches.",
                hint="Ask for an earlier offset, or write the table with larger batches.",
            )

    def _next(self) -> _Message | None:
        """The next message, or None at the end of the sequence: at its marker, or where a stream just stops."""
        reading, start = self._reading, self._position
        head = reading.read_at(start, min(_METADATA_BYTES, reading.size - start))
        if not head or head.startswith(_END_OF_STREAM):
            return None
        if not head.startswith(_CONTINUATION) or len(head) < _PREFIX:
            raise InvalidContent(f"{reading.file_name} is damaged, or was written by an Arrow older than 0.15: no message at byte {start}.")
        length = int.from_bytes(head[4:_PREFIX], "little")
        if length > _LARGEST_METADATA:
            raise InvalidContent(f"{reading.file_name} is damaged: it has a message with {in_words(length)} of metadata at byte {start}.")
        metadata = head[_PREFIX : _PREFIX + length]
        if len(metadata) < length:
            metadata += reading.read_at(start + len(head), length - len(metadata))
        message = _parse(metadata, start)
        self._position = start + message.size
        if self._position > reading.size:
            raise InvalidContent(
                f"{reading.file_name} is cut off: a message at byte {start} reaches {self._position - reading.size} bytes behind its end.",
                hint="Upload it again.",
            )
        return message


def _parse(metadata: bytes, start: int) -> _Message:
    try:
        message = Table.root(metadata)
        kind, body = message.unsigned8(_HEADER_TYPE), message.signed64(_BODY_LENGTH)
        data = message.table(_HEADER) if kind in {_DICTIONARY, _BATCH} else None
        data = data.table(_DICTIONARY_DATA) if data and kind == _DICTIONARY else data
        rows = data.signed64(_LENGTH) if data and kind == _BATCH else 0
        buffers = data.pairs(_BUFFERS) if data and data.table(_COMPRESSION) else ()
    except struct.error as error:
        raise InvalidContent(f"The Arrow message at byte {start} is damaged: its metadata points outside of itself.") from error
    if body < 0 or rows < 0:
        raise InvalidContent(f"The Arrow message at byte {start} is damaged: it claims a negative size.")
    return _Message(kind, start, _PREFIX + len(metadata) + body, body, rows, buffers)


def _decode(reading: Reading, walk: _Walk, wanted: Slice) -> Found:
    stream = ipc.open_stream(pa.BufferReader(_small_stream(reading, walk.messages)))
    schema = stream.schema
    chosen = select(reading, schema.names, wanted)
    images = image_columns(schema)
    columns = [
        Column(clean_text(field.name), "image" if field.name in images else type_name(field.type), field.nullable)
        for field in map(schema.field, chosen)
    ]
    rows = rows_within(reading, wanted.rows, len(chosen))
    cells: list[list[Cell]] = [[] for _ in chosen]
    skip, shown, maker = walk.skip, 0, CellMaker(unfold_arrow, reading.limits)
    for batch in stream:
        part = batch.slice(skip, rows - shown)
        skip, shown = 0, shown + part.num_rows
        # Offsets and indices of untrusted batches may point outside of their buffers.
        part.validate(full=True)
        for target, index in zip(cells, chosen, strict=True):
            target.extend(map(maker.cell, part.column(index)))
            reading.check()
        if shown == rows:
            break
    end = wanted.offset + shown
    more = walk.count is None or end < walk.count
    available = max(0, (walk.count or end + 1) - wanted.offset)
    return Found(columns, by_row(cells, shown), walk.count, more, truncated=shown < min(wanted.rows, available))


def _small_stream(reading: Reading, messages: list[_Message]) -> bytes:
    """The messages as a stream of their own, after a look at what they take in memory."""
    size = sum(message.size for message in messages)
    if size > reading.limits.read_bytes:
        raise TooLarge(
            f"The record batches with these rows of {reading.file_name} are {in_words(size)}; "
            f"a preview reads up to {in_words(reading.limits.read_bytes)}.",
            hint="Write the table with smaller record batches, or as parquet.",
        )
    blocks = [reading.read_at(message.start, message.size) for message in messages]
    unpacked = sum(_unpacked(message, block) for message, block in zip(messages, blocks, strict=True))
    if unpacked > reading.limits.memory_bytes:
        raise TooLarge(
            f"The record batches with these rows of {reading.file_name} unpack to {in_words(unpacked)}; "
            f"a preview holds up to {in_words(reading.limits.memory_bytes)}.",
            hint="Write the table with smaller record batches, or as parquet.",
        )
    return b"".join([*blocks, _END_OF_STREAM])


def _unpacked(message: _Message, block: bytes) -> int:
    """Bytes that a message's compressed buffers claim to unpack to; Arrow would allocate whatever they claim."""
    body = message.size - message.body
    claims = (block[body + offset : body + offset + 8] for offset, length in message.buffers if length >= 8 and offset >= 0)
    return sum(max(0, int.from_bytes(claim, "little", signed=True)) for claim in claims)
