"""The audit log: written by `run()` and by the streaming surfaces, read by operation."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub_core.context import Context
from hub_core.db.keyset import Keyset
from hub_core.events.schemas import Activity, ListActivity
from hub_core.events.tables import AuditEvent
from hub_core.operation import Effect, operation
from hub_core.paging import Page

_ORDER = Keyset(AuditEvent.at, AuditEvent.id)

# Long texts (a commit's content) have no place in a log; what remains still tells the call.
_MAX_TEXT = 200


def shorten(value: Any) -> Any:
    """`value` with every long text cut, so that an audit row stays small whatever was sent."""
    if isinstance(value, str):
        return value if len(value) <= _MAX_TEXT else f"{value[:_MAX_TEXT]}… ({len(value)} characters)"
    if isinstance(value, dict):
        return {key: shorten(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shorten(item) for item in value[:20]] + ([f"… ({len(value)} items)"] if len(value) > 20 else [])
    return value


class ActivityService:
    """Reads and writes the audit log."""

    def record(
        self, session: AsyncSession, ctx: Context, operation_name: str, subject: str, arguments: dict[str, Any], outcome: str
    ) -> None:
        """Add one row to the open transaction."""
        session.add(
            AuditEvent(
                user_id=ctx.actor.user_id,
                user_name=ctx.actor.name,
                surface=ctx.surface,
                credential=ctx.actor.credential[:128],
                operation=operation_name,
                subject=subject[:255].replace("\x00", "\ufffd"),  # what was refused is logged, too, and PostgreSQL keeps no zero in a text
                arguments=shorten(arguments),
                outcome=outcome,
                request_id=ctx.request_id[:64],
            )
        )

    @operation("activity.list", scope="activity:read", effect=Effect.READ)
    async def list(self, ctx: Context, request: ListActivity) -> Page[Activity]:
        """List who did what, newest first. Administrators see everything, others what they did themselves."""
        query = select(AuditEvent)
        if not ctx.actor.is_admin:
            query = query.where(AuditEvent.user_id == ctx.actor.user_id)
        if request.user:
            query = query.where(AuditEvent.user_name == (ctx.actor.name if request.user == "me" else request.user))
        if request.repository:
            query = query.where(AuditEvent.subject.like(f"%{_escape(request.repository)}", escape="\\"))
        rows = (await ctx.session.scalars(_ORDER.page(query, request.limit, request.cursor))).all()
        page = rows[: request.limit]
        more = len(rows) > request.limit
        return Page(
            items=[_activity(row) for row in page],
            next_cursor=_ORDER.cursor(page[-1]) if more else None,
        )


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _activity(row: AuditEvent) -> Activity:
    return Activity(
        id=row.id, at=row.at, user=row.user_name, surface=row.surface, credential=row.credential, operation=row.operation,
        subject=row.subject, arguments=row.arguments, outcome=row.outcome, request_id=row.request_id,
    )
