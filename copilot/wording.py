"""Sentences for calls: what a button says, and what is said when it is pressed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from copilot.events import Choice
from hub_core.names import RepositoryType
from hub_core.repositories.schemas import Visibility
from models_local.situation import Call, Situation

_REPOSITORIES_OFFERED = 4

# For each tool the sentence with its required arguments, then what each optional one adds.
_SENTENCES: dict[str, tuple[str, dict[str, str]]] = {
    "create_repository": (
        "create a {type} called {name}",
        {"visibility": ", {visibility}", "license": ", with license {license}", "description": ", with the description “{description}”"},
    ),
    "get_repository": ("tell me about {repository}", {}),
    "list_repositories": (
        "list repositories",
        {
            "type": " of type {type}", "owner": " of {owner}", "search": " about “{search}”", "tag": " with the tag {tag}",
            "license": " with license {license}", "visibility": " that are {visibility}", "sort": ", sorted by {sort}",
            "limit": ", at most {limit}",
        },
    ),
    "update_repository": (
        "change {repository}", {"visibility": " to {visibility}", "description": ", with the description “{description}”"}
    ),
    "delete_repository": ("delete the repository {repository}", {}),
    "list_branches": ("list the branches of {repository}", {}),
    "create_branch": ("create branch {name} of {repository}", {"revision": " from {revision}"}),
    "delete_branch": ("delete branch {name} of {repository}", {}),
    "list_tags": ("list the tags of {repository}", {}),
    "create_tag": ("create tag {name} of {repository}", {"revision": " at {revision}", "message": " with the message “{message}”"}),
    "delete_tag": ("delete tag {name} of {repository}", {}),
    "list_files": ("show the files of {repository}", {"path": " in {path}", "revision": " at {revision}"}),
    "read_file": ("show {path} of {repository}", {"revision": " at {revision}"}),
    "list_commits": (
        "show the commits of {repository}", {"path": " for {path}", "revision": " at {revision}", "limit": ", the last {limit}"}
    ),
    "write_file": ("write “{content}” to {path} of {repository}", {"message": " with the message “{message}”"}),
    "upload_file": ("upload to {repository}", {"file": " the file {file}", "path": " as {path}", "message": " with the message “{message}”"}),
    "delete_file": ("delete the file {path} of {repository}", {"message": " with the message “{message}”"}),
    "preview_dataset": ("preview {repository}", {"path": ", file {path}", "revision": " at {revision}", "rows": ", {rows} rows"}),
    "describe_dataset": ("tell me the columns of {repository}", {"path": ", file {path}", "revision": " at {revision}"}),
    "whoami": ("who am I?", {}),
    "create_access_token": (
        "create an access token called {name}", {"scope": " with {scope} access", "expires_in_days": " for {expires_in_days} days"}
    ),
    "list_access_tokens": ("list my access tokens", {}),
    "revoke_access_token": ("revoke the access token {name}", {}),
    "create_user": ("create a user called {name}", {"admin": " (administrator: {admin})"}),
    "list_users": ("list the users", {"search": " called “{search}”"}),
    "list_jobs": ("list jobs", {"state": " that are {state}"}),
    "list_activity": ("show the audit log", {"repository": " of {repository}", "user": " of user {user}", "limit": ", the last {limit}"}),
    "search_documentation": ("{query}", {}),
}


def call_sentence(call: Call) -> str:
    """A sentence that asks for this call."""
    base, further = _SENTENCES.get(call.tool, (call.tool.replace("_", " "), {}))
    words = base + "".join(text for name, text in further.items() if call.arguments.get(name) is not None)
    return words.format_map(_Said(call.arguments))


class _Said(dict[str, Any]):
    """Arguments as they are said; what a reading lacks is an ellipsis."""

    def __missing__(self, key: str) -> str:
        return "…"


def choices_for(missing: str | None, waiting: Mapping[str, Any] | None, known: Situation) -> list[Choice]:
    """Likely answers to the question for a missing argument; none where there are too many."""
    if missing == "repository":
        names = [known.page, *known.recent] if known.page else list(known.recent)
        answers = list(dict.fromkeys(name for name in names if name))[:_REPOSITORIES_OFFERED]
    elif missing == "type" and (waiting or {}).get("tool") == "create_repository":
        answers = [kind.value for kind in RepositoryType]
    elif missing == "visibility":
        answers = [kind.value for kind in Visibility]
    else:
        answers = []
    return [Choice(label=answer, message=answer) for answer in answers]
