"""Uploads ahead of a commit."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, status

from api.rest.common import CallerDep
from api.streams import body_stream
from hub_core.repositories.schemas import UploadInfo

router = APIRouter(tags=["uploads"])


@router.post("/uploads", status_code=status.HTTP_201_CREATED)
async def upload(caller: CallerDep, name: Annotated[str, Query(description="file name", examples=["iris.parquet"])]) -> UploadInfo:
    """Send bytes that a commit will use: the body is the content, streamed. They are kept for a day."""
    length = caller.request.headers.get("content-length")
    size = int(length) if length and length.isdecimal() else None
    return await caller.hub.uploads.stage(caller.ctx, name, body_stream(caller.request), size=size)
