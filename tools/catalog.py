"""Every tool of the Copilot: which operation it is, how a model is told of it, and how its result is said.

The texts here are for models and may be tuned at any time; the operations' own texts are the contract of the other surfaces.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from hub_core.accounts.service import AccountService
from hub_core.context import Context
from hub_core.datasets.service import DatasetService
from hub_core.events.service import ActivityService
from hub_core.jobs.service import JobService
from hub_core.operation import Effect, operation_of
from hub_core.repositories.commits import CommitService
from hub_core.repositories.contents import ContentService
from hub_core.repositories.refs import RefService
from hub_core.repositories.service import RepositoryService
from tools.documentation import SearchDocumentation
from tools.present import Presented, contents, people, repositories

Method = Callable[[Any, Context, Any], Awaitable[Any]]

# Models are bad at carrying opaque cursors from call to call; a person asks for more instead.
_PAGING = ("limit", "cursor")


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool. `method` is the operation's function, None only for the documentation; `hidden` are the input's fields that a model is not
    told of; `secret` is the field of the output that is shown once and kept nowhere.
    """

    name: str
    method: Method | None
    description: str
    present: Callable[[Any, Any], Presented]
    hidden: tuple[str, ...] = ()
    secret: str | None = None

    @property
    def input(self) -> type[BaseModel]:
        """The model that its arguments must satisfy."""
        return operation_of(self.method).input if self.method else SearchDocumentation

    @property
    def effect(self) -> Effect:
        """What calling it does to the world."""
        return operation_of(self.method).effect if self.method else Effect.READ


TOOLS: tuple[Tool, ...] = (
    Tool(
        "create_repository", RepositoryService.create,
        "Create a new repository for a model, a dataset, a space or code.", repositories.created,
    ),
    Tool(
        "get_repository", RepositoryService.get,
        "Tell everything about one repository: license, size, tags, languages, tasks, visibility, owner, clone path, last update.",
        repositories.told,
    ),
    Tool(
        "list_repositories", RepositoryService.list,
        "List or search repositories by type, owner, words, tag, license or visibility. Use owner=me for the user's own.",
        repositories.listed, hidden=("cursor",),
    ),
    Tool(
        "update_repository", RepositoryService.update,
        "Make a repository public or private, or change its description.", repositories.updated,
    ),
    Tool(
        "delete_repository", RepositoryService.delete,
        "Delete a whole repository with its history, for good. The user is asked to approve it.", repositories.deleted,
    ),
    Tool("list_branches", RefService.list_branches, "List the branches of a repository.", repositories.branches),
    Tool(
        "create_branch", RefService.create_branch,
        "Create a branch of a repository, from the default branch or another revision.", repositories.branch_created,
    ),
    Tool(
        "delete_branch", RefService.delete_branch,
        "Delete a branch of a repository. The user is asked to approve it.", repositories.branch_deleted,
    ),
    Tool("list_tags", RefService.list_tags, "List the git tags (released versions) of a repository.", repositories.tags),
    Tool(
        "create_tag", RefService.create_tag,
        "Tag a revision of a repository as a named version, such as v1.0.", repositories.tag_created,
    ),
    Tool(
        "delete_tag", RefService.delete_tag, "Delete a git tag of a repository. The user is asked to approve it.", repositories.tag_deleted
    ),
    Tool(
        "list_files", ContentService.list_files, "List the files and folders of a repository or of one of its folders, with sizes.",
        contents.files, hidden=("recursive", *_PAGING),
    ),
    Tool(
        "read_file", ContentService.read_file,
        "Show a text file of a repository. README.md is its card.", contents.file,
    ),
    Tool(
        "list_commits", ContentService.list_commits,
        "Show the history of a repository or of one file: who changed what and when. Use limit=1 for the last change.",
        contents.commits, hidden=("cursor",),
    ),
    Tool(
        "write_file", CommitService.write_file,
        "Create or replace one small text file of a repository with the given content.", contents.written,
    ),
    Tool(
        "upload_file", CommitService.upload_file,
        "Put the files that the user attached to the message into a repository.", contents.uploaded,
    ),
    Tool(
        "delete_file", CommitService.delete_file,
        "Remove one file or folder from a repository in a new commit; the history keeps it.", contents.file_deleted,
    ),
    Tool(
        "preview_dataset", DatasetService.preview,
        "Show the first rows of a data file (parquet, CSV, JSON Lines, Arrow).", contents.rows,
    ),
    Tool(
        "describe_dataset", DatasetService.describe,
        "Tell the columns of a data file, their types and the number of rows, without showing rows.", contents.columns,
    ),
    Tool("whoami", AccountService.whoami, "Tell who is signed in, and with which role.", people.identity),
    Tool(
        "create_access_token", AccountService.create_access_token,
        "Create an access token of the user for git, scripts and the command line. Its secret is shown to the user only.",
        people.token_created, secret="token",  # noqa: S106  # a field's name
    ),
    Tool("list_access_tokens", AccountService.list_access_tokens, "List the user's access tokens.", people.tokens),
    Tool(
        "revoke_access_token", AccountService.revoke_access_token, "End an access token of the user at once.", people.token_revoked
    ),
    Tool(
        "create_user", AccountService.create_user,
        "Create a user of the hub (administrators only). The link to set the password is shown to the user only.",
        people.user_created, secret="password_link",  # noqa: S106
    ),
    Tool("list_users", AccountService.list_users, "List the users of the hub.", people.users, hidden=_PAGING),
    Tool(
        "list_jobs", JobService.list, "List background jobs and their state, with the reason of failed ones.", people.jobs, hidden=_PAGING
    ),
    Tool(
        "list_activity", ActivityService.list, "Show the audit log: who did what, when, and whether it succeeded.", people.activity,
        hidden=("cursor",),
    ),
    Tool(
        "search_documentation", None,
        "Look up in the documentation how something is done or what something means (git, large files, tokens, this hub).",
        people.documentation,
    ),
)

TOOL_BY_NAME = {tool.name: tool for tool in TOOLS}

# Operations that no model may call, or needs to, each with the reason.
NOT_TOOLS: dict[str, str] = {
    "approval.decide": "Only a person may approve what a model wants to do.",
    "approval.list": "Surfaces show what waits for approval; a model has no part in it.",
    "commit.create": "For programs: many files at once, base64 and upload ids. A model has write_file, upload_file and delete_file.",
    "job.get": "For programs that hold a job's id. A model has list_jobs, which tells as much.",
}
