"""Jobs, approvals and the audit log."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.rest.common import CallerDep, link_next
from hub_core.approvals.schemas import ApprovalInfo, DecideApproval, ListApprovals
from hub_core.approvals.service import ApprovalService
from hub_core.events.schemas import Activity, ListActivity
from hub_core.events.service import ActivityService
from hub_core.jobs.schemas import GetJob, JobInfo, ListJobs
from hub_core.jobs.service import JobService
from hub_core.paging import Page

router = APIRouter(tags=["governance"])


class Decision(BaseModel):
    """A person's decision."""

    granted: bool


@router.get("/jobs")
async def list_jobs(caller: CallerDep, query: Annotated[ListJobs, Query()], response: Response) -> Page[JobInfo]:
    """List background jobs, newest first."""
    page = await caller.run(JobService.list, query)
    link_next(caller, response, page)
    return page


@router.get("/jobs/{id}")
async def get_job(caller: CallerDep, id: uuid.UUID) -> JobInfo:
    """Get a job with its progress."""
    return await caller.run(JobService.get, GetJob(id=id))


@router.get("/approvals")
async def list_approvals(caller: CallerDep) -> list[ApprovalInfo]:
    """Calls of agents that wait for your decision."""
    return await caller.run(ApprovalService.list, ListApprovals())


@router.post("/approvals/{id}")
async def decide_approval(caller: CallerDep, id: uuid.UUID, body: Decision) -> ApprovalInfo:
    """Allow or reject a waiting call."""
    return await caller.run(ApprovalService.decide, DecideApproval(id=id, granted=body.granted))


@router.get("/activity")
async def list_activity(caller: CallerDep, query: Annotated[ListActivity, Query()], response: Response) -> Page[Activity]:
    """Who did what, newest first."""
    page = await caller.run(ActivityService.list, query)
    link_next(caller, response, page)
    return page
