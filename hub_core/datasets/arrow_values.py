"""Arrow's types and values, in the words and cells of previews."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from hub_core.datasets.cells import Branch, Leaf
from hub_core.errors import InvalidContent, TooLarge, Unsupported

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_SECONDS = 86_400
_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}
_NAMES = {
    "halffloat": "float16", "float": "float32", "double": "float64", "large_string": "string", "string_view": "string",
    "large_binary": "binary", "binary_view": "binary", "date32[day]": "date", "date64[ms]": "date",
}  # fmt: skip
_TYPE_DEPTH = 8
_TYPE_FIELDS = 20
_REASON_CHARS = 300


@contextmanager
def arrow_errors(file_name: str, format_name: str) -> Iterator[None]:
    """Arrow's errors inside become the hub's: `Unsupported`, `TooLarge` for memory, else `InvalidContent` with Arrow's reason.

    Damaged files surface as several of Python's own classes too: wrong text encodings, offsets out of range, values no datetime holds.
    """
    try:
        yield
    except (pa.ArrowNotImplementedError, NotImplementedError) as error:
        raise Unsupported(f"{file_name} uses a part of {format_name} that cannot be read here: {_reason(error)}") from error
    except MemoryError as error:
        raise TooLarge(f"{file_name} needs more memory than a preview may take: {_reason(error)}") from error
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError, ArithmeticError) as error:
        raise InvalidContent(f"{file_name} is damaged: it cannot be read as {format_name}: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0][:_REASON_CHARS]


def image_columns(schema: pa.Schema) -> set[str]:
    """Columns that the file's Hugging Face metadata declares to be images."""
    try:
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        return {name for name, feature in features.items() if feature["_type"] == "Image"}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return set()  # anybody may write anything there


def type_name(kind: pa.DataType, depth: int = 0) -> str:
    """The type as people write it: `int64`, `list<struct<a: int64>>`, `timestamp[us]`. Deep and wide types end in an ellipsis."""
    if depth > _TYPE_DEPTH:
        return "…"
    if isinstance(kind, pa.BaseExtensionType):
        return type_name(kind.storage_type, depth)
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return type_name(kind.value_type, depth)
    if pa.types.is_map(kind):
        return f"map<{type_name(kind.key_type, depth + 1)}, {type_name(kind.item_type, depth + 1)}>"
    if _is_list(kind):
        return f"list<{type_name(kind.value_type, depth + 1)}>"
    if pa.types.is_struct(kind):
        return f"struct<{_field_names(kind, depth)}>"
    if pa.types.is_union(kind):
        return f"union<{_field_names(kind, depth)}>"
    if pa.types.is_fixed_size_binary(kind):
        return "binary"
    name = str(kind)
    return _NAMES.get(name, name)


def _field_names(kind: pa.DataType, depth: int) -> str:
    shown = min(kind.num_fields, _TYPE_FIELDS)
    fields = [f"{kind.field(index).name}: {type_name(kind.field(index).type, depth + 1)}" for index in range(shown)]
    return ", ".join([*fields, "…"] if shown < kind.num_fields else fields)


def _is_list(kind: pa.DataType) -> bool:
    tests = (
        pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list, pa.types.is_list_view, pa.types.is_large_list_view,
    )  # fmt: skip
    return any(test(kind) for test in tests)


def unfold_arrow(value: object) -> Leaf | Branch:
    """`Unfold` for Arrow scalars. Children of lists and structs are taken out only when they are shown."""
    if not isinstance(value, pa.Scalar):
        raise TypeError(f"not an Arrow scalar: {type(value).__name__}")
    if not value.is_valid:
        return None
    if isinstance(value, (pa.ExtensionScalar, pa.DictionaryScalar, pa.UnionScalar, pa.RunEndEncodedScalar)):
        return unfold_arrow(value.value)
    if isinstance(value, pa.StructScalar):
        keys = tuple(value.type.field(index).name for index in range(value.type.num_fields))
        return Branch(len(keys), value.__getitem__, keys)
    if isinstance(value, pa.ListScalar):
        items = value.values
        return Branch(len(items), items.__getitem__)
    if isinstance(value, pa.BinaryScalar):
        content = memoryview(value.as_buffer())
        return str(content, "utf-8", "replace") if isinstance(value, pa.StringScalar) else content
    return _plain(value)


def _plain(value: pa.Scalar) -> Leaf:
    kind = value.type
    if pa.types.is_timestamp(kind):
        return _moment(value.value, kind.unit, "Z" if kind.tz else "")
    if pa.types.is_date32(kind):
        return _moment(value.value * _DAY_SECONDS, "s").removesuffix("T00:00:00")
    if pa.types.is_date64(kind):
        return _moment(value.value, "ms").removesuffix("T00:00:00")
    if pa.types.is_time(kind):
        return _moment(value.value, kind.unit).removeprefix("1970-01-01T")
    if pa.types.is_duration(kind):
        return f"{value.value} {kind.unit}"
    if pa.types.is_interval(kind):
        months, days, nanoseconds = value.as_py()
        return f"{months} months {days} days {nanoseconds} ns"
    if pa.types.is_decimal(kind):
        return str(value.as_py())
    if pa.types.is_float16(kind) or pa.types.is_float32(kind):
        # Widened to 64 bits, 0.1 would show as 0.10000000149011612.
        return float(str(kind.to_pandas_dtype()(value.as_py())))
    plain = value.as_py()
    return plain if plain is None or isinstance(plain, (bool, int, float)) else str(plain)


def _moment(value: int, unit: str, zone: str = "") -> str:
    """ISO 8601 of a count of `unit` since 1970, and `zone` behind it; datetime has no nanoseconds, and no years beyond 9999."""
    seconds, rest = divmod(value, 10 ** _DIGITS[unit])
    try:
        moment = (_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None)
    except OverflowError:
        return f"{value} {unit} since 1970"
    fraction = f".{rest:0{_DIGITS[unit]}d}".rstrip("0") if rest else ""
    return f"{moment.isoformat(timespec='seconds')}{fraction}{zone}"
