"""Tool schemas: what a call may look like, and the check that it does.

A tool is described as OpenAI-style function schema: `{"name", "description", "parameters": JSON schema}`, bare or inside
`{"type": "function", "function": ...}`. Only calls that satisfy the tool's own schema leave this package.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a tool: its name and its JSON schema with references and `null` alternatives resolved."""

    name: str
    schema: Json
    required: bool

    @property
    def kind(self) -> str:
        """`string`, `integer`, `number`, `boolean`, `array` or `object`; `string` when the schema does not say."""
        kind = self.schema.get("type", "string")
        return kind if isinstance(kind, str) else next((name for name in kind if name != "null"), "string")

    @property
    def choices(self) -> tuple[Any, ...]:
        """The values an enumeration allows, or nothing."""
        if "const" in self.schema:
            return (self.schema["const"],)
        return tuple(self.schema.get("enum", ()))


@dataclass(frozen=True, slots=True)
class Tool:
    """A callable tool as the planner sees it."""

    name: str
    description: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)

    @property
    def required(self) -> tuple[str, ...]:
        """The names of the arguments a call must have."""
        return tuple(argument.name for argument in self.arguments.values() if argument.required)


def read_tool(function: Mapping[str, Any]) -> Tool:
    """Read one function schema; raises ValueError when it has no name."""
    inner = function.get("function", function)
    name = inner.get("name")
    if not isinstance(name, str) or not name:
        raise ValueError("A tool schema needs a name.")
    parameters = inner.get("parameters") or {}
    required = set(parameters.get("required", ()))
    definitions = parameters.get("$defs", {})
    arguments = {
        key: Argument(key, _resolve(value, definitions), key in required)
        for key, value in parameters.get("properties", {}).items()
    }
    return Tool(name, str(inner.get("description", "")), arguments)


def read_tools(functions: Sequence[Mapping[str, Any]]) -> dict[str, Tool]:
    """Read a list of function schemas, by name."""
    return {tool.name: tool for tool in map(read_tool, functions)}


def _resolve(schema: Any, definitions: Mapping[str, Any]) -> Json:
    if not isinstance(schema, dict):
        return {}
    if reference := schema.get("$ref"):
        target = definitions.get(str(reference).rsplit("/", 1)[-1], {})
        return _resolve({**target, **{key: value for key, value in schema.items() if key != "$ref"}}, definitions)
    for combiner in ("anyOf", "oneOf", "allOf"):
        branches = [_resolve(branch, definitions) for branch in schema.get(combiner, ())]
        useful = [branch for branch in branches if branch.get("type") != "null"]
        if useful:
            rest = {key: value for key, value in schema.items() if key != combiner}
            return _resolve({**rest, **useful[0]}, definitions)
    return schema


def coerce(argument: Argument, value: Any) -> Any | None:
    """The value as the argument's schema wants it, or None when it cannot be made to fit."""
    if argument.choices:
        folded = {str(choice).lower(): choice for choice in argument.choices}
        return folded.get(str(value).lower())
    converted = _convert(argument.kind, value)
    return converted if converted is not None and _within_limits(argument.schema, converted) else None


def _convert(kind: str, value: Any) -> Any | None:
    if kind == "boolean":
        return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value).lower())
    if kind in ("integer", "number"):
        if isinstance(value, bool):
            return None
        try:
            return int(value) if kind == "integer" else float(value)
        except (TypeError, ValueError, OverflowError):
            return None
    if kind == "array":
        return value if isinstance(value, list) else [value]
    if kind == "object":
        return value if isinstance(value, dict) else None
    return value if isinstance(value, str) else str(value)


def _within_limits(schema: Json, value: Any) -> bool:
    if isinstance(value, str):
        pattern = schema.get("pattern")
        return (
            bool(value)
            and len(value) >= schema.get("minLength", 0)
            and len(value) <= schema.get("maxLength", len(value))
            and (pattern is None or re.search(pattern, value) is not None)
        )
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = schema.get("minimum", value), schema.get("maximum", value)
        above = schema.get("exclusiveMinimum")
        below = schema.get("exclusiveMaximum")
        return bool(low <= value <= high and (above is None or value > above) and (below is None or value < below))
    if isinstance(value, list):
        items = Argument("", schema.get("items", {}), False)
        return all(coerce(items, item) == item for item in value)
    return True


def missing_arguments(tool: Tool, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """The required arguments that a call lacks, in the schema's order."""
    return tuple(name for name in tool.required if name not in arguments)


def well_formed(tool: Tool, arguments: Mapping[str, Any]) -> bool:
    """Whether a call has only known arguments of the right type and nothing required is missing."""
    known = all(name in tool.arguments and coerce(tool.arguments[name], value) == value for name, value in arguments.items())
    return known and not missing_arguments(tool, arguments)
