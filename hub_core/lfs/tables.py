"""Rows of large objects and of the repositories that hold them."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hub_core.db.base import Base, utcnow


class LfsObject(Base):
    """An object that is durably stored: the sha256 of its bytes and its size in bytes."""

    __tablename__ = "lfs_objects"

    oid: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class LfsRepositoryObject(Base):
    """A repository that holds an object: only those who may read such a repository may download it."""

    __tablename__ = "lfs_repository_objects"

    repository_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True)
    oid: Mapped[str] = mapped_column(ForeignKey("lfs_objects.oid"), primary_key=True, index=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
