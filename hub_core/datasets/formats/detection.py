"""Which format a file has: by its first bytes, then by its name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from hub_core.datasets.reading import Reading
from hub_core.errors import HubError, InvalidContent, Unsupported
from hub_core.git.pointers import parse_pointer

_HEAD_BYTES = 1024
_SHOWN_CHARS = 24
_GZIP = b"\x1f\x8b"
_POINTER = b"version https://git-lfs.github.com/spec/v1"
READABLE = "parquet, csv, tsv, json, jsonl, arrow and feather files, the text formats also as .gz"
"""The formats with a preview, for people."""


class DataFormat(StrEnum):
    """A format that can be read."""

    PARQUET = "parquet"
    ARROW_FILE = "arrow"
    ARROW_STREAM = "arrow-stream"
    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    JSONL = "jsonl"


SUFFIXES = {
    ".parquet": DataFormat.PARQUET,
    ".arrow": DataFormat.ARROW_FILE, ".feather": DataFormat.ARROW_FILE, ".ipc": DataFormat.ARROW_FILE, ".arrows": DataFormat.ARROW_STREAM,
    ".csv": DataFormat.CSV, ".tsv": DataFormat.TSV, ".tab": DataFormat.TSV,
    ".json": DataFormat.JSON, ".jsonl": DataFormat.JSONL, ".ndjson": DataFormat.JSONL,
}  # fmt: skip
TEXT_FORMATS = frozenset({DataFormat.CSV, DataFormat.TSV, DataFormat.JSON, DataFormat.JSONL})
_MAGIC = ((b"PAR1", DataFormat.PARQUET), (b"ARROW1\0\0", DataFormat.ARROW_FILE), (b"\xff\xff\xff\xff", DataFormat.ARROW_STREAM))
_FOREIGN = (
    (b"\x89PNG", "a PNG image"), (b"\xff\xd8\xff", "a JPEG image"), (b"GIF8", "a GIF image"), (b"RIFF", "a RIFF file (WebP, WAV or AVI)"),
    (b"%PDF", "a PDF document"), (b"PK\x03\x04", "a ZIP archive (so are xlsx and npz)"), (b"SQLite format 3", "a SQLite database"),
    (b"\x89HDF", "an HDF5 file"), (b"\x93NUMPY", "a NumPy array"), (b"Obj\x01", "an Avro file"), (b"ORC", "an ORC file"),
    (b"\x28\xb5\x2f\xfd", "Zstandard data"), (b"BZh", "bzip2 data"), (b"\xfd7zXZ", "xz data"), (b"7z\xbc\xaf", "a 7z archive"),
    (b"FEA1", "a Feather file of version 1, which is retired"), (b"PARE", "a parquet file whose footer is encrypted"),
    (b"\x80\x04\x95", "a Python pickle"), (b"\x7fELF", "a program"), (_GZIP, "gzip data"),
)  # fmt: skip
_FOREIGN_TO_READ = (b"FEA1", b"PARE")


@dataclass(frozen=True, slots=True)
class Detected:
    """A file's format; `gzipped` where its text has to be decompressed first."""

    format: DataFormat
    gzipped: bool = False

    @property
    def name(self) -> str:
        """The format's name for people and programs: `csv`, `csv.gz`."""
        return f"{self.format}.gz" if self.gzipped else str(self.format)


def named_format(path: str) -> Detected | None:
    """The format that a path's ending promises; None for endings that have no preview."""
    suffixes = [suffix.lower() for suffix in PurePosixPath(path).suffixes]
    gzipped = suffixes[-1:] == [".gz"]
    promised = SUFFIXES.get("".join(suffixes[-2:-1] if gzipped else suffixes[-1:]))
    return None if promised is None or (gzipped and promised not in TEXT_FORMATS) else Detected(promised, gzipped)


def detect(reading: Reading) -> Detected:
    """The format of a file.

    Raises `InvalidContent` when the bytes are not what the name promises, when there are none, or when they are an LFS pointer that
    stands in for a missing object; `Unsupported` when there is no preview of such files.
    """
    if reading.size == 0:
        raise InvalidContent(f"{reading.file_name} is empty: it has no bytes.")
    head = reading.read_at(0, min(reading.size, _HEAD_BYTES))
    if head.startswith(_POINTER):
        raise _missing_object(reading, head)
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return Detected(found)
    promised = named_format(reading.file_name)
    if promised is None or head.startswith(_FOREIGN_TO_READ):
        raise _unsupported(reading, head)
    gzipped = head.startswith(_GZIP)
    if promised.format not in TEXT_FORMATS or (promised.gzipped and not gzipped) or (_foreign(head) and not gzipped):
        raise InvalidContent(
            f"{reading.file_name} is not a {promised.name} file: it starts with {describe(head)}.", hint="Upload the file again."
        )
    if _is_page(head):
        raise InvalidContent(f"{reading.file_name} is a web page, not {promised.name}.", hint="Download the data itself and upload that.")
    return Detected(promised.format, gzipped)


def describe(head: bytes) -> str:
    """The start of a file in words: the kind of file it is of, or its text, or its bytes in hex."""
    foreign = _foreign(head)
    if foreign:
        return f"the bytes of {foreign}"
    shown = head[:_SHOWN_CHARS]
    try:
        text = shown.decode()
    except UnicodeDecodeError:
        text = ""
    return repr(text) if "".join(text.split()).isprintable() and text else f"the bytes {shown[:8].hex(' ')}"


def _foreign(head: bytes) -> str | None:
    if head[257:262] == b"ustar":
        return "a tar archive"
    return next((name for magic, name in _FOREIGN if head.startswith(magic)), None)


def _is_page(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith((b"<!doctype html", b"<html"))


def _missing_object(reading: Reading, head: bytes) -> InvalidContent:
    pointer = parse_pointer(head) if len(head) == reading.size else None
    named = f" (sha256 {pointer.oid}, {pointer.size} bytes)" if pointer else ""
    return InvalidContent(
        f"{reading.file_name} holds an LFS pointer instead of data: the object it stands for{named} is missing.",
        hint="Push the large files of the repository with `git lfs push --all`, or upload the file again.",
    )


def _unsupported(reading: Reading, head: bytes) -> HubError:
    foreign = _foreign(head)
    what = f"{reading.file_name} is {foreign}" if foreign else f"{reading.file_name} is of a format"
    return Unsupported(
        f"{what} that has no preview as a table." if not foreign else f"{what}; it has no preview as a table.",
        hint=f"Rows are shown of {READABLE}.",
    )
