"""Inputs and outputs of accounts and access tokens."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, Field

from hub_core.paging import Cursor, Limit


class AccessScope(StrEnum):
    """What an access token allows; each includes the ones before."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class WhoAmI(BaseModel):
    """Nothing to say: the answer is about the caller."""


class Identity(BaseModel):
    """The caller. `credential` says what proved it; `scope` is what that credential allows."""

    name: str | None
    is_admin: bool
    scope: AccessScope
    credential: str


class CreateUser(BaseModel):
    """A new user, who sets a password through the one-time link of the answer."""

    name: str = Field(description="name to sign in with, and the namespace of the user's repositories", examples=["alice"])
    admin: bool = Field(False, description="whether the user administers the hub")


class UserInfo(BaseModel):
    """A user as others see one."""

    id: uuid.UUID
    name: str
    is_admin: bool
    is_active: bool
    created_at: datetime


class UserCreated(BaseModel):
    """The user, and the path of the page where the password is set. The path works once and is shown once."""

    user: UserInfo
    password_link: str
    expires_at: datetime


class ListUsers(BaseModel):
    """Which users to list; by name."""

    search: str | None = Field(None, max_length=96, description="part of a user name")
    limit: Limit = 50
    cursor: Cursor = None


class CreateAccessToken(BaseModel):
    """A new access token of the caller."""

    name: str = Field(min_length=1, max_length=96, description="label that tells tokens apart", examples=["laptop"])
    scope: AccessScope = Field(AccessScope.READ, description="what the token allows: read, write or admin")
    expires_in_days: int | None = Field(None, ge=1, le=3650, description="days until it ends; empty for never")


class AccessTokenInfo(BaseModel):
    """An access token without its secret."""

    id: uuid.UUID
    name: str
    scope: AccessScope
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


class AccessTokenCreated(BaseModel):
    """The token's secret, shown this once."""

    token: str
    info: AccessTokenInfo


class ListAccessTokens(BaseModel):
    """All access tokens of the caller."""


class RevokeAccessToken(BaseModel):
    """The access token to end."""

    name: str = Field(description="label or id of the token", examples=["laptop"])


class AccessTokenRevoked(BaseModel):
    """The token that no longer works."""

    name: str
