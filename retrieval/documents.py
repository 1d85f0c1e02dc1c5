"""The documentation, cut into sections: one per heading, so that each answers one question."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

DOCUMENTATION = Path(__file__).parents[1] / "docs"
"""The pages of the installed tree."""

LONGEST = 1500
"""Characters above which a section is cut further, between blocks."""

_MARKDOWN = MarkdownIt().enable("table")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_TABLE_RULE = re.compile(r"^\|[-|: ]+\|$", re.MULTILINE)
_MARKS = re.compile(r"[`*|>]|^#+ |^```\w*$", re.MULTILINE)
_SPACE = re.compile(r"[ \t]+")


@dataclass(frozen=True, slots=True)
class Section:
    """A piece of a page: `title` is the path of headings, `source` its address such as `docs/copilot.md#undo`, `text` Markdown."""

    title: str
    source: str
    text: str

    @property
    def plain(self) -> str:
        """The text without Markdown's marks, for models and word counts."""
        text = _LINK.sub(r"\1", self.text)
        return _SPACE.sub(" ", _MARKS.sub(" ", _TABLE_RULE.sub("", text))).strip()


def read_sections(folder: Path = DOCUMENTATION) -> list[Section]:
    """The sections of every page of `folder`, in order of file names. Blocking."""
    return [
        section
        for path in sorted(folder.glob("*.md"))
        for section in split_page(path.read_text(encoding="utf-8"), f"{folder.name}/{path.name}")
    ]


def split_page(markdown: str, source: str) -> list[Section]:
    """Cut a page at its headings. The part before the first heading below the title belongs to the page as a whole."""
    lines = markdown.splitlines()
    tokens = _MARKDOWN.parse(markdown)
    blocks = [token for token in tokens if token.level == 0 and token.map and token.nesting >= 0]
    sections: list[Section] = []
    path: list[str] = []
    anchors: dict[str, int] = {}
    address = source
    for heading, body in _by_heading(blocks):
        if heading is not None and heading.map:
            level = int(heading.tag[1:])
            name = lines[heading.map[0]].lstrip("# ").strip()
            path = [*path[: level - 1], name]
            anchor = unique_anchor(name, anchors)
            address = source if level == 1 else f"{source}#{anchor}"
        title = " › ".join(_LINK.sub(r"\1", part).replace("`", "") for part in path) or source
        sections += [Section(title, address, text) for text in _cut(lines, body)]
    return sections


def unique_anchor(heading: str, seen: dict[str, int]) -> str:
    """The fragment under which GitHub links to a heading; `seen` counts those of the page so far."""
    slug = re.sub(r"[^\w\- ]", "", _LINK.sub(r"\1", heading).lower()).strip().replace(" ", "-")
    count = seen.get(slug, 0)
    seen[slug] = count + 1
    return f"{slug}-{count}" if count else slug


def _by_heading(blocks: Sequence[Token]) -> Iterator[tuple[Token | None, list[Token]]]:
    heading: Token | None = None
    body: list[Token] = []
    for block in blocks:
        if block.type == "heading_open":
            yield heading, body
            heading, body = block, []
        else:
            body.append(block)
    yield heading, body


def _cut(lines: Sequence[str], blocks: Sequence[Token]) -> Iterator[str]:
    """The text of `blocks`, in as few pieces as stay below `LONGEST`."""
    piece = ""
    for block in blocks:
        start, end = block.map or (0, 0)
        text = "\n".join(lines[start:end]).strip()
        if piece and len(piece) + len(text) > LONGEST:
            yield piece
            piece = ""
        piece = f"{piece}\n\n{text}" if piece else text
    if piece:
        yield piece
