"""The caller, users and access tokens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response, status

from api.rest.common import CallerDep, link_next
from hub_core.accounts.schemas import (
    AccessTokenCreated,
    AccessTokenInfo,
    AccessTokenRevoked,
    CreateAccessToken,
    CreateUser,
    Identity,
    ListAccessTokens,
    ListUsers,
    RevokeAccessToken,
    UserCreated,
    UserInfo,
    WhoAmI,
)
from hub_core.accounts.service import AccountService
from hub_core.paging import Page

router = APIRouter(tags=["accounts"])


@router.get("/whoami")
async def whoami(caller: CallerDep) -> Identity:
    """Who you are."""
    return await caller.run(AccountService.whoami, WhoAmI())


@router.get("/users")
async def list_users(caller: CallerDep, query: Annotated[ListUsers, Query()], response: Response) -> Page[UserInfo]:
    """List users."""
    page = await caller.run(AccountService.list_users, query)
    link_next(caller, response, page)
    return page


@router.post("/users", status_code=status.HTTP_201_CREATED)
async def create_user(caller: CallerDep, body: CreateUser) -> UserCreated:
    """Create a user."""
    return await caller.run(AccountService.create_user, body)


@router.get("/access-tokens")
async def list_access_tokens(caller: CallerDep) -> list[AccessTokenInfo]:
    """List your access tokens."""
    return await caller.run(AccountService.list_access_tokens, ListAccessTokens())


@router.post("/access-tokens", status_code=status.HTTP_201_CREATED)
async def create_access_token(caller: CallerDep, body: CreateAccessToken) -> AccessTokenCreated:
    """Create an access token; its secret is shown this once."""
    return await caller.run(AccountService.create_access_token, body)


@router.delete("/access-tokens/{name}")
async def revoke_access_token(caller: CallerDep, name: str) -> AccessTokenRevoked:
    """End an access token, by label or id."""
    return await caller.run(AccountService.revoke_access_token, RevokeAccessToken(name=name))
