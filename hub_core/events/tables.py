"""Rows of the audit log."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hub_core.db.base import Base, new_id, utcnow


class AuditEvent(Base):
    """One attempted write: who, through which surface and credential, what, and how it ended. Rows are only ever added."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_at_id", "at", "id"),
        Index("ix_audit_events_user_id_at_id", "user_id", "at", "id"),
        Index("ix_audit_events_user_name_at_id", "user_name", "at", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(default=utcnow)
    # No foreign keys: the log outlives what it speaks of.
    user_id: Mapped[uuid.UUID | None]
    user_name: Mapped[str | None] = mapped_column(String(96))
    surface: Mapped[str] = mapped_column(String(16))
    credential: Mapped[str] = mapped_column(String(128))
    operation: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(255), default="")
    arguments: Mapped[dict[str, Any]]
    outcome: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(64), default="")
