"""Every result has a card, and every card a component that draws it."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

import chat_ui
from chat_ui.cards import card_drawing, tool_label
from tests.chat_ui.scripted import CARDS
from tools.card import Card, CardKind

ELEMENTS = Path(chat_ui.__file__).parent / "assets" / "elements"


@pytest.mark.parametrize("kind", [kind for kind in get_args(CardKind) if kind != "text"])
def test_each_kind_of_card_has_a_component(kind: str) -> None:
    drawing = card_drawing(Card(kind=kind, title="t", data={}, next_steps=["go on"]), undo="back")
    assert drawing is not None
    assert f"export default function {drawing.element}()" in (ELEMENTS / f"{drawing.element}.jsx").read_text()
    assert (drawing.props["kind"], drawing.props["undo"], drawing.props["next_steps"]) == (kind, "back", ["go on"])


def test_the_script_of_the_browser_tests_has_every_kind() -> None:
    assert set(CARDS) | {"text"} == set(get_args(CardKind))


def test_a_card_of_text_needs_no_component() -> None:
    assert card_drawing(Card(kind="text", title="t", data={})) is None


@pytest.mark.parametrize(
    ("tool", "arguments", "label"),
    [
        ("preview_dataset", {"repository": "alice/iris", "rows": 5}, "Preview dataset · alice/iris"),
        ("search_documentation", {"query": "x" * 200}, "Search documentation · " + "x" * 80),
        ("whoami", {}, "Whoami"),
    ],
)
def test_a_call_is_told_in_few_words(tool: str, arguments: dict, label: str) -> None:
    assert tool_label(tool, arguments) == label
