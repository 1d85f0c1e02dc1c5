"""Inserting rows that somebody else may be inserting at the same moment."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from hub_core.db.base import Base

_DUPLICATE_ENTRY = 1062  # MySQL and MariaDB
_UNIQUE_VIOLATION = "23505"  # PostgreSQL


async def insert(session: AsyncSession, *rows: Base) -> bool:
    """Insert all of `rows` now; False, and none of them inserted, when one with the same unique key is there already.

    Another transaction that has inserted such a key and has not ended yet is waited for. The open transaction goes on either way.
    """
    try:
        async with session.begin_nested():
            session.add_all(rows)
    except IntegrityError as error:
        if not _is_duplicate(error):
            raise
        return False
    return True


def _is_duplicate(error: IntegrityError) -> bool:
    cause = error.orig
    return (
        getattr(cause, "sqlite_errorname", "") in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")
        or getattr(cause, "sqlstate", "") == _UNIQUE_VIOLATION
        or (cause is not None and cause.args[:1] == (_DUPLICATE_ENTRY,))
    )
