"""Who may do what with a repository.

| Caller | public: read | public: write, admin | private: read | private: write, admin |
|---|---|---|---|---|
| anonymous, stranger | yes | no | no | no |
| owner | yes | yes | yes | yes |
| site administrator | yes | yes | yes | yes |

Whoever may not read a repository is told that it does not exist. Site administrators hold every permission: they own the disk.
What the caller's credential allows (`Access`) is checked before, by `run()`, and here once more for surfaces that stream.
"""

from __future__ import annotations

import uuid
from enum import IntEnum
from typing import Protocol

from hub_core.context import Access, Context
from hub_core.errors import NotAuthenticated, PermissionDenied, RepositoryNotFound, ScopeMissing


class Permission(IntEnum):
    """Each permission includes the ones below."""

    READ = 1
    WRITE = 2
    ADMIN = 3


class Resource(Protocol):
    """What the decision needs to know of a repository."""

    @property
    def owner_id(self) -> uuid.UUID | None: ...
    @property
    def is_public(self) -> bool: ...
    @property
    def label(self) -> str: ...


def can(ctx: Context, permission: Permission, resource: Resource) -> bool:
    """Whether the caller's account holds `permission`, whatever the credential's level."""
    actor = ctx.actor
    if actor.is_admin or (not actor.is_anonymous and actor.user_id == resource.owner_id):
        return True
    return permission is Permission.READ and resource.is_public


def require(ctx: Context, permission: Permission, resource: Resource) -> None:
    """Return if the caller may, else raise.

    Raises `RepositoryNotFound` to those who may not even read, `NotAuthenticated` to anonymous writers, `PermissionDenied` to readers
    and `ScopeMissing` when the account may but its credential is of a lower level.
    """
    if not can(ctx, Permission.READ, resource):
        raise RepositoryNotFound(f"There is no repository {resource.label}, or none that you may see.")
    if not can(ctx, permission, resource):
        if ctx.actor.is_anonymous:
            raise NotAuthenticated(f"Sign in to change {resource.label}.")
        raise PermissionDenied(f"You may read {resource.label} but not change it.", hint="Ask its owner.")
    if ctx.actor.access < Access(permission.value):
        raise ScopeMissing(
            f"This credential allows {ctx.actor.access.name.lower()} only; the call needs {permission.name.lower()}.",
            hint="Use an access token with a wider scope.",
        )


def visible_to(ctx: Context) -> uuid.UUID | bool:
    """What a listing may show: True for everything, False for public repositories only, else a user whose own are shown too."""
    if ctx.actor.is_admin:
        return True
    return ctx.actor.user_id or False
