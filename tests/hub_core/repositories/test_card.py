"""Cards: front matter in, labels out, whatever people write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core.errors import InvalidContent
from hub_core.repositories.card import Card, parse_card, starter_card


def test_a_card_says_license_tags_languages_and_tasks():
    card = parse_card(
        "---\nlicense: apache-2.0\ntags:\n- flowers\n- 2024\nlanguage: [en, no]\npipeline_tag: text-generation\n"
        "task_categories:\n- tabular-classification\n---\n# Iris\n"
    )
    assert card == Card(
        license="apache-2.0", tags=["flowers", "2024"], languages=["en", "no"], tasks=["text-generation", "tabular-classification"]
    )


@pytest.mark.parametrize("text", ["", "# Iris", "---\n---\n", "--- not front matter", "---\nlicense: mit\n"])
def test_without_front_matter_a_card_is_empty(text):
    assert parse_card(text) == Card()


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm():
    assert parse_card("\ufeff---\r\nlicense: mit\r\n---\r\ntext").license == "mit"


@pytest.mark.parametrize(
    ("front", "reason"),
    [
        ("license: [mit", "line"),
        ("a: b: c", "line 2"),
        ("- a\n- b", "key: value"),
        ("a: &a [1]\nb: *a", "aliases"),
        ("a: !!python/object/apply:os.system ['true']", "YAML"),
    ],
)
def test_a_broken_card_says_what_is_wrong_and_where(front, reason):
    with pytest.raises(InvalidContent, match=reason):
        parse_card(f"---\n{front}\n---\n")


@given(st.text(max_size=300))
def test_any_front_matter_is_a_card_or_a_clear_error(front):
    try:
        card = parse_card(f"---\n{front}\n---\n")
    except InvalidContent:
        return
    assert all(len(text) <= 128 for text in [*card.tags, *card.languages, *card.tasks])


def test_the_starter_card_declares_its_license():
    assert parse_card(starter_card("iris", "cc-by-4.0: odd", "Flowers.")).license == "cc-by-4.0: odd"
