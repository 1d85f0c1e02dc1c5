"""Uploads ahead of a commit."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, status

from api.rest.common import CallerDep, announced_length
from api.streams import body_stream, upload_slots
from hub_core.repositories.schemas import UploadInfo

router = APIRouter(tags=["uploads"])


@router.post("/uploads", status_code=status.HTTP_201_CREATED)
async def upload(caller: CallerDep, name: Annotated[str, Query(description="file name", examples=["iris.parquet"])]) -> UploadInfo:
    """Send bytes that a commit will use: the body is the content, streamed. They are kept for a day."""
    with upload_slots(caller.request).one():
        return await caller.hub.uploads.stage(caller.ctx, name, body_stream(caller.request), size=announced_length(caller.request))
