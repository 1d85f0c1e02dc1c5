"""Which operations are commands, what they are called there and how their answers are shown.

Explicit, so that a command can be found by searching for its operation. A test asserts that every operation is here or in `NOT_COMMANDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.cli import files
from api.cli.output import Show, dataset_rows, dataset_schema, file_text, new_access_token, record, table
from hub_core.accounts.service import AccountService
from hub_core.approvals.service import ApprovalService
from hub_core.datasets.service import DatasetService
from hub_core.events.service import ActivityService
from hub_core.jobs.service import JobService
from hub_core.repositories.commits import CommitService
from hub_core.repositories.contents import ContentService
from hub_core.repositories.refs import RefService
from hub_core.repositories.service import RepositoryService


@dataclass(frozen=True, slots=True)
class Bound:
    """An operation as a command. `fixed` are inputs the command's name already says; `piped` is the input that “-” reads from a pipe."""

    name: str
    method: Callable[..., Any]
    show: Show = record
    fixed: Mapping[str, Any] = field(default_factory=dict)
    piped: str | None = None
    summary: str | None = None


WHOAMI = Bound("whoami", AccountService.whoami)

_REPOSITORIES = table("full_name", "type", "visibility", "size", "license", "updated_at", "description")
_REFS = table("name", "commit_hash", "message")

COMMANDS: dict[str, tuple[Bound, ...]] = {
    "repositories": (
        Bound("list", RepositoryService.list, _REPOSITORIES),
        Bound("get", RepositoryService.get),
        Bound("create", RepositoryService.create),
        Bound("update", RepositoryService.update),
        Bound("delete", RepositoryService.delete),
    ),
    "branches": (
        Bound("list", RefService.list_branches, _REFS),
        Bound("create", RefService.create_branch),
        Bound("delete", RefService.delete_branch),
    ),
    "tags": (
        Bound("list", RefService.list_tags, _REFS),
        Bound("create", RefService.create_tag),
        Bound("delete", RefService.delete_tag),
    ),
    "files": (
        Bound("list", ContentService.list_files, table("path", "kind", "size", "lfs", "oid")),
        Bound("read", ContentService.read_file, file_text),
        Bound("write", CommitService.write_file, piped="content"),
        Bound("delete", CommitService.delete_file),
    ),
    "commits": (Bound("list", ContentService.list_commits, table("commit_hash", "at", "author", "title")),),
    "datasets": (
        Bound("preview", DatasetService.preview, dataset_rows),
        Bound("describe", DatasetService.describe, dataset_schema),
    ),
    "approvals": (
        Bound("list", ApprovalService.list, table("id", "operation", "arguments", "expires_at")),
        Bound("grant", ApprovalService.decide, fixed={"granted": True}, summary="Let a call that the Copilot wants to make happen, once."),
        Bound("reject", ApprovalService.decide, fixed={"granted": False}, summary="Reject a call that the Copilot wants to make."),
    ),
    "jobs": (
        Bound("list", JobService.list, table("id", "kind", "state", "progress", "note", "reason", "created_at")),
        Bound("get", JobService.get),
    ),
    "activity": (
        Bound("list", ActivityService.list, table("at", "user", "surface", "operation", "subject", "outcome")),
    ),
    "access-tokens": (
        Bound("list", AccountService.list_access_tokens, table("name", "scope", "created_at", "last_used_at", "expires_at", "id")),
        Bound("create", AccountService.create_access_token, new_access_token),
        Bound("revoke", AccountService.revoke_access_token),
    ),
}

# Commands of those groups that stream, so they are written by hand.
WRITTEN: dict[str, tuple[Callable[..., None], ...]] = {"files": (files.upload, files.download)}

NOT_COMMANDS: dict[str, str] = {
    "commit.create": "its input is files: “files upload” makes such commits, and git does",
    "file.upload": "it takes the attachments of a conversation; “files upload” takes files",
    "user.create": "“users create” does it on the hub's own machine, where the one-time link is safe to show",
    "user.list": "“users list” does it on the hub's own machine",
}
