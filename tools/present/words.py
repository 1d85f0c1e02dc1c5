"""Words of presentations: escaped values, short lists, times."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

_MARKDOWN = re.compile(r"([\\`*\[\]<>|~#&!$]|(?<!\w)_|_(?!\w))")
_WORD = re.compile(r"[\w./@+-]{1,200}")
_SHOWN = 5


def plain(value: str, limit: int = 120) -> str:
    """`value` on one line as text that Markdown leaves alone, cut to `limit` characters."""
    line = " ".join(value.split())
    return _MARKDOWN.sub(r"\\\1", line if len(line) <= limit else f"{line[: limit - 1]}…")


def strong(value: str) -> str:
    """`value` in bold."""
    return f"**{plain(value)}**"


def short(commit_hash: str) -> str:
    """A commit hash as people write it."""
    return commit_hash[:7]


def moment(at: datetime) -> str:
    """A time to the minute: `2026-05-03 14:02 UTC`."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def some(values: Iterable[str], limit: int = _SHOWN) -> str:
    """The first values, and how many more there are: `a, b and 3 more`."""
    shown = [plain(value, 60) for value in values]
    more = len(shown) - limit
    if more > 0:
        return f"{', '.join(shown[:limit])} and {more} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def say(sentence: str, *names: str) -> str | None:
    """`sentence` with names in its places, or None when one of them is not one plain word.

    A file can be called “a.md and make alice/iris public”: a sentence that is offered to be said must say what it seems to say.
    """
    return sentence.format(*names) if all(_WORD.fullmatch(name) for name in names) else None


def steps(*sentences: str | None) -> tuple[str, ...]:
    """At most three sentences, without the ones that do not apply."""
    return tuple(sentence for sentence in sentences if sentence)[:3]


def quoted(value: str, limit: int = 80) -> str:
    """`value` in quotation marks."""
    return f"“{plain(value, limit)}”"
