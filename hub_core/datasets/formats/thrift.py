"""As much of Thrift's compact protocol as it takes to look into parquet's metadata before Arrow acts on it."""

from __future__ import annotations

from collections.abc import Iterator

_DEPTH = 16
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, STRUCT = range(1, 13)
_INTEGERS = frozenset({_I16, _I32, _I64})
_LONG_LIST = 15
_VARINT_BITS = 63


class Compact:
    """Reads values one after the other; `IndexError` when the data ends too early or makes no sense.

    The types of fields are not checked against a schema: an integer is read from whatever bytes are there, and the caller judges it.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def fields(self) -> Iterator[tuple[int, int]]:
        """Number and type of each field of a struct; its value must be taken with one of the methods before the next."""
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self.integer()
            yield number, head & 15

    def integers(self, depth: int = 0) -> dict[tuple[int, ...], int]:
        """The integers of a struct and of the structs in it, by the path of their field numbers; all else is skipped."""
        if depth > _DEPTH:
            raise IndexError(depth)
        found: dict[tuple[int, ...], int] = {}
        for number, kind in self.fields():
            if kind in _INTEGERS:
                found[number,] = self.integer()
            elif kind == STRUCT:
                found.update({(number, *path): value for path, value in self.integers(depth + 1).items()})
            else:
                self.skip(kind, depth)
        return found

    def items(self) -> Iterator[int]:
        """The type of each item of a list; its value must be taken before the next."""
        head = self._byte()
        size = self._varint() if head >> 4 == _LONG_LIST else head >> 4
        for _ in range(size):
            yield head & 15

    def integer(self) -> int:
        """A signed integer of any width."""
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def skip(self, kind: int, depth: int = 0) -> None:
        """Pass over the value of a field of type `kind`."""
        if depth > _DEPTH:
            raise IndexError(depth)
        if kind in _INTEGERS:
            self._varint()
        elif kind == _BINARY:
            self._move(self._varint())
        elif kind == STRUCT:
            for _, inner in self.fields():
                self.skip(inner, depth + 1)
        elif kind in {_LIST, _SET}:
            for inner in self.items():
                # Booleans have no byte as fields and one as items.
                self.skip(_BYTE if inner in {_TRUE, _FALSE} else inner, depth + 1)
        elif kind == _BYTE:
            self._move(1)
        elif kind == _DOUBLE:
            self._move(8)
        elif kind not in {_TRUE, _FALSE}:
            raise IndexError(kind)  # parquet has no maps

    def _move(self, count: int) -> None:
        self.position += count
        if self.position > len(self._data):
            raise IndexError(self.position)

    def _byte(self) -> int:
        value = self._data[self.position]
        self.position += 1
        return value

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
            if shift > _VARINT_BITS:
                raise IndexError(shift)
        return value | byte << shift
