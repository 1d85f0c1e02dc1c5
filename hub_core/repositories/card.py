"""Repository cards: the YAML front matter of README.md, as Hugging Face defined it.

Specification: https://huggingface.co/docs/hub/model-cards#model-card-metadata
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from hub_core.errors import InvalidContent

CARD_PATH = "README.md"
MAX_CARD_BYTES = 1 << 20
_MAX_LABELS = 200
_MAX_LABEL = 128

_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)(?:^|\n)---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Card:
    """What a card declares."""

    license: str | None = None
    tags: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)


def parse_card(text: str) -> Card:
    """Read the front matter of a README; without one the card is empty. Raises `InvalidContent` with the place of the mistake."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        return Card()
    try:
        data = yaml.load(match.group(1), Loader=_CardLoader)  # noqa: S506  # a SafeLoader without aliases
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" in line {mark.line + 2}, column {mark.column + 1}" if mark else ""
        raise InvalidContent(f"The card's front matter is not valid YAML{place}: {error.problem or error.context}.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidContent(f"The card's front matter is not valid YAML: {str(error)[:200]}.") from error
    if data is None:
        return Card()
    if not isinstance(data, dict):
        raise InvalidContent("The card's front matter must be a list of “key: value” lines.")
    tasks = [*_texts(data.get("pipeline_tag")), *_texts(data.get("task_categories")), *_texts(data.get("tasks"))]
    licenses = _texts(data.get("license"))
    return Card(
        license=licenses[0][:96] if licenses else None,
        tags=_texts(data.get("tags")),
        languages=[*_texts(data.get("language")), *_texts(data.get("languages"))],
        tasks=list(dict.fromkeys(tasks)),
    )


def starter_card(name: str, license_id: str, description: str) -> str:
    """The README a new repository begins with."""
    front = yaml.safe_dump({"license": license_id}, allow_unicode=True).strip()
    return f"---\n{front}\n---\n\n# {name}\n" + (f"\n{description}\n" if description else "")


class _CardLoader(yaml.SafeLoader):
    """A safe loader without aliases: a card of one kilobyte must not expand to gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not allowed")
        return super().compose_node(parent, index)


# YAML 1.1 reads the language code `no` as False; in a card every scalar is text.
_CardLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _texts(value: Any) -> list[str]:
    return list(dict.fromkeys(text[:_MAX_LABEL] for text in _flat(value) if text))[:_MAX_LABELS]


def _flat(value: Any) -> Iterator[str]:
    if isinstance(value, list | tuple):
        for item in value:
            if not isinstance(item, list | tuple | dict):
                yield from _flat(item)
    elif value is not None and not isinstance(value, dict):
        yield re.sub(r"\s+", " ", str(value)).strip()
