"""Lists that are read page by page: sorted by a column and then by id, so that every row has a place of its own."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute

from hub_core.db.base import Base, UtcDateTime
from hub_core.errors import InvalidInput
from hub_core.paging import decode_cursor, encode_cursor

Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])

_MAX_INTEGER = 1 << 63


@dataclass(frozen=True, slots=True)
class Keyset:
    """An order, and the cursors in it. `column` is a point in time, a big integer or a text, and never null."""

    column: InstrumentedAttribute[Any]
    id: InstrumentedAttribute[uuid.UUID]
    descending: bool = True

    def page(self, query: Query, limit: int, cursor: str | None) -> Query:
        """`query` in this order, after `cursor`, with one row more than `limit`: it tells whether there is a next page.

        Raises `InvalidInput` for a cursor that is not one of this order.
        """
        if cursor is not None:
            query = query.where(self._after(cursor))
        order = (self.column.desc(), self.id.desc()) if self.descending else (self.column.asc(), self.id.asc())
        return query.order_by(*order).limit(limit + 1)

    def cursor(self, row: Base) -> str:
        """The place of `row`, which is the last one of its page."""
        value = getattr(row, self.column.key)
        return encode_cursor(value.isoformat() if isinstance(value, datetime) else value, str(getattr(row, self.id.key)))

    def _after(self, cursor: str) -> ColumnElement[bool]:
        value, text = decode_cursor(cursor, (int if isinstance(self.column.type, BigInteger) else str, str))
        try:
            row_id = uuid.UUID(text)
            if isinstance(self.column.type, UtcDateTime):
                value = datetime.fromisoformat(value)
        except ValueError as error:
            raise InvalidInput("This cursor is not one of this list.", hint="Start again without a cursor.") from error
        if isinstance(value, int) and not -_MAX_INTEGER <= value < _MAX_INTEGER:
            raise InvalidInput("This cursor is not one of this list.", hint="Start again without a cursor.")
        # Said so that each database finds the place by its index: MySQL does not for (column, id) < (…, …).
        if self.descending:
            return and_(self.column <= value, or_(self.column < value, self.id < row_id))
        return and_(self.column >= value, or_(self.column > value, self.id > row_id))
