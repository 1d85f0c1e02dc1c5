"""The phrases that the shipped model learns from name tools and arguments as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tools
from tools.catalog import TOOL_BY_NAME
from tools.schema import function_schema, parse_arguments

FOLDER = Path(tools.__file__).parent / "examples"
FILES = sorted(FOLDER.glob("*/*.txt"))
OUTCOMES = {"chat", "refuse", "none", "repeat", "search_documentation"}
NUMBERS = {"limit", "rows", "expires_in_days"}


def lines(file: Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            yield number, line.strip()


def labels(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(";") if part.strip()]
    return {name.strip(): value.strip() for name, _, value in pairs}


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_phrases_fit_the_tool(file: Path) -> None:
    if file.stem in OUTCOMES:
        assert all("||" not in line for _, line in lines(file)) or file.stem == "repeat"
        return
    tool = TOOL_BY_NAME[file.stem]
    parameters = function_schema(tool)["function"]["parameters"]
    properties = parameters["properties"]
    for number, line in lines(file):
        utterance, _, said = line.partition("||")
        slots = {name for name in re.findall(r"\{(\w+)\}", utterance) if name in properties}
        given: dict[str, Any] = {name: example(name, properties) for name in slots} | labels(said)
        for name in parameters["required"]:
            given.setdefault(name, example(name, properties))
        if tool.name == "update_repository" and not {"visibility", "description"} & given.keys():
            given["visibility"] = "private"
        assert set(re.findall(r"\{(\w+)\}", utterance)) <= set(properties), f"{file.name}:{number}"
        parse_arguments(tool, given)


def example(name: str, properties: dict[str, Any]) -> str:
    return next(iter(properties[name].get("enum", ["3" if name in NUMBERS else "iris"])))


def test_every_tool_has_phrases() -> None:
    english = {file.stem for file in FILES if file.parent.name == "en"}
    assert set(TOOL_BY_NAME) <= english
