"""Users and tokens for the operator of the machine: straight in the data folder, whether the hub runs or not.

Whoever can write the data folder owns the hub, so nothing is asked. The audit log says `operator` where it names credentials.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
import typer
from pydantic import ValidationError

from api.cli.errors import invalid
from api.cli.local import load_settings, prepare_data_dir
from api.cli.output import print_json, table
from hub_core.accounts.schemas import CreateAccessToken, CreateUser, ListAccessTokens, ListUsers, RevokeAccessToken
from hub_core.accounts.service import AccountService, actor_of
from hub_core.bootstrap import build_hub
from hub_core.context import Access, Actor, Context, Surface
from hub_core.hub import Hub
from hub_core.migrations import upgrade
from hub_core.paging import MAX_PAGE

Output = TypeVar("Output")

_OPERATOR = Context(Actor(name="operator", is_admin=True, access=Access.ADMIN, credential="operator"), Surface.CLI)
_ONCE = "Open this path at the hub's address to set the password. It works once, until {:%Y-%m-%d %H:%M} UTC:"


def create_user(data_dir: str | None, name: str, *, admin: bool) -> None:
    """Create a user; the path of the one-time page goes to standard output, alone. Raises `InvalidName` or `UserAlreadyExists`."""

    async def work(hub: Hub) -> None:
        async with hub.transaction(_OPERATOR, write=False) as ctx:
            first = await hub.services.accounts.needs_set_up(ctx.session)
        created = await hub.run(AccountService.create_user, _OPERATOR, CreateUser(name=name, admin=admin))
        if first and not admin:
            typer.echo("This is the hub's first user and no administrator. Make one with “hubpilot users create NAME --admin”.", err=True)
        typer.echo(f"Created {created.user.name}. {_ONCE.format(created.expires_at)}", err=True)
        typer.echo(created.password_link)

    _with_hub(data_dir, work)


def list_users(data_dir: str | None, *, as_json: bool) -> None:
    """Print every user of the hub."""

    async def work(hub: Hub) -> list[dict[str, Any]]:
        users: list[dict[str, Any]] = []
        request = ListUsers(limit=MAX_PAGE)
        while True:
            page = await hub.run(AccountService.list_users, _OPERATOR, request)
            users.extend(user.model_dump(mode="json") for user in page.items)
            if page.next_cursor is None:
                return users
            request = ListUsers(limit=MAX_PAGE, cursor=page.next_cursor)

    users = _with_hub(data_dir, work)
    (print_json if as_json else table("name", "is_admin", "is_active", "created_at"))(users)


def link_user(data_dir: str | None, name: str) -> None:
    """Print the path of a one-time page where the user sets a new password. Raises `UserNotFound`."""

    async def work(hub: Hub) -> None:
        async with hub.transaction(_OPERATOR) as ctx:
            path, expires_at = await hub.services.accounts.create_password_link(ctx.session, name)
            hub.services.activity.record(ctx.session, ctx, "user.link", name, {"name": name}, "ok")
        typer.echo(_ONCE.format(expires_at), err=True)
        typer.echo(path)

    _with_hub(data_dir, work)


def create_token(data_dir: str | None, user: str, *, name: str, scope: str, expires_in_days: int | None, quiet: bool) -> None:
    """Create an access token of `user`; the token goes to standard output, alone.

    Raises `UserNotFound`, `InvalidInput`, or `AlreadyExists` when the user has one of that name.
    """
    try:
        request = CreateAccessToken.model_validate({"name": name, "scope": scope, "expires_in_days": expires_in_days})
    except ValidationError as error:
        raise invalid(error, {"name": "--name", "expires_in_days": "--expires-in-days"}) from None

    async def work(hub: Hub) -> None:
        created = await hub.run(AccountService.create_access_token, await _as_user(hub, user), request)
        if not quiet:
            typer.echo(f"Access token “{created.info.name}” of {user} ({created.info.scope}). This is the only time it is shown:", err=True)
        typer.echo(created.token)

    _with_hub(data_dir, work)


def list_tokens(data_dir: str | None, user: str, *, as_json: bool) -> None:
    """Print the access tokens of `user`, without their secrets. Raises `UserNotFound`."""

    async def work(hub: Hub) -> list[dict[str, Any]]:
        tokens = await hub.run(AccountService.list_access_tokens, await _as_user(hub, user), ListAccessTokens())
        return [token.model_dump(mode="json") for token in tokens]

    tokens = _with_hub(data_dir, work)
    (print_json if as_json else table("name", "scope", "created_at", "last_used_at", "expires_at", "id"))(tokens)


def revoke_token(data_dir: str | None, user: str, name: str) -> None:
    """End a token of `user`, by label or id. Raises `UserNotFound` or `AccessTokenNotFound`."""

    async def work(hub: Hub) -> None:
        revoked = await hub.run(AccountService.revoke_access_token, await _as_user(hub, user), RevokeAccessToken(name=name))
        typer.echo(f"Revoked “{revoked.name}” of {user}.")

    _with_hub(data_dir, work)


async def _as_user(hub: Hub, name: str) -> Context:
    """What follows happens in the user's name, by the operator's hand."""
    async with hub.transaction(_OPERATOR, write=False) as ctx:
        user = await hub.services.accounts.find_user(ctx.session, name)
    return Context(actor_of(user, Access.ADMIN, "operator"), Surface.CLI)


def _with_hub(data_dir: str | None, work: Callable[[Hub], Awaitable[Output]]) -> Output:
    """Do `work` with the hub of the data folder, its database migrated to this version first."""

    async def session() -> Output:
        hub = build_hub(settings)
        try:
            await upgrade(hub.database)
            return await work(hub)
        finally:
            await hub.database.dispose()

    # Standard output is the command's answer: a line of the log there would end up in somebody's token.
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
    settings = load_settings(data_dir=data_dir)
    prepare_data_dir(settings)
    return asyncio.run(session())
