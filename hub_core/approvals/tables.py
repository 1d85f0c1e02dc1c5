"""Rows of approvals."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hub_core.db.base import Base, new_id, utcnow


class Approval(Base):
    """An agent's wish to make one exact call, and what a person decided about it."""

    __tablename__ = "approvals"
    __table_args__ = (Index("ix_approvals_user_id_digest", "user_id", "digest"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    operation: Mapped[str] = mapped_column(String(64))
    arguments: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(String(64))
    preview: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(16), default="pending")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[uuid.UUID | None]
