"""Inputs and outputs of approvals."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from hub_core.operation import Preview


class ApprovalState(StrEnum):
    """Life of an approval; `used` means the approved call was made, once."""

    PENDING = "pending"
    GRANTED = "granted"
    REJECTED = "rejected"
    USED = "used"


class ListApprovals(BaseModel):
    """Approvals that wait for the caller."""


class DecideApproval(BaseModel):
    """A person's decision."""

    id: uuid.UUID
    granted: bool = Field(description="true to let exactly this call happen once, false to reject it")


class ApprovalInfo(BaseModel):
    """A call that waits for a person, or what became of it."""

    id: uuid.UUID
    operation: str
    arguments: dict[str, Any]
    preview: Preview
    state: ApprovalState
    created_at: datetime
    expires_at: datetime
