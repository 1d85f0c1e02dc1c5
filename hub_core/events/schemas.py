"""Inputs and outputs of the audit log."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from hub_core.paging import Cursor, Limit


class ListActivity(BaseModel):
    """Which part of the audit log to read; newest first."""

    repository: str | None = Field(None, description="only what was done to this repository", examples=["alice/iris"])
    user: str | None = Field(None, description="only what this user did; `me` for the caller", examples=["me"])
    limit: Limit = 20
    cursor: Cursor = None


class Activity(BaseModel):
    """One attempted write. `outcome` is `ok` or the code of the error."""

    id: uuid.UUID
    at: datetime
    user: str | None
    surface: str
    credential: str
    operation: str
    subject: str
    arguments: dict[str, Any]
    outcome: str
    request_id: str
