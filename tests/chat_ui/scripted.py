"""A Copilot that follows a script: every event the chat draws, on demand, without a model."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from copilot.events import (
    ApprovalNeeded,
    Choice,
    ChoicesOffered,
    CitationGiven,
    Event,
    Failed,
    TextDelta,
    ToolCalled,
    ToolReturned,
    TurnEnded,
    UserSaid,
)
from copilot.threads import ThreadInfo
from hub_core.context import Context
from hub_core.errors import NotFound
from tools.card import Card

NOW = datetime.now(UTC)
COMMIT = "9f2c41d7aa0be5c3d1e08b6f7a4c2d9e8b1f0a3c"
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQMAAAD+wSzIAAAABlBMVEX///+/v7+jQ3Y5AAAADklEQVQI12P4AIX8EAgALgAD/aNpbtEAAAAASUVORK5CYII="
)


def when(**ago: float) -> str:
    return (NOW - timedelta(**ago)).isoformat()


REPOSITORY: dict[str, Any] = {
    "id": str(uuid.uuid4()), "type": "dataset", "namespace": "alice", "name": "iris", "full_name": "alice/iris",
    "path": "datasets/alice/iris", "clone_path": "/datasets/alice/iris.git", "visibility": "private",
    "description": "Measurements of 150 flowers of three species, collected by Edgar Anderson.", "default_branch": "main",
    "license": "mit", "tags": ["botany", "classic"], "languages": ["en"], "tasks": ["tabular-classification"], "card_error": None,
    "size": 1_483_920, "file_count": 7, "commit_hash": COMMIT, "created_at": when(days=40), "updated_at": when(hours=3),
}
COLUMNS = [("id", "int64", False), ("species", "string", True), ("petal_length", "float64", True), ("photo", "image", True),
           ("note", "string", True), ("raw", "binary", True), ("points", "list<struct<x: int64, y: int64>>", True), ("seen", "bool", True)]
LONG = ("A long remark about this plant, which grew beside the river and was measured twice because the first ruler had lost "
        "its first centimetre; the second measurement is the one that counts here.")
TABLE: dict[str, Any] = {
    "repository": "alice/iris", "path": "data/train.parquet", "revision": "main", "commit_hash": COMMIT, "format": "parquet",
    "columns": [{"name": name, "type": kind, "nullable": nullable} for name, kind, nullable in COLUMNS], "row_count": 150,
    "rows": [
        [number, ("setosa", "versicolor", "virginica")[number % 3], round(1.4 + number * 0.37, 2),
         {"kind": "image", "mime": "image/png", "size": 104, "data": PNG}, LONG if number % 2 else None,
         {"kind": "binary", "size": 40960 * (number + 1), "head": "89504e470d0a"},
         {"kind": "nested", "value": [{"x": 1, "y": 2}, {"x": 3, "y": 4}, {"x": 5, "y": 6}, "… 12 more"], "cut": True}, number % 2 == 0]
        for number in range(8)
    ],
    "has_more": True, "truncated": False,
}
FILES: dict[str, Any] = {
    "repository": "alice/iris", "revision": "main", "commit_hash": COMMIT, "path": "", "next_cursor": None,
    "items": [
        {"path": "data", "kind": "folder", "oid": "1", "size": None, "lfs": False},
        {"path": "README.md", "kind": "file", "oid": "2", "size": 1834, "lfs": False},
        {"path": "weights/model-00001-of-00002.safetensors", "kind": "file", "oid": "3", "size": 4_976_698_672, "lfs": True},
    ],
}
JOBS: dict[str, Any] = {"next_cursor": None, "items": [
    {"id": str(uuid.uuid4()), "kind": "repository.index", "state": state, "progress": progress, "note": note, "reason": reason,
     "attempts": 1, "created_at": when(minutes=4), "started_at": when(minutes=3), "finished_at": None}
    for state, progress, note, reason in (
        ("running", 0.62, "Reading the card of alice/iris", None), ("queued", 0, "", None),
        ("succeeded", 1, "7 files", None), ("failed", 0.3, "", "The disk is full: 0 bytes of 2.1 GB are free."))
]}
TOKEN = {"id": str(uuid.uuid4()), "name": "laptop", "scope": "write", "created_at": when(days=9), "last_used_at": when(hours=2),
         "expires_at": (NOW + timedelta(days=80)).isoformat()}
USER = {"id": str(uuid.uuid4()), "name": "alice", "is_admin": True, "is_active": True, "created_at": when(days=90)}
ACTIVITY = {"next_cursor": None, "items": [
    {"id": str(uuid.uuid4()), "at": when(hours=hours), "user": "alice", "surface": surface, "credential": "session", "operation": operation,
     "subject": "alice/iris", "arguments": {}, "outcome": outcome, "request_id": ""}
    for hours, surface, operation, outcome in (
        (1, "copilot", "repository.update", "ok"), (5, "git", "repository.push", "ok"), (30, "rest", "repository.delete", "permission_denied"))
]}
COMMITS = {"repository": "alice/iris", "revision": "main", "next_cursor": None, "items": [
    {"commit_hash": COMMIT[n:] + COMMIT[:n], "parents": [], "title": title, "message": title, "author": "alice", "at": when(days=n)}
    for n, title in enumerate(("Correct three petal lengths", "Add photos", "First measurements"), 1)
]}

CARDS: dict[str, tuple[str, str, Any]] = {
    "repository": ("get_repository", "alice/iris", REPOSITORY),
    "repositories": ("list_repositories", "Repositories", {"next_cursor": "x", "items": [
        REPOSITORY, {**REPOSITORY, "id": "2", "type": "model", "name": "llama-tiny", "visibility": "public", "size": 4_976_698_672},
        {**REPOSITORY, "id": "3", "type": "space", "name": "demo", "description": ""},
        {**REPOSITORY, "id": "4", "type": "code", "name": "tools", "updated_at": when(days=70)}]}),
    "files": ("list_files", "Files of alice/iris", FILES),
    "file": ("read_file", "README.md", {
        "repository": "alice/iris", "path": "README.md", "commit_hash": COMMIT, "size": 1834, "lfs": False, "truncated": True,
        "text": "---\nlicense: mit\n---\n\n# Iris\n\nMeasurements of 150 flowers.\n"}),
    "commits": ("list_commits", "Commits of alice/iris", COMMITS),
    "commit": ("upload_file", "alice/iris at main", {
        "repository": "alice/iris", "branch": "main", "commit_hash": COMMIT, "parent": None, "paths": ["data/train.parquet", "README.md"]}),
    "refs": ("list_branches", "Branches of alice/iris", [
        {"repository": "alice/iris", "name": "main", "commit_hash": COMMIT, "message": None},
        {"repository": "alice/iris", "name": "experiment", "commit_hash": COMMIT[::-1], "message": "Try other units"}]),
    "ref": ("create_tag", "Tag v1 of alice/iris", {"repository": "alice/iris", "name": "v1", "commit_hash": COMMIT, "message": "First release"}),
    "table": ("preview_dataset", "data/train.parquet at main (9f2c41d7)", TABLE),
    "schema": ("describe_dataset", "data/train.parquet at main (9f2c41d7)", TABLE),
    "user": ("create_user", "bob", {
        "user": {**USER, "name": "bob", "is_admin": False}, "password_link": "/setup/5xJ3b2yq0",
        "expires_at": (NOW + timedelta(days=7)).isoformat()}),
    "users": ("list_users", "Users", {"next_cursor": None, "items": [USER, {**USER, "id": "2", "name": "bob", "is_admin": False}]}),
    "identity": ("whoami", "alice", {"name": "alice", "is_admin": True, "scope": "admin", "credential": "session"}),
    "access_token": ("create_access_token", "Access token laptop", {"token": "hp_3vX0c9QmZr8sT1yKp5uWnA7bD2eFgHiJkLmNoPqRsTu", "info": TOKEN}),
    "access_tokens": ("list_access_tokens", "Access tokens", [TOKEN, {**TOKEN, "id": "2", "name": "ci", "scope": "read", "expires_at": None}]),
    "jobs": ("list_jobs", "Jobs", JOBS),
    "activity": ("list_activity", "Activity", ACTIVITY),
    "deleted": ("delete_repository", "Deleted alice/iris", {"repository": "alice/iris", "size": 1_483_920, "commit_count": 12}),
}


class ScriptedCopilot:
    """Answers `card KIND`, `approve`, `choices`, `cite`, `fail`, `crash`, and repeats everything else."""

    def __init__(self, pace: float = 0.0) -> None:
        self.calls: list[tuple[Context, str | None, str, tuple[str, ...]]] = []
        self.decisions: list[tuple[Context, str, str, bool]] = []
        self._pace = pace
        self._threads: dict[str, tuple[ThreadInfo, list[Event]]] = {}

    async def send(
        self, ctx: Context, thread_id: str | None, message: str, *, page: object = None, attachments: Sequence[str] = ()
    ) -> AsyncIterator[Event]:
        self.calls.append((ctx, thread_id, message, tuple(attachments)))
        thread = thread_id or uuid.uuid4().hex
        _, told = self._threads.setdefault(thread, (ThreadInfo(id=thread, title=message, created_at=NOW, updated_at=NOW), []))
        told.append(UserSaid(text=message, attachments=list(attachments)))
        word, _, rest = message.partition(" ")
        async for event in self._events(word, rest, message, attachments):
            await asyncio.sleep(self._pace)
            told.append(event)
            yield event
        yield TurnEnded(thread_id=thread, suspended=word == "approve")

    async def decide(self, ctx: Context, thread_id: str, approval_id: str, *, granted: bool) -> AsyncIterator[Event]:
        self.decisions.append((ctx, thread_id, approval_id, granted))
        told = self._threads[thread_id][1]
        told[:] = [event for event in told if not isinstance(event, ApprovalNeeded)]
        if granted:
            async for event in self._card("deleted"):
                told.append(event)
                yield event
        else:
            yield TextDelta(text="Nothing was deleted.")
        yield TurnEnded(thread_id=thread_id)

    async def threads(self, ctx: Context, *, limit: int = 50) -> list[ThreadInfo]:
        return [info for info, _ in self._threads.values()][:limit]

    async def history(self, ctx: Context, thread_id: str) -> list[Event]:
        if thread_id not in self._threads:
            raise NotFound("There is no such conversation.")
        return self._threads[thread_id][1]

    async def delete(self, ctx: Context, thread_id: str) -> None:
        del self._threads[thread_id]

    async def _events(self, word: str, rest: str, message: str, attachments: Sequence[str]) -> AsyncIterator[Event]:
        if word == "card":
            async for event in self._card(rest):
                yield event
        elif word == "approve":
            yield ToolCalled(id="1", tool="delete_repository", arguments={"repository": "alice/iris"})
            yield ApprovalNeeded(
                approval_id="a1", operation="repository.delete", title="Delete the dataset alice/iris",
                summary="The repository, its whole history and the large files that only it uses will be gone for good.",
                facts={"Size": "1.5 MB", "Commits": "12", "Last change": "3 hours ago", "Visibility": "private"},
            )
        elif word == "choices":
            yield ChoicesOffered(question="Which repository do you mean?", choices=[
                Choice(label="The dataset alice/iris", message="show datasets/alice/iris"),
                Choice(label="The model alice/iris", message="show models/alice/iris")])
        elif word == "cite":
            for piece in ("You push a model ", "with **git** as usual:\n\n", "```bash\ngit push\n```\n\n", "Large files go through git-lfs."):
                yield TextDelta(text=piece)
            yield CitationGiven(title="Pushing with git", source="docs/git.md", excerpt="Use an access token as the password when git asks.")
            yield CitationGiven(title="Large files", source="docs/lfs.md", excerpt="Files above 10 MB go to LFS.")
        elif word == "fail":
            yield ToolCalled(id="1", tool="get_repository", arguments={"repository": "alice/irsi"})
            yield ToolReturned(id="1", tool="get_repository", ok=False, text="There is no repository alice/irsi.")
            yield Failed(code="repository_not_found", message="There is no repository alice/irsi.", hint="Did you mean alice/iris?")
        elif word == "crash":
            raise RuntimeError("the script says so")
        else:
            yield TextDelta(text=f"You said: {message}" + (f" with {', '.join(attachments)}" if attachments else ""))

    async def _card(self, kind: str) -> AsyncIterator[Event]:
        tool, title, data = CARDS[kind]
        yield ToolCalled(id="1", tool=tool, arguments={"repository": "alice/iris"})
        card = Card(kind=kind, title=title, data=data, next_steps=["Show the files of alice/iris", "Preview alice/iris", "Make alice/iris public"])
        undo = "Delete datasets/alice/iris" if kind == "repository" else None
        yield ToolReturned(id="1", tool=tool, ok=True, text=f"Here is what you asked for: **{title}**.", card=card, undo=undo)
