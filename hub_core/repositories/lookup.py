"""Finding the repository somebody means, and checking what they may do with it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub_core.accounts.tables import Namespace
from hub_core.context import Context
from hub_core.errors import AmbiguousName, NotAuthenticated, RepositoryNotFound
from hub_core.names import RepositoryRef, RepositoryType, fold
from hub_core.permissions import Permission, require, visible_to
from hub_core.repositories.schemas import Visibility
from hub_core.repositories.tables import Repository


@dataclass(frozen=True, slots=True)
class OpenRepository:
    """A repository whose use has been allowed; `key` addresses its git storage."""

    row: Repository
    namespace: str
    owner_id: uuid.UUID | None

    @property
    def key(self) -> str:
        return self.row.id.hex

    @property
    def is_public(self) -> bool:
        return self.row.visibility == Visibility.PUBLIC

    @property
    def label(self) -> str:
        return f"{self.namespace}/{self.row.name}"

    @property
    def path(self) -> str:
        return f"{RepositoryType(self.row.type).prefix}/{self.label}"


def visible(ctx: Context) -> Select[Repository, str, uuid.UUID | None]:
    """Repositories the caller may know of, each with its namespace's name and owner."""
    # An outer join finds the same, as every repository has its namespace. But MariaDB takes an inner one for an invitation to begin with
    # the namespaces, and then sorts all repositories instead of reading a page of them off an index.
    query = select(Repository, Namespace.name, Namespace.user_id).outerjoin(Namespace, Namespace.id == Repository.namespace_id)
    seen = visible_to(ctx)
    if seen is True:
        return query
    public = Repository.visibility == Visibility.PUBLIC
    return query.where(public if seen is False else or_(public, Namespace.user_id == seen))


async def open_repository(
    ctx: Context, reference: str | RepositoryRef, permission: Permission, *, prefer: RepositoryType | None = None
) -> OpenRepository:
    """The repository `reference` means to this caller, with `permission` checked.

    A bare name is looked for in the caller's own namespace first, then among everything visible. Raises `RepositoryNotFound` also for
    repositories the caller may not see, and `AmbiguousName` when several fit and none is of type `prefer`.
    """
    ref = reference if isinstance(reference, RepositoryRef) else RepositoryRef.parse(reference)
    found = await _candidates(ctx, ref)
    if ref.namespace is None:
        own = [candidate for candidate in found if not ctx.actor.is_anonymous and candidate.owner_id == ctx.actor.user_id]
        found = own or found
    preferred = [candidate for candidate in found if candidate.row.type == prefer]
    found = preferred or found
    if not found:
        raise RepositoryNotFound(f"There is no repository {ref}, or none that you may see.", hint="Check the name; nothing was changed.")
    if len(found) > 1:
        names = [candidate.path for candidate in found[:10]]
        raise AmbiguousName(f"“{ref}” could be {', '.join(names)}.", hint="Say which.", candidates=names)
    require(ctx, permission, found[0])
    return found[0]


async def _candidates(ctx: Context, ref: RepositoryRef) -> list[OpenRepository]:
    query = visible(ctx).where(Repository.name_folded == fold(ref.name)).limit(50)
    if ref.namespace is not None:
        query = query.where(Namespace.name_folded == fold(ref.namespace))
    if ref.type is not None:
        query = query.where(Repository.type == ref.type)
    rows = await ctx.session.execute(query.order_by(Repository.type, Namespace.name_folded))
    return [OpenRepository(row, namespace, owner_id) for row, namespace, owner_id in rows]


async def writable_namespace(ctx: Context, name: str | None) -> Namespace:
    """The namespace a new repository goes to; raises when the caller may not create there."""
    if ctx.actor.is_anonymous:
        raise NotAuthenticated("Sign in to create repositories.")
    wanted = fold(name or ctx.actor.name or "")
    row: Namespace | None = await ctx.session.scalar(select(Namespace).where(Namespace.name_folded == wanted))
    if row is None or not (ctx.actor.is_admin or row.user_id == ctx.actor.user_id):
        raise RepositoryNotFound(
            f"You cannot create repositories under “{name}”.", hint=f"Use your own namespace, {ctx.actor.name}. Nothing was created."
        )
    return row


async def reopen(session: AsyncSession, repository_id: uuid.UUID) -> OpenRepository | None:
    """The repository with this id, for jobs; None when it is gone."""
    found = (
        await session.execute(
            select(Repository, Namespace.name, Namespace.user_id)
            .join(Namespace, Namespace.id == Repository.namespace_id)
            .where(Repository.id == repository_id)
        )
    ).one_or_none()
    return OpenRepository(*found) if found else None


