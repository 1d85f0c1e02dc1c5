"""Rows of repositories, the labels of their cards, and staged uploads."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub_core.db.base import Base, new_id, utcnow


class Repository(Base):
    """A repository. What its card and its git history say (license, sizes, counts) is copied here after each push."""

    __tablename__ = "repositories"
    __table_args__ = (
        UniqueConstraint("namespace_id", "type", "name_folded"),
        Index("ix_repositories_type_updated_at_id", "type", "updated_at", "id"),
        Index("ix_repositories_namespace_id_updated_at_id", "namespace_id", "updated_at", "id"),
        Index("ix_repositories_updated_at_id", "updated_at", "id"),
        Index("ix_repositories_created_at_id", "created_at", "id"),
        Index("ix_repositories_name_folded_id", "name_folded", "id"),
        Index("ix_repositories_size_id", "size", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    type: Mapped[str] = mapped_column(String(16))
    namespace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("namespaces.id"))
    name: Mapped[str] = mapped_column(String(96))
    name_folded: Mapped[str] = mapped_column(String(96))
    visibility: Mapped[str] = mapped_column(String(16))
    description: Mapped[str] = mapped_column(Text, default="")
    default_branch: Mapped[str] = mapped_column(String(255), default="main")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow)

    commit_hash: Mapped[str | None] = mapped_column(String(64))
    license: Mapped[str | None] = mapped_column(String(96), index=True)
    card_error: Mapped[str | None] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    file_count: Mapped[int] = mapped_column(default=0)


class RepositoryLabel(Base):
    """One tag, language or task a card declares. `value_folded` is what filters compare."""

    __tablename__ = "repository_labels"
    __table_args__ = (Index("ix_repository_labels_kind_value_folded", "kind", "value_folded"),)

    repository_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    value_folded: Mapped[str] = mapped_column(String(128), primary_key=True)
    value: Mapped[str] = mapped_column(String(128))
    position: Mapped[int] = mapped_column(default=0)


class Upload(Base):
    """Bytes a user has sent and not yet committed. The object is kept at least until `expires_at`."""

    __tablename__ = "uploads"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    file_name: Mapped[str] = mapped_column(String(255))
    oid: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(index=True)
