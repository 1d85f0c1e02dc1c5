"""What a preview shows of a value: JSON-safe, and bounded however large the value is."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from hub_core.datasets.reading import PreviewLimits

_SAFE_INTEGER = 2**53
_HEAD_BYTES = 16
_NESTED_CHARS = 200
_SURROGATE = re.compile("[\ud800-\udfff]")
_IMAGE_FIELDS = {"bytes", "path"}


@dataclass(frozen=True, slots=True)
class TextCell:
    """A text that was cut; `length` is its full length in characters."""

    text: str
    length: int
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class BinaryCell:
    """Bytes: their number, and the first sixteen in hex."""

    size: int
    head: str
    kind: Literal["binary"] = "binary"


@dataclass(frozen=True, slots=True)
class ImageCell:
    """An image, told by its first bytes; `data` is the whole file in base64 when it is small, else None."""

    mime: Literal["image/png", "image/jpeg", "image/gif", "image/webp"]
    size: int
    data: str | None
    kind: Literal["image"] = "image"


@dataclass(frozen=True, slots=True)
class NestedCell:
    """A list or a struct as plain JSON; `cut` says that items, levels or texts were left out where an ellipsis stands."""

    value: JsonValue
    cut: bool
    kind: Literal["nested"] = "nested"


Cell = None | bool | int | float | str | TextCell | BinaryCell | ImageCell | NestedCell
"""One value. Not-a-number, infinities, decimals and integers beyond 2^53 are strings, because JSON readers would bend them; so are
times, in ISO 8601. An object is always one of the four classes here, told apart by `kind`: a struct of the file never poses as one."""

Leaf = None | bool | int | float | str | memoryview


@dataclass(frozen=True, slots=True)
class Branch:
    """A list, or a struct when it has `keys`, whose children are taken out one by one."""

    size: int
    child: Callable[[int], object]
    keys: tuple[str, ...] | None = None


Unfold = Callable[[object], Leaf | Branch]
"""Turns a value of a reader's library into a leaf, or into a branch whose children can be unfolded in turn."""


class CellMaker:
    """Makes the cells of one preview, which share its budget for images."""

    def __init__(self, unfold: Unfold, limits: PreviewLimits) -> None:
        self._unfold = unfold
        self._limits = limits
        self._images_room = limits.images_bytes

    def cell(self, value: object) -> Cell:
        """The cell that shows `value`."""
        opened = self._unfold(value)
        if isinstance(opened, Branch):
            return self._image_of(opened) or _Nesting(self._unfold, self._limits).cell(opened)
        if isinstance(opened, memoryview):
            return self._image(opened) or _binary(opened)
        if isinstance(opened, str):
            return _text(opened, self._limits.cell_chars)
        return number(opened)

    def _image_of(self, struct: Branch) -> ImageCell | None:
        """An image in the way of Hugging Face datasets: a struct of `bytes` and `path`."""
        if struct.keys is None or struct.size != len(_IMAGE_FIELDS) or set(struct.keys) != _IMAGE_FIELDS:
            return None
        content = self._unfold(struct.child(struct.keys.index("bytes")))
        return self._image(content) if isinstance(content, memoryview) else None

    def _image(self, content: memoryview) -> ImageCell | None:
        mime = image_type(content[:_HEAD_BYTES].tobytes())
        if mime is None:
            return None
        data = None
        if content.nbytes <= min(self._limits.image_bytes, self._images_room):
            self._images_room -= content.nbytes
            data = base64.b64encode(content).decode()
        return ImageCell(mime, content.nbytes, data)


def unfold_plain(value: object) -> Leaf | Branch:
    """`Unfold` for values of Python's json module."""
    if isinstance(value, dict):
        children = list(value.values())
        return Branch(len(children), children.__getitem__, tuple(value))
    if isinstance(value, list):
        return Branch(len(value), value.__getitem__)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"json has no {type(value).__name__}")


def number(value: bool | float | None) -> bool | int | float | str | None:
    """The value itself where every JSON reader keeps it, else its digits."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, int) and abs(value) > _SAFE_INTEGER:
        return str(value)
    return value


def clean_text(text: str) -> str:
    r"""The text as valid Unicode: JSON may spell half of a surrogate pair (`"\ud800"`), which no UTF-8 encoder accepts."""
    return _SURROGATE.sub("\ufffd", text)


def image_type(head: bytes) -> Literal["image/png", "image/jpeg", "image/gif", "image/webp"] | None:
    """The image format that a file starting with `head` (16 bytes) has."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "image/webp" if head.startswith(b"RIFF") and head[8:12] == b"WEBP" else None


def _text(text: str, limit: int) -> str | TextCell:
    return clean_text(text) if len(text) <= limit else TextCell(clean_text(text[:limit]), len(text))


def _binary(content: memoryview) -> BinaryCell:
    return BinaryCell(content.nbytes, content[:_HEAD_BYTES].hex())


class _Nesting:
    """Writes one branch as JSON, within the limits of a single cell."""

    def __init__(self, unfold: Unfold, limits: PreviewLimits) -> None:
        self._unfold = unfold
        self._limits = limits
        self._chars = min(_NESTED_CHARS, limits.cell_chars)
        self._room = limits.nested_values
        self._cut = False

    def cell(self, branch: Branch) -> NestedCell:
        value = self._branch(branch, 1)
        return NestedCell(value, self._cut)

    def _value(self, value: object, depth: int) -> JsonValue:
        self._room -= 1
        opened = self._unfold(value)
        if isinstance(opened, Branch):
            return self._branch(opened, depth + 1)
        if isinstance(opened, memoryview):
            return f"{opened.nbytes} bytes"
        return self._short(opened) if isinstance(opened, str) else number(opened)

    def _branch(self, branch: Branch, depth: int) -> JsonValue:
        if depth > self._limits.nested_depth and branch.size:
            self._cut = True
            return f"… {branch.size} {'items' if branch.keys is None else 'fields'}"
        shown = min(branch.size, self._limits.nested_items, max(self._room, 0))
        more = branch.size - shown
        self._cut = self._cut or more > 0
        values = [self._value(branch.child(index), depth) for index in range(shown)]
        if branch.keys is None:
            return [*values, f"… {more} more"] if more else values
        fields = dict(zip(map(self._short, branch.keys), values, strict=False))
        return {**fields, "…": f"{more} more"} if more else fields

    def _short(self, text: str) -> str:
        if len(text) <= self._chars:
            return clean_text(text)
        self._cut = True
        return f"{clean_text(text[: self._chars])}… ({len(text)} characters)"
