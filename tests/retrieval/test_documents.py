from __future__ import annotations

from retrieval.documents import LONGEST, split_page

PAGE = """# Tokens

What a token is.

## Use it

Send it.

```sh
# not a heading
curl
```

### In CI

Carefully.

## Use it

Again.
"""


def test_a_page_is_cut_at_its_headings() -> None:
    sections = split_page(PAGE, "docs/tokens.md")

    assert [(section.title, section.source) for section in sections] == [
        ("Tokens", "docs/tokens.md"),
        ("Tokens › Use it", "docs/tokens.md#use-it"),
        ("Tokens › Use it › In CI", "docs/tokens.md#in-ci"),
        ("Tokens › Use it", "docs/tokens.md#use-it-1"),
    ]
    assert sections[1].text == "Send it.\n\n```sh\n# not a heading\ncurl\n```"


def test_headings_without_text_make_no_section() -> None:
    assert [section.source for section in split_page("# A\n\n## B\n\n## C\n\ntext\n", "a.md")] == ["a.md#c"]


def test_text_before_any_heading_belongs_to_the_page() -> None:
    (section,) = split_page("Just text.\n", "docs/a.md")

    assert (section.title, section.source, section.text) == ("docs/a.md", "docs/a.md", "Just text.")


def test_long_sections_are_cut_between_blocks() -> None:
    blocks = [f"{number} " + "word " * 120 for number in range(6)]
    table = "| a | b |\n|---|---|\n" + "| some | words |\n" * 200
    sections = split_page("# Long\n\n" + "\n\n".join([*blocks, table]) + "\n", "a.md")

    assert len(sections) > 2
    assert all(len(section.text) <= LONGEST for section in sections[:-1])
    assert sections[-1].text == table.strip(), "a table stays whole"
    assert "\n\n".join(section.text for section in sections).split() == " ".join([*blocks, table]).split()


def test_plain_text_has_no_marks() -> None:
    (section,) = split_page("See [tokens](a.md#b) and `git push`.\n\n| A | B |\n|---|---|\n| `x` | y |\n", "a.md")

    assert section.plain.split() == ["See", "tokens", "and", "git", "push", ".", "A", "B", "x", "y"]
