"""The head of a text file: read, decompressed and decoded, never more than the limit of it."""

from __future__ import annotations

import codecs
import zlib
from dataclasses import dataclass

from hub_core.datasets.reading import Reading, in_words
from hub_core.errors import InvalidContent, TooLarge

_GZIP_WINDOW = 31
_COMPRESSED_BLOCK = 256 << 10
_BINARY_SAMPLE = 64 << 10
_CONTROL_BYTES = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b"))
_CUT_TRIES = 10_000


@dataclass(frozen=True, slots=True)
class TextHead:
    """Text from the start of a file; `complete` when it is all of it."""

    text: str
    complete: bool


def read_text(reading: Reading, *, gzipped: bool) -> TextHead:
    """The first `limits.head_bytes` of a text file (after decompression), decoded.

    Encodings: UTF-8, UTF-16 by its byte order mark, else Windows-1252 and, where that has gaps, latin-1. Raises `InvalidContent`
    for damaged gzip data, for binary data and for a file of nothing but white space.
    """
    limit = reading.limits.head_bytes
    data, complete = _gunzip(reading, limit) if gzipped else (reading.read_at(0, min(reading.size, limit)), reading.size <= limit)
    text = _decode(data, complete=complete)
    if text is None:
        raise InvalidContent(f"{reading.file_name} holds binary data, not text.", hint="Upload the file again.")
    if not text.strip():
        raise InvalidContent(f"{reading.file_name} is empty: it holds nothing but white space.")
    return TextHead(text, complete)


def cut_at_line(reading: Reading, head: TextHead) -> str:
    """The whole lines of a head; the cut is not inside of a quoted field that spans lines, as far as counting quotes can tell.

    Raises `TooLarge` when not even the first line fits.
    """
    if head.complete:
        return head.text
    newline = "\n" if "\n" in head.text else "\r"
    last = end = head.text.rfind(newline)
    if end < 0:
        raise TooLarge(
            f"The first line of {reading.file_name} is longer than {in_words(reading.limits.head_bytes)}, which is as far as a preview reads.",
            limit=reading.limits.head_bytes,
        )
    quotes = head.text.count('"', 0, end)
    for _ in range(_CUT_TRIES):
        if quotes % 2 == 0:
            return head.text[: end + 1]
        before = head.text.rfind(newline, 0, end)
        if before < 0:
            break
        quotes -= head.text.count('"', before, end)
        end = before
    return head.text[: last + 1]


def _gunzip(reading: Reading, limit: int) -> tuple[bytes, bool]:
    """The first `limit` bytes of gzip data of any number of members, and whether that is all."""
    blocks: list[bytes] = []
    room, position, pending = limit, 0, b""
    member = zlib.decompressobj(_GZIP_WINDOW)
    try:
        while room > 0:
            if not pending and position < reading.size:
                pending = reading.read_at(position, min(_COMPRESSED_BLOCK, reading.size - position))
                position += len(pending)
            if member.eof:
                # Writers pad with zeros behind the last member; gzip itself ignores them.
                pending = pending.lstrip(b"\0")
                if pending:
                    member = zlib.decompressobj(_GZIP_WINDOW)
                elif position >= reading.size:
                    return b"".join(blocks), True
                continue
            block = member.decompress(pending, room)
            if not block and not pending and not member.eof:
                raise InvalidContent(f"{reading.file_name} is cut off: its gzip data ends in the middle.", hint="Upload the file again.")
            pending = member.unused_data if member.eof else member.unconsumed_tail
            blocks.append(block)
            room -= len(block)
    except zlib.error as error:
        raise InvalidContent(f"{reading.file_name} is damaged: its gzip data cannot be decompressed ({error}).") from error
    return b"".join(blocks), member.eof and position >= reading.size and not pending.strip(b"\0")


def _decode(data: bytes, *, complete: bool) -> str | None:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return codecs.getincrementaldecoder("utf-16")("replace").decode(data, complete)
    sample = data[:_BINARY_SAMPLE]
    # A stray NUL or bell is somebody's data; one byte in ten is not text.
    if len(sample) - len(sample.translate(None, _CONTROL_BYTES)) > max(2, len(sample) // 10):
        return None
    utf8 = codecs.getincrementaldecoder("utf-8-sig")
    try:
        return utf8("strict").decode(data, complete)
    except UnicodeDecodeError:
        text = utf8("replace").decode(data, complete)
    # One damaged character in a UTF-8 file must not turn all its others into gibberish.
    broken = text.count("\ufffd")
    proper = len(text) - len(text.encode("ascii", "ignore")) - broken
    return text if proper > broken else _decode_western(data)


def _decode_western(data: bytes) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")
