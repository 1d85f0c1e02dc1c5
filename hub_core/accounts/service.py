"""Users and their access tokens."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub_core.accounts.schemas import (
    AccessScope,
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
from hub_core.accounts.secrets import TOKEN_PREFIX, digest, hash_password, new_secret
from hub_core.accounts.tables import AccessToken, Namespace, OneTimeLink, User, WebSession
from hub_core.context import Access, Actor, Context
from hub_core.db.base import as_id, new_id, utcnow
from hub_core.db.rows import insert
from hub_core.errors import (
    AccessTokenNotFound,
    AlreadyExists,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    UserAlreadyExists,
    UserNotFound,
)
from hub_core.names import check_namespace, fold
from hub_core.operation import Effect, operation
from hub_core.paging import Page, decode_cursor, encode_cursor

_LINK_LIFETIME = timedelta(days=7)


class AccountService:
    """Creates users, tells who the caller is, and keeps access tokens."""

    @operation("user.whoami", scope="user:read", effect=Effect.READ)
    async def whoami(self, ctx: Context, request: WhoAmI) -> Identity:
        """Tell who the caller is and what the credential in use allows."""
        actor = ctx.actor
        if actor.is_anonymous:
            raise NotAuthenticated("Nobody is signed in.", hint="Sign in, or send an access token.")
        return Identity(
            name=actor.name, is_admin=actor.is_admin, scope=AccessScope(actor.access.name.lower()), credential=actor.credential
        )

    @operation("user.create", scope="user:admin", effect=Effect.WRITE)
    async def create_user(self, ctx: Context, request: CreateUser) -> UserCreated:
        """Create a user and a one-time link where the password is set. Administrators only."""
        self._require_admin(ctx, "create users")
        user = await self.add_user(ctx.session, request.name, password_hash=None, is_admin=request.admin)
        secret, link = self._one_time_link(user.id)
        ctx.session.add(link)
        return UserCreated(user=_user_info(user), password_link=f"/setup/{secret}", expires_at=link.expires_at)

    @operation("user.list", scope="user:read", effect=Effect.READ)
    async def list_users(self, ctx: Context, request: ListUsers) -> Page[UserInfo]:
        """List the users of the hub by name."""
        if ctx.actor.is_anonymous and not ctx.actor.is_admin:  # the machine's operator is nobody's account, and may
            raise NotAuthenticated("Sign in to see who uses this hub.")
        query = select(User).order_by(User.name_folded).limit(request.limit + 1)
        if request.search:
            query = query.where(User.name_folded.contains(fold(request.search), autoescape=True))
        if request.cursor:
            query = query.where(User.name_folded > decode_cursor(request.cursor, (str,))[0])
        rows = (await ctx.session.scalars(query)).all()
        page = rows[: request.limit]
        return Page(
            items=[_user_info(row) for row in page],
            next_cursor=encode_cursor(page[-1].name_folded) if len(rows) > request.limit else None,
        )

    @operation("access_token.create", scope="access_token:admin", effect=Effect.WRITE)
    async def create_access_token(self, ctx: Context, request: CreateAccessToken) -> AccessTokenCreated:
        """Create an access token for git, scripts and the command line. Its secret is shown this once."""
        if ctx.actor.user_id is None:
            raise NotAuthenticated("Sign in to create an access token.")
        return await self.add_access_token(ctx.session, ctx.actor.user_id, request)

    @operation("access_token.list", scope="access_token:read", effect=Effect.READ)
    async def list_access_tokens(self, ctx: Context, request: ListAccessTokens) -> list[AccessTokenInfo]:
        """List your access tokens with scope, last use and expiry; secrets are never shown again."""
        rows = await ctx.session.scalars(
            select(AccessToken).where(AccessToken.user_id == ctx.actor.user_id).order_by(AccessToken.created_at)
        )
        return [_token_info(row) for row in rows]

    @operation("access_token.revoke", scope="access_token:admin", effect=Effect.WRITE)
    async def revoke_access_token(self, ctx: Context, request: RevokeAccessToken) -> AccessTokenRevoked:
        """End an access token at once. Programs that use it are signed out."""
        matches: Sequence[AccessToken] = (
            await ctx.session.scalars(
                select(AccessToken).where(
                    AccessToken.user_id == ctx.actor.user_id,
                    or_(AccessToken.name == request.name, AccessToken.id == as_id(request.name)),
                )
            )
        ).all()
        if not matches:
            raise AccessTokenNotFound(f"You have no access token called {request.name[:96]!a}.", hint="Nothing was changed.")
        await ctx.session.delete(matches[0])
        return AccessTokenRevoked(name=matches[0].name)

    # What follows is not for callers but for set-up, sign-in and the operator's command line.

    async def add_user(self, session: AsyncSession, name: str, *, password_hash: str | None, is_admin: bool) -> User:
        """Insert a user and the namespace of the same name; raises `InvalidName` or `UserAlreadyExists`."""
        check_namespace(name)
        user = User(id=new_id(), name=name, name_folded=fold(name), password_hash=password_hash, is_admin=is_admin)
        user.created_at, user.is_active = utcnow(), True
        namespace = Namespace(name=name, name_folded=fold(name), user_id=user.id)
        if not (await insert(session, user) and await insert(session, namespace)):
            raise UserAlreadyExists(f"The name “{name}” is taken.", hint="Choose another name. Nothing was changed.")
        return user

    async def add_access_token(
        self, session: AsyncSession, user_id: uuid.UUID, request: CreateAccessToken
    ) -> AccessTokenCreated:
        """Insert an access token; raises `AlreadyExists` when the user has one of that name."""
        secret = TOKEN_PREFIX + new_secret()
        now = utcnow()
        row = AccessToken(
            id=new_id(), secret_hash=digest(secret), user_id=user_id, name=request.name,
            access=int(Access.parse(request.scope)), created_at=now,
            expires_at=now + timedelta(days=request.expires_in_days) if request.expires_in_days else None,
        )
        if not await insert(session, row):
            raise AlreadyExists(
                f"You already have an access token called “{request.name}”.", hint="Choose another label, or revoke that one first."
            )
        return AccessTokenCreated(token=secret, info=_token_info(row))

    async def find_user(self, session: AsyncSession, name: str) -> User:
        """The user of that name; raises `UserNotFound`."""
        user = await session.scalar(select(User).where(User.name_folded == fold(name)))
        if user is None:
            raise UserNotFound(f"There is no user {name[:96]!a}.")
        return user

    async def needs_set_up(self, session: AsyncSession) -> bool:
        """Whether the hub has no user yet."""
        return not await session.scalar(select(func.count()).select_from(User))

    async def create_set_up_link(self, session: AsyncSession) -> str:
        """The path of the one-time page that makes the administrator; earlier ones stop working."""
        for row in await session.scalars(select(OneTimeLink).where(OneTimeLink.user_id.is_(None))):
            await session.delete(row)
        secret, link = self._one_time_link(None)
        session.add(link)
        return f"/setup/{secret}"

    async def create_password_link(self, session: AsyncSession, name: str) -> tuple[str, datetime]:
        """The path of a one-time page where that user sets a new password, and when it ends; the user's earlier ones stop working.

        The present password goes on working until then. Raises `UserNotFound`.
        """
        user = await self.find_user(session, name)
        await session.execute(delete(OneTimeLink).where(OneTimeLink.user_id == user.id))
        secret, link = self._one_time_link(user.id)
        session.add(link)
        return f"/setup/{secret}", link.expires_at

    async def open_link(self, session: AsyncSession, secret: str) -> tuple[OneTimeLink, User | None]:
        """The one-time link with this secret and the user it is for; raises `NotFound` when used, expired or forged."""
        # Locked: of two who use it at once, the second finds it gone.
        link = await session.scalar(select(OneTimeLink).where(OneTimeLink.secret_hash == digest(secret)).with_for_update())
        if link is None or link.expires_at <= utcnow():
            raise NotFound("This link has been used or has expired.", hint="Ask your administrator for a new one.")
        return link, await session.get(User, link.user_id) if link.user_id else None

    async def redeem_link(self, session: AsyncSession, secret: str, name: str | None, password: str) -> User:
        """Use a one-time link: set the password of its user, or make the administrator `name`.

        A new password ends the user's web sessions; access tokens have their own ends.
        """
        password_hash = await hash_password(password)
        link, user = await self.open_link(session, secret)
        if user is None:
            if not await self.needs_set_up(session):
                raise NotFound("This hub is already set up.", hint="Sign in.")
            user = await self.add_user(session, name or "", password_hash=password_hash, is_admin=True)
        else:
            user.password_hash = password_hash
            # Whoever knew the old password may still be signed in by it.
            await session.execute(delete(WebSession).where(WebSession.user_id == user.id))
        await session.delete(link)
        return user

    def _one_time_link(self, user_id: uuid.UUID | None) -> tuple[str, OneTimeLink]:
        secret = new_secret()
        return secret, OneTimeLink(secret_hash=digest(secret), user_id=user_id, expires_at=utcnow() + _LINK_LIFETIME)

    def _require_admin(self, ctx: Context, what: str) -> None:
        if not ctx.actor.is_admin:
            raise PermissionDenied(f"Only administrators may {what}.", hint="Nothing was changed.")


def actor_of(user: User, access: Access, credential: str, credential_id: uuid.UUID | None = None) -> Actor:
    """The actor a proven credential stands for."""
    return Actor(user.id, user.name, user.is_admin, access, credential, credential_id)


def _user_info(row: User) -> UserInfo:
    return UserInfo(id=row.id, name=row.name, is_admin=row.is_admin, is_active=row.is_active, created_at=row.created_at)


def _token_info(row: AccessToken) -> AccessTokenInfo:
    return AccessTokenInfo(
        id=row.id, name=row.name, scope=AccessScope(Access(row.access).name.lower()), created_at=row.created_at,
        last_used_at=row.last_used_at, expires_at=row.expires_at,
    )
