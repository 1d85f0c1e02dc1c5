"""Proving who somebody is: passwords, web sessions, access tokens; and slowing down those who guess."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub_core.accounts.secrets import TOKEN_PREFIX, digest, new_secret, verify_password
from hub_core.accounts.service import actor_of
from hub_core.accounts.tables import AccessToken, OneTimeLink, SignInAttempt, User, WebSession
from hub_core.context import Access, Actor
from hub_core.db.base import utcnow
from hub_core.db.engine import Database
from hub_core.db.rows import insert
from hub_core.errors import NotAuthenticated, TooManyRequests
from hub_core.names import fold

# Failures allowed in the window, for one name and for one address. An office shares an address, so that bound is wider.
_WINDOW = timedelta(minutes=15)
_MAX_PER_NAME = 10
_MAX_PER_ADDRESS = 50
# Last use is written at most this often: a clone makes hundreds of requests.
_USE_RESOLUTION = timedelta(minutes=1)


class SignInService:
    """Turns credentials into actors. Opens its own short transactions: it runs before there is a caller."""

    def __init__(self, database: Database, session_days: int) -> None:
        self._database = database
        self._session_lifetime = timedelta(days=session_days)

    async def sign_in(self, name: str, password: str, *, address: str, user_agent: str = "") -> str:
        """Check a password and start a web session; returns the session's secret.

        Raises `NotAuthenticated` without saying which of the two is wrong, and `TooManyRequests` after too many failures.
        """
        attempt = await self._attempt(name, address)
        async with self._database.transaction(write=False) as session:
            user = await session.scalar(select(User).where(User.name_folded == fold(name), User.is_active))
        if not await verify_password(user.password_hash if user else None, password) or user is None:
            raise NotAuthenticated("This name and password do not match.", hint="Try again, or ask an administrator for a new link.")
        async with self._database.transaction(write=True) as session:
            await session.execute(delete(SignInAttempt).where(SignInAttempt.id.in_(attempt)))
        return await self.start_session(user.id, user_agent=user_agent)

    async def start_session(self, user_id: uuid.UUID, *, user_agent: str = "") -> str:
        """Start a web session; returns its secret."""
        secret = new_secret()
        async with self._database.transaction(write=True) as session:
            session.add(
                WebSession(
                    secret_hash=digest(secret), user_id=user_id, user_agent=user_agent[:255],
                    expires_at=utcnow() + self._session_lifetime,
                )
            )
        return secret

    async def end_session(self, secret: str) -> None:
        """Sign a browser out; harmless when it is already."""
        async with self._database.transaction(write=True) as session:
            await session.execute(delete(WebSession).where(WebSession.secret_hash == digest(secret)))

    async def forget_ended(self) -> None:
        """Remove web sessions and one-time links whose time is over: they prove nothing any more."""
        async with self._database.transaction(write=True) as session:
            for table in (WebSession, OneTimeLink):
                await session.execute(delete(table).where(table.expires_at <= utcnow()))

    async def actor_of_session(self, secret: str) -> Actor | None:
        """Who a web session belongs to; None when it has ended."""
        async with self._database.transaction(write=False) as session:
            found = (
                await session.execute(
                    select(WebSession, User)
                    .join(User, User.id == WebSession.user_id)
                    .where(WebSession.secret_hash == digest(secret), WebSession.expires_at > utcnow(), User.is_active)
                )
            ).one_or_none()
        if found is None:
            return None
        row, user = found
        if utcnow() - row.last_seen_at > _USE_RESOLUTION:
            async with self._database.transaction(write=True) as session:
                if fresh := await session.get(WebSession, row.id):
                    fresh.last_seen_at = utcnow()
                    fresh.expires_at = utcnow() + self._session_lifetime
        return actor_of(user, Access.ADMIN, "session", row.id)

    async def actor_of_token(self, secret: str) -> Actor:
        """Who an access token acts for; raises `NotAuthenticated`."""
        found = None
        if secret.startswith(TOKEN_PREFIX):
            async with self._database.transaction(write=False) as session:
                found = (
                    await session.execute(
                        select(AccessToken, User)
                        .join(User, User.id == AccessToken.user_id)
                        .where(AccessToken.secret_hash == digest(secret), User.is_active)
                    )
                ).one_or_none()
        if found is None:
            raise NotAuthenticated("This access token is not valid.", hint="Create one in the hub, or check for a typing error.")
        token, user = found
        if token.expires_at is not None and token.expires_at <= utcnow():
            raise NotAuthenticated(f"The access token “{token.name}” has expired.", hint="Create a new one.")
        if token.last_used_at is None or utcnow() - token.last_used_at > _USE_RESOLUTION:
            async with self._database.transaction(write=True) as session:
                if fresh := await session.get(AccessToken, token.id):
                    fresh.last_used_at = utcnow()
        return actor_of(user, Access(token.access), f"token:{token.name}", token.id)

    async def _attempt(self, name: str, address: str) -> list[int]:
        """Count an attempt as failed until it has succeeded, or a thousand at once would each be the first; returns the ids of its rows."""
        now = utcnow()
        keys = {_name_key(name): _MAX_PER_NAME, _address_key(address): _MAX_PER_ADDRESS}
        async with self._database.transaction(write=True) as session:
            await session.execute(delete(SignInAttempt).where(SignInAttempt.at <= now - _WINDOW))
            return [await _take_place(session, key, allowed, now) for key, allowed in keys.items()]


async def _take_place(session: AsyncSession, key: str, allowed: int, now: datetime) -> int:
    """Write an attempt into one of the `allowed` places of `key`; no place is taken twice, whoever else tries meanwhile. Returns its id."""
    while True:
        taken = set(await session.scalars(select(SignInAttempt.place).where(SignInAttempt.key == key)))
        free = next((place for place in range(allowed) if place not in taken), None)
        if free is None:
            raise TooManyRequests(
                "Too many failed sign-ins.", hint="Wait a quarter of an hour.", retry_after=int(_WINDOW.total_seconds())
            )
        row = SignInAttempt(key=key, place=free, at=now)
        if await insert(session, row):
            return row.id


def _name_key(name: str) -> str:
    # Hashed: people type passwords into the name field, and this table must not keep them.
    return "name:" + digest(fold(name))


def _address_key(address: str) -> str:
    return f"address:{address[:100]}"
