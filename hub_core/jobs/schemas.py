"""Inputs and outputs of jobs."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, Field

from hub_core.paging import Cursor, Limit


class JobState(StrEnum):
    """Life of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class ListJobs(BaseModel):
    """Which jobs to list; newest first."""

    state: JobState | None = Field(None, description="only jobs in this state")
    limit: Limit = 20
    cursor: Cursor = None


class GetJob(BaseModel):
    """One job."""

    id: uuid.UUID


class JobInfo(BaseModel):
    """A background job. `progress` goes from 0 to 1; `reason` says why it failed."""

    id: uuid.UUID
    kind: str
    state: JobState
    progress: float
    note: str
    reason: str | None
    attempts: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
