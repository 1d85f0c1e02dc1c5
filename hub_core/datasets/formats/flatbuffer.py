"""As much of FlatBuffers as it takes to look into Arrow's messages before they are decoded."""

from __future__ import annotations

import struct


class Table:
    """A table of a flatbuffer. Fields are named by their position in the schema; absent ones are 0 or None.

    Every access outside of the buffer raises `struct.error`, so damaged data is found and never followed.
    """

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position
        self._fields = position - self._int("<i", position)
        self._fields_size = self._int("<H", self._fields)

    @classmethod
    def root(cls, data: bytes) -> Table:
        """The table a buffer starts with."""
        if len(data) < 4:
            raise struct.error("a flatbuffer has at least four bytes")
        return cls(data, int.from_bytes(data[:4], "little"))

    def unsigned8(self, field: int) -> int:
        """A field of type ubyte, or a union's type."""
        where = self._where(field)
        return self._int("<B", where) if where else 0

    def signed64(self, field: int) -> int:
        """A field of type long."""
        where = self._where(field)
        return self._int("<q", where) if where else 0

    def table(self, field: int) -> Table | None:
        """A field that is a table, or a union of tables."""
        where = self._where(field)
        return Table(self._data, where + self._int("<I", where)) if where else None

    def pairs(self, field: int) -> tuple[tuple[int, int], ...]:
        """A field that is a vector of structs of two longs each."""
        where = self._where(field)
        if not where:
            return ()
        start = where + self._int("<I", where)
        count = self._int("<I", start)
        if start + 4 + 16 * count > len(self._data):
            raise struct.error("a vector reaches behind its buffer")
        return tuple(struct.iter_unpack("<qq", self._data[start + 4 : start + 4 + 16 * count]))

    def _where(self, field: int) -> int:
        """Position of a field's value; 0 when it is absent."""
        slot = 4 + 2 * field
        offset = self._int("<H", self._fields + slot) if slot + 2 <= self._fields_size else 0
        return self._position + offset if offset else 0

    def _int(self, form: str, position: int) -> int:
        if position < 0:
            raise struct.error("a position before the buffer")
        value: int = struct.unpack_from(form, self._data, position)[0]
        return value
