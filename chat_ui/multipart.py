"""A multipart form with one file in it, written down while it arrives."""

from __future__ import annotations

from typing import BinaryIO

from python_multipart.multipart import MultipartParser, parse_options_header

from hub_core.errors import InvalidContent, TooLarge
from hub_core.units import human_size


class OneFile:
    """Writes the part called `file` of a multipart form to `file` while the form arrives."""

    def __init__(self, content_type: str, file: BinaryIO, limit: int) -> None:
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if not boundary:
            raise InvalidContent("The upload is no form.", hint="Nothing was stored.")
        self.size = 0
        self._limit = limit
        self._file = file
        self._name: str | None = None
        self._header = (bytearray(), bytearray())
        self._inside = self._ended = False
        self._parser = MultipartParser(boundary, {
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._header_ended,
            "on_part_data": self._part_data,
            "on_part_end": self._part_ended,
            "on_end": self._form_ended,
        })

    def feed(self, chunk: bytes) -> None:
        self._parser.write(chunk)

    def finish(self) -> str:
        """The file's name; raises `InvalidContent` when the form had no file or was cut off."""
        if self._name is None or not self._ended:
            raise InvalidContent("The upload was cut off.", hint="Nothing was stored. Attach the file again.")
        return self._name

    def _header_ended(self) -> None:
        field, value = (bytes(part) for part in self._header)
        self._header = (bytearray(), bytearray())
        if field.lower() == b"content-disposition":
            _, options = parse_options_header(value)
            if options.get(b"name") == b"file" and b"filename" in options and self._name is None:
                self._name = options[b"filename"].decode(errors="replace")
                self._inside = True

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if not self._inside:
            return
        self.size += end - start
        if self.size > self._limit:
            raise too_large(self._limit)
        self._file.write(data[start:end])

    def _part_ended(self) -> None:
        self._inside = False

    def _form_ended(self) -> None:
        self._ended = True


def too_large(limit: int) -> TooLarge:
    """The error for a file of more than `limit` bytes."""
    return TooLarge(f"This hub takes files of up to {human_size(limit)}.", hint="Nothing was stored.")
