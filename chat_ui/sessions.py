"""Who talks: the hub's own web session decides, anew for every request and every message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar

from hub_core.context import Actor, Context, Surface
from hub_core.errors import NotAuthenticated
from hub_core.hub import Hub

SecretOf = Callable[[Mapping[str, str]], str | None]

# Set by the gate for each HTTP request and each websocket; the tasks that handle a websocket's events inherit it.
_secret: ContextVar[str | None] = ContextVar("hubpilot_chat_session", default=None)


class Sessions:
    """Turns a browser's cookies into callers. `secret_of` reads the session's secret from cookies, or None where the signature is wrong."""

    def __init__(self, hub: Hub, secret_of: SecretOf) -> None:
        self._hub = hub
        self._secret_of = secret_of

    async def enter(self, cookies: Mapping[str, str]) -> Actor | None:
        """Remember whose request this is; None when nobody is signed in."""
        secret = self._secret_of(cookies)
        _secret.set(secret)
        return await self._hub.sign_in.actor_of_session(secret) if secret else None

    async def context(self) -> Context:
        """The caller of what is going on now, acting as a person; raises `NotAuthenticated` when the session has ended meanwhile."""
        secret = _secret.get()
        actor = await self._hub.sign_in.actor_of_session(secret) if secret else None
        if actor is None:
            raise NotAuthenticated("Your session has ended.", hint="Sign in again; nothing was changed.")
        return Context(actor, Surface.WEB)

    async def leave(self) -> None:
        """Sign the browser out."""
        if secret := _secret.get():
            await self._hub.sign_in.end_session(secret)
