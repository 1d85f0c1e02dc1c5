"""Whose conversation is whose. The messages themselves are the checkpointer's, in the same file."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiosqlite
from pydantic import BaseModel

from hub_core.context import Context
from hub_core.errors import NotAuthenticated, NotFound

_TITLE_LENGTH = 80

_SCHEMA = """
PRAGMA journal_mode=WAL;
CREATE TABLE IF NOT EXISTS threads (
    id TEXT PRIMARY KEY, user_id TEXT NOT NULL, title TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_threads_user_id_updated_at ON threads (user_id, updated_at);
"""


class ThreadInfo(BaseModel):
    """A conversation of the caller with the Copilot."""

    id: str
    title: str
    created_at: datetime
    updated_at: datetime


class ThreadStore:
    """Rows of threads; a thread is visible to its user only."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    @classmethod
    @asynccontextmanager
    async def opened(cls, path: Path) -> AsyncIterator[ThreadStore]:
        """The store kept in the SQLite file at `path`, which is made if it is missing."""
        async with aiosqlite.connect(path, isolation_level=None) as connection:
            await connection.executescript(_SCHEMA)
            yield cls(connection)

    async def create(self, ctx: Context, message: str) -> str:
        """Start a thread named after its first message; returns its id."""
        thread_id, now = uuid.uuid4().hex, datetime.now(UTC).isoformat()
        line = " ".join(message.split())
        title = line if len(line) <= _TITLE_LENGTH else f"{line[: _TITLE_LENGTH - 1]}…"
        await self._connection.execute(
            "INSERT INTO threads VALUES (?, ?, ?, ?, ?)", (thread_id, _user(ctx), title or "Attached files", now, now)
        )
        return thread_id

    async def check(self, ctx: Context, thread_id: str) -> None:
        """Raise `NotFound` unless the thread is the caller's."""
        cursor = await self._connection.execute("SELECT 1 FROM threads WHERE id = ? AND user_id = ?", (thread_id, _user(ctx)))
        if await cursor.fetchone() is None:
            raise NotFound("There is no such conversation, or it is not yours.", hint="Start a new one.")

    async def turn_ended(self, thread_id: str) -> None:
        """Note that the thread has gone on, and drop its older checkpoints: each holds the whole conversation, and only the last is used."""
        await self._connection.execute("UPDATE threads SET updated_at = ? WHERE id = ?", (datetime.now(UTC).isoformat(), thread_id))
        older = "thread_id = ? AND checkpoint_id < (SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = ?)"
        await self._connection.execute(f"DELETE FROM writes WHERE {older}", (thread_id, thread_id))  # noqa: S608  # a constant
        await self._connection.execute(f"DELETE FROM checkpoints WHERE {older}", (thread_id, thread_id))  # noqa: S608

    async def list(self, ctx: Context, limit: int) -> list[ThreadInfo]:
        """The caller's threads, the latest first."""
        rows = await self._connection.execute_fetchall(
            "SELECT id, title, created_at, updated_at FROM threads WHERE user_id = ? ORDER BY updated_at DESC LIMIT ?", (_user(ctx), limit)
        )
        return [
            ThreadInfo(id=row[0], title=row[1], created_at=datetime.fromisoformat(row[2]), updated_at=datetime.fromisoformat(row[3]))
            for row in rows
        ]

    async def delete(self, thread_id: str) -> None:
        """Forget the thread."""
        await self._connection.execute("DELETE FROM threads WHERE id = ?", (thread_id,))


def _user(ctx: Context) -> str:
    if ctx.actor.user_id is None:
        raise NotAuthenticated("Sign in to talk to the Copilot.")
    return ctx.actor.user_id.hex
