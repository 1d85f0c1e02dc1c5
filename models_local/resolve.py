"""What "it", "this one", "the second one" refer to, from the situation."""

import re
from collections.abc import Mapping
from typing import Any

from models_local.schema import Tool
from models_local.situation import Call, Situation, mentioned_repository
from models_local.values import ordinal_reference

_HERE = re.compile(r"\b(?:this|here|current|open)\b", re.IGNORECASE)
# What "the second one" is, by the tool that showed the list.
_LISTED_KINDS = {"list_branches": "branch", "list_tags": "tag", "list_files": "file", "list_access_tokens": "token", "list_users": "user"}
_ON_LISTED: Mapping[tuple[str, str], tuple[str, str]] = {
    ("branch", "delete_repository"): ("delete_branch", "name"),
    ("branch", "delete_branch"): ("delete_branch", "name"),
    ("tag", "delete_repository"): ("delete_tag", "name"),
    ("tag", "delete_tag"): ("delete_tag", "name"),
    ("repository", "list_repositories"): ("get_repository", "repository"),
    ("file", "delete_repository"): ("delete_file", "path"),
    ("file", "delete_file"): ("delete_file", "path"),
    ("file", "get_repository"): ("read_file", "path"),
    ("file", "read_file"): ("read_file", "path"),
    ("file", "preview_dataset"): ("preview_dataset", "path"),
    ("token", "delete_repository"): ("revoke_access_token", "name"),
    ("token", "revoke_access_token"): ("revoke_access_token", "name"),
}


def listed_item(utterance: str, situation: Situation) -> str | None:
    """The item of the list shown last that the utterance points at by its place."""
    index = ordinal_reference(utterance)
    if index is None or not situation.listed or index >= len(situation.listed):
        return None
    return situation.listed[index]


def on_listed(tool: str, situation: Situation) -> tuple[str, str]:
    """The tool and argument that an item of the list shown last goes to, when the words say `tool`."""
    previous = situation.previous
    kind = _LISTED_KINDS.get(previous.tool, "repository") if previous else "repository"
    return _ON_LISTED.get((kind, tool), (tool, "repository"))


def situated_repository(utterance: str, situation: Situation) -> str | None:
    """The repository an utterance means without naming it.

    "this", "here": the open page first. Otherwise what the conversation spoke of last, then the page, then what was
    mentioned lately.
    """
    spoken = _spoken_of(situation)
    recent = situation.recent[0] if situation.recent else None
    within_utterance = bool(situation.history) and not situation.history[-1].utterance and spoken is not None
    if _HERE.search(utterance) and situation.page and not within_utterance:
        return situation.page
    return spoken or situation.page or recent


def _spoken_of(situation: Situation) -> str | None:
    for turn in reversed(situation.history[-4:]):
        for call in reversed(turn.calls):
            if repository := mentioned_repository(call.arguments, call.tool):
                return repository
    return None


def changed(previous: Call, tool: Tool, said: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the previous call with what a follow-up says put in their place."""
    arguments = {name: value for name, value in previous.arguments.items() if name in tool.arguments}
    equivalents = {"rows": ("limit",), "limit": ("rows",), "owner": ("user",), "user": ("owner",), "repository": ("name",), "name": ("repository",), "revision": ("name",), "search": ("repository",)}
    for name, value in said.items():
        places = [place for place in (name, *equivalents.get(name, ())) if place in tool.arguments]
        if places:
            arguments[places[0]] = value
    return arguments
