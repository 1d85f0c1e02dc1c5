"""Folders, files, history, commits and previews."""

from __future__ import annotations

from fastapi import APIRouter, Response, status
from pydantic import BaseModel, Field

from api.rest.common import REPOSITORY, CallerDep, RepositoryDep, announced_length, link_next, parse, serve_file
from api.streams import body_stream, upload_slots
from hub_core.datasets.schemas import DatasetRows, DatasetSchema, DescribeDataset, PreviewDataset
from hub_core.datasets.service import DatasetService
from hub_core.permissions import Permission
from hub_core.repositories.commits import CommitService
from hub_core.repositories.contents import ContentService
from hub_core.repositories.lookup import open_repository
from hub_core.repositories.schemas import (
    CommitCreated,
    CommitListing,
    CreateCommit,
    DeleteFile,
    FileContent,
    FileListing,
    FileWrite,
    ListCommits,
    ListFiles,
    ReadFile,
)

router = APIRouter(tags=["contents"])


class NewCommit(BaseModel):
    """Many changes in one commit: all of them happen or none."""

    message: str = Field(min_length=1, max_length=10_000, examples=["Add the test split"])
    branch: str | None = Field(None, examples=["main"])
    parent: str | None = Field(None, description="the commit the branch must still be at")
    write: list[FileWrite] = []
    delete: list[str] = []


@router.get(REPOSITORY + "/tree")
@router.get(REPOSITORY + "/tree/{path:path}")
async def list_files(
    caller: CallerDep, repository: RepositoryDep, response: Response, path: str = "", revision: str | None = None,
    recursive: bool = False, limit: int = 100, cursor: str | None = None,
) -> FileListing:
    """List a folder at any revision."""
    values = {"path": path, "revision": revision, "recursive": recursive, "limit": limit, "cursor": cursor}
    page = await caller.run(ContentService.list_files, parse(ListFiles, {"repository": repository, **values}))
    link_next(caller, response, page)
    return page


@router.get(REPOSITORY + "/text/{path:path}")
async def read_file(caller: CallerDep, repository: RepositoryDep, path: str, revision: str | None = None) -> FileContent:
    """Read a text file, its beginning if it is long."""
    return await caller.run(ContentService.read_file, parse(ReadFile, {"repository": repository, "path": path, "revision": revision}))


@router.get(REPOSITORY + "/raw/{path:path}", response_class=Response)
@router.head(REPOSITORY + "/raw/{path:path}", response_class=Response, include_in_schema=False)
async def raw_file(caller: CallerDep, repository: RepositoryDep, path: str, revision: str | None = None) -> Response:
    """The bytes of a file, large or small, with ranges."""
    contents = caller.hub.services.contents
    async with caller.hub.transaction(caller.ctx, write=False) as ctx:
        file = await contents.open(ctx, repository, path, revision)
    return serve_file(contents, file)


@router.put(REPOSITORY + "/files/{path:path}", status_code=status.HTTP_201_CREATED)
async def put_file(
    caller: CallerDep, repository: RepositoryDep, path: str, message: str | None = None, branch: str | None = None,
    parent: str | None = None,
) -> CommitCreated:
    """Create or replace one file of any size: the body is its content, streamed. Large files go to LFS by themselves."""
    # Asked before the first byte is taken: a refusal should cost no upload.
    async with caller.hub.transaction(caller.ctx, write=False) as ctx:
        await open_repository(ctx, repository, Permission.WRITE)
    with upload_slots(caller.request).one():
        upload = await caller.hub.uploads.stage(caller.ctx, path, body_stream(caller.request), size=announced_length(caller.request))
    request = {
        "repository": repository, "branch": branch, "parent": parent, "message": message or f"Write {path}",
        "write": [{"path": path, "upload_id": upload.id}],
    }
    return await caller.run(CommitService.create, parse(CreateCommit, request))


@router.delete(REPOSITORY + "/files/{path:path}")
async def delete_file(caller: CallerDep, repository: RepositoryDep, path: str, message: str | None = None) -> CommitCreated:
    """Remove a file or folder in a new commit."""
    return await caller.run(CommitService.delete_file, parse(DeleteFile, {"repository": repository, "path": path, "message": message}))


@router.get(REPOSITORY + "/commits")
async def list_commits(
    caller: CallerDep, repository: RepositoryDep, response: Response, revision: str | None = None, path: str | None = None,
    limit: int = 20, cursor: str | None = None,
) -> CommitListing:
    """List commits, newest first."""
    values = {"revision": revision, "path": path, "limit": limit, "cursor": cursor}
    page = await caller.run(ContentService.list_commits, parse(ListCommits, {"repository": repository, **values}))
    link_next(caller, response, page)
    return page


@router.post(REPOSITORY + "/commits", status_code=status.HTTP_201_CREATED)
async def create_commit(caller: CallerDep, repository: RepositoryDep, body: NewCommit) -> CommitCreated:
    """Write and remove many files in one commit."""
    return await caller.run(CommitService.create, parse(CreateCommit, {"repository": repository, **body.model_dump()}))


@router.get(REPOSITORY + "/preview")
async def preview_dataset(
    caller: CallerDep, repository: RepositoryDep, path: str | None = None, revision: str | None = None, rows: int = 10
) -> DatasetRows:
    """The first rows of a data file."""
    values = {"repository": repository, "path": path, "revision": revision, "rows": rows}
    return await caller.run(DatasetService.preview, parse(PreviewDataset, values))


@router.get(REPOSITORY + "/schema")
async def describe_dataset(
    caller: CallerDep, repository: RepositoryDep, path: str | None = None, revision: str | None = None
) -> DatasetSchema:
    """The columns of a data file."""
    values = {"repository": repository, "path": path, "revision": revision}
    return await caller.run(DatasetService.describe, parse(DescribeDataset, values))
