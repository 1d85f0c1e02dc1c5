"""Base of all tables, and the column types that behave the same on SQLite, PostgreSQL and MySQL."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import DateTime, Dialect, MetaData
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import JSON, TypeDecorator, Uuid


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time, always timezone aware and always UTC, whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "mysql":
            return dialect.type_descriptor(DATETIME(fsp=6))  # a plain DATETIME drops what is below a second
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Texts are compared as they are. The defaults of MySQL hold “cafe” and “Café” for the same name, and cannot keep every character.
MYSQL_OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


class Base(DeclarativeBase):
    """Constraint names are fixed so that migrations can name them on every dialect."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime(), uuid.UUID: Uuid(), dict[str, Any]: JSON(), list[str]: JSON()}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        cls.__table_args__ = (*cls.__dict__.get("__table_args__", ()), MYSQL_OPTIONS)
        super().__init_subclass__(**kwargs)


def new_id() -> uuid.UUID:
    return uuid.uuid4()


def as_id(text: str) -> uuid.UUID | None:
    """The id that `text` is, or None: people may give a name where an id would do."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def utcnow() -> datetime:
    return datetime.now(UTC)
