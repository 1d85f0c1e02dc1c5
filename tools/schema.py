"""The function schemas that models see, and arguments checked against the inputs they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from hub_core.errors import InvalidInput
from tools.catalog import TOOLS, Tool

Json = dict[str, Any]

# Lengths are checked when a call is made. Told to a model they help nobody, and a grammar made of them has a rule for every character.
_UNTOLD = frozenset({"title", "minLength", "maxLength"})


def function_schema(tool: Tool) -> Json:
    """The tool in the form of OpenAI's chat completions: no references, no `null` alternatives, no titles."""
    schema = tool.input.model_json_schema()
    definitions = schema.get("$defs", {})
    properties = {
        name: _plain(value, definitions) for name, value in schema.get("properties", {}).items() if name not in tool.hidden
    }
    parameters = {
        "type": "object",
        "properties": properties,
        "required": [name for name in schema.get("required", ()) if name in properties],
        "additionalProperties": False,
    }
    return {"type": "function", "function": {"name": tool.name, "description": tool.description, "parameters": parameters}}


@cache
def function_schemas() -> tuple[Json, ...]:
    """All tools, in the order of the catalogue. Not to be changed by callers."""
    return tuple(function_schema(tool) for tool in TOOLS)


def parse_arguments(tool: Tool, arguments: Mapping[str, Any]) -> BaseModel:
    """The request that a call's arguments make; nulls count as left out. Raises `InvalidInput`, in words a person and a model understand."""
    given = {name: value for name, value in arguments.items() if value is not None}
    known = [name for name in tool.input.model_fields if name not in tool.hidden]
    unknown = [name for name in given if name not in known]
    if unknown:
        has = f"It takes {', '.join(known)}." if known else "It takes no arguments."
        raise InvalidInput(f"{tool.name} has no argument {', '.join(map(ascii, unknown))}.", hint=has)
    try:
        return tool.input.model_validate(given)
    except ValidationError as error:
        raise InvalidInput(f"{tool.name} cannot be called like this: {validation_words(error)}.", hint="Nothing was changed.") from error


def validation_words(error: ValidationError) -> str:
    """What is wrong with an input, without the vocabulary of the validator: `limit: Input should be less than or equal to 100`."""
    words = []
    for found in error.errors(include_url=False, include_context=False, include_input=False):
        place = ".".join(map(str, found["loc"]))
        message = "is missing" if found["type"] == "missing" else found["msg"].removeprefix("Value error, ")
        words.append(f"{place}: {message}" if place else message)
    return "; ".join(words)


def _plain(schema: Json, definitions: Json) -> Json:
    """One property's schema with references followed, null alternatives and titles dropped."""
    if reference := schema.get("$ref"):
        referred = definitions[reference.rpartition("/")[2]]
        # A description next to a reference says what the property is for; the referred one only what the type is.
        return _plain({**referred, **{key: value for key, value in schema.items() if key != "$ref"}}, definitions)
    if branches := schema.get("anyOf"):
        rest = {key: value for key, value in schema.items() if key != "anyOf"}
        useful = [branch for branch in branches if branch.get("type") != "null"]
        return _plain({**useful[0], **rest} if len(useful) == 1 else {**rest, "oneOf": useful}, definitions)
    if schema.get("default", ...) is None:
        schema = {key: value for key, value in schema.items() if key != "default"}
    return {key: value for key, value in schema.items() if key not in _UNTOLD}
