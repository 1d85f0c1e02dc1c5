"""Git's access decisions, taken from the hub's accounts and permissions."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers

from api.auth import actor_of_headers
from api.git.access import OpenRepository
from api.git.routes import GitRoute
from hub_core.context import ANONYMOUS, Actor, Context, Surface
from hub_core.errors import NotAuthenticated, RepositoryNotFound
from hub_core.git.port import GitService, PushRules, RefUpdate
from hub_core.hub import Hub
from hub_core.names import RepositoryRef, RepositoryType
from hub_core.permissions import Permission
from hub_core.repositories import lookup


class HubGitAccess:
    """`GitAccess` for the repositories of one hub."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def open(self, headers: Headers, route: GitRoute, service: GitService) -> OpenRepository:
        """See `GitAccess.open`."""
        actor = await actor_of_headers(self._hub, headers) or ANONYMOUS
        ctx = Context(actor, Surface.GIT, headers.get("x-request-id", ""))
        permission = Permission.WRITE if service is GitService.RECEIVE_PACK else Permission.READ
        ref = RepositoryRef(route.name, route.namespace, route.type)
        try:
            async with self._hub.transaction(ctx, write=False) as inside:
                opened = await lookup.open_repository(inside, ref, permission, prefer=RepositoryType.MODEL)
        except RepositoryNotFound:
            if actor.is_anonymous:
                raise NotAuthenticated("Sign in with an access token as password.") from None
            raise
        return OpenRepository(opened.key, self._rules(ctx, opened, actor))

    def _rules(self, ctx: Context, opened: lookup.OpenRepository, actor: Actor) -> PushRules:
        async def check_pointers(pointers: dict[str, int]) -> Sequence[str]:
            return await self._hub.lfs.missing(ctx, opened.row.id, pointers)

        async def pushed(updates: Sequence[RefUpdate]) -> None:
            await self._hub.indexer.pushed(ctx, opened.row.id, [update.ref for update in updates])

        name = actor.name or "anonymous"
        return PushRules(check_pointers, pushed, name, f"{name}@users.hubpilot.invalid")
