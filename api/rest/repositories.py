"""Repositories, branches and tags."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response, status
from pydantic import BaseModel, Field

from api.rest.common import REPOSITORY, CallerDep, RepositoryDep, link_next, parse
from hub_core.paging import Page
from hub_core.repositories.refs import RefService
from hub_core.repositories.schemas import (
    CreateRef,
    CreateRepository,
    CreateTag,
    DeleteRef,
    DeleteRepository,
    GetRepository,
    ListRefs,
    ListRepositories,
    RefInfo,
    RepositoryDeleted,
    RepositoryInfo,
    UpdateRepository,
    Visibility,
)
from hub_core.repositories.service import RepositoryService

router = APIRouter(tags=["repositories"])


class RepositoryChange(BaseModel):
    """What to change; what is left out stays."""

    visibility: Visibility | None = None
    description: str | None = Field(None, max_length=2000)


class NewBranch(BaseModel):
    """A new branch."""

    name: str = Field(examples=["experiment"])
    revision: str | None = Field(None, examples=["main"])


class NewTag(NewBranch):
    """A new tag."""

    name: str = Field(examples=["v1"])
    message: str | None = None


@router.post("/repositories", status_code=status.HTTP_201_CREATED)
async def create_repository(caller: CallerDep, body: CreateRepository, response: Response) -> RepositoryInfo:
    """Create a repository."""
    info = await caller.run(RepositoryService.create, body)
    response.headers["Location"] = f"/api/v2/repositories/{info.path}"
    return info


@router.get("/repositories")
async def list_repositories(
    caller: CallerDep, query: Annotated[ListRepositories, Query()], response: Response
) -> Page[RepositoryInfo]:
    """List repositories you may see."""
    page = await caller.run(RepositoryService.list, query)
    link_next(caller, response, page)
    return page


@router.get(REPOSITORY)
async def get_repository(caller: CallerDep, repository: RepositoryDep) -> RepositoryInfo:
    """Get a repository."""
    return await caller.run(RepositoryService.get, GetRepository(repository=repository))


@router.patch(REPOSITORY)
async def update_repository(caller: CallerDep, repository: RepositoryDep, body: RepositoryChange) -> RepositoryInfo:
    """Change visibility or description."""
    change = parse(UpdateRepository, {"repository": repository, **body.model_dump(exclude_unset=True)})
    return await caller.run(RepositoryService.update, change)


@router.delete(REPOSITORY)
async def delete_repository(caller: CallerDep, repository: RepositoryDep) -> RepositoryDeleted:
    """Delete a repository for good."""
    return await caller.run(RepositoryService.delete, DeleteRepository(repository=repository))


@router.get(REPOSITORY + "/branches")
async def list_branches(caller: CallerDep, repository: RepositoryDep) -> list[RefInfo]:
    """List branches."""
    return await caller.run(RefService.list_branches, ListRefs(repository=repository))


@router.post(REPOSITORY + "/branches", status_code=status.HTTP_201_CREATED)
async def create_branch(caller: CallerDep, repository: RepositoryDep, body: NewBranch) -> RefInfo:
    """Create a branch."""
    return await caller.run(RefService.create_branch, parse(CreateRef, {"repository": repository, **body.model_dump()}))


@router.delete(REPOSITORY + "/branches/{ref:path}")
async def delete_branch(caller: CallerDep, repository: RepositoryDep, ref: str) -> RefInfo:
    """Delete a branch."""
    return await caller.run(RefService.delete_branch, parse(DeleteRef, {"repository": repository, "name": ref}))


@router.get(REPOSITORY + "/tags")
async def list_tags(caller: CallerDep, repository: RepositoryDep) -> list[RefInfo]:
    """List tags."""
    return await caller.run(RefService.list_tags, ListRefs(repository=repository))


@router.post(REPOSITORY + "/tags", status_code=status.HTTP_201_CREATED)
async def create_tag(caller: CallerDep, repository: RepositoryDep, body: NewTag) -> RefInfo:
    """Tag a commit."""
    return await caller.run(RefService.create_tag, parse(CreateTag, {"repository": repository, **body.model_dump()}))


@router.delete(REPOSITORY + "/tags/{ref:path}")
async def delete_tag(caller: CallerDep, repository: RepositoryDep, ref: str) -> RefInfo:
    """Delete a tag."""
    return await caller.run(RefService.delete_tag, parse(DeleteRef, {"repository": repository, "name": ref}))
