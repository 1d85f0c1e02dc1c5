from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_local.schema import Argument, coerce, missing_arguments, read_tool, well_formed

TOOL = read_tool(
    {
        "name": "sample",
        "parameters": {
            "$defs": {"Kind": {"enum": ["model", "dataset"], "type": "string"}},
            "properties": {
                "kind": {"$ref": "#/$defs/Kind"},
                "rows": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 100}, {"type": "null"}]},
                "name": {"type": "string", "maxLength": 8, "pattern": "^[a-z]+$"},
                "admin": {"type": "boolean"},
            },
            "required": ["kind"],
        },
    }
)


@pytest.mark.parametrize(
    ("argument", "value", "fitted"),
    [
        ("kind", "Dataset", "dataset"), ("kind", "space", None), ("rows", "5", 5), ("rows", 0, None), ("rows", 101, None), ("rows", "many", None),
        ("rows", True, None), ("name", "iris", "iris"), ("name", "Iris", None), ("name", "abcdefghi", None), ("admin", "true", True), ("admin", "maybe", None),
    ],
)
def test_values_are_made_to_fit_or_refused(argument: str, value: Any, fitted: Any) -> None:
    assert coerce(TOOL.arguments[argument], value) == fitted


def test_a_call_needs_its_required_arguments_and_no_others() -> None:
    assert missing_arguments(TOOL, {}) == ("kind",)
    assert well_formed(TOOL, {"kind": "model", "rows": 3})
    assert not well_formed(TOOL, {"rows": 3})
    assert not well_formed(TOOL, {"kind": "model", "color": "red"})
    assert not well_formed(TOOL, {"kind": "model", "rows": "3"})


json_values = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3), max_leaves=5)


@given(st.sampled_from(sorted(TOOL.arguments)), json_values)
def test_what_coerce_returns_is_well_formed(name: str, value: Any) -> None:
    fitted = coerce(TOOL.arguments[name], value)
    assert fitted is None or well_formed(TOOL, {"kind": "model"} | {name: fitted})


def test_a_schema_without_type_is_text() -> None:
    assert coerce(Argument("note", {}, required=False), 5) == "5"
