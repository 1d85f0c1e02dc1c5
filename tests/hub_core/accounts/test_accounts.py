"""Users, sessions, access tokens and one-time links."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub_core.accounts.schemas import (
    AccessScope,
    CreateAccessToken,
    CreateUser,
    ListAccessTokens,
    ListUsers,
    RevokeAccessToken,
    WhoAmI,
)
from hub_core.accounts.secrets import load_secret_key
from hub_core.accounts.service import AccountService
from hub_core.accounts.tables import AccessToken, OneTimeLink, WebSession
from hub_core.context import Access, Context, Surface, system_context
from hub_core.db.base import utcnow
from hub_core.errors import (
    AccessTokenNotFound,
    AlreadyExists,
    InvalidInput,
    InvalidName,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    UserAlreadyExists,
)
from tests.conftest import PASSWORD, add_user


async def test_set_up_happens_once(hub):
    path = await hub.set_up()
    secret = path.removeprefix("/setup/")
    accounts = hub.services.accounts
    async with hub.transaction(system_context()) as ctx:
        with pytest.raises(InvalidInput, match="10 characters"):
            await accounts.redeem_link(ctx.session, secret, "alice", "short")
        user = await accounts.redeem_link(ctx.session, secret, "alice", PASSWORD)
    assert user.is_admin
    assert await hub.set_up() is None
    with pytest.raises(NotFound):
        async with hub.transaction(system_context()) as ctx:
            await accounts.redeem_link(ctx.session, secret, "mallory", PASSWORD)


async def test_a_new_set_up_link_ends_the_one_before(hub):
    first, second = await hub.set_up(), await hub.set_up()
    assert first != second
    with pytest.raises(NotFound):
        async with hub.transaction(system_context()) as ctx:
            await hub.services.accounts.redeem_link(ctx.session, first.removeprefix("/setup/"), "alice", PASSWORD)


async def test_only_administrators_create_users_who_choose_their_password(hub, alice):
    admin = await add_user(hub, "boss", admin=True)
    with pytest.raises(PermissionDenied):
        await hub.run(AccountService.create_user, alice, CreateUser(name="carol"))
    created = await hub.run(AccountService.create_user, admin, CreateUser(name="Carol"))
    async with hub.transaction(system_context()) as ctx:
        await hub.services.accounts.redeem_link(ctx.session, created.password_link.removeprefix("/setup/"), None, PASSWORD)
    actor = await hub.sign_in.actor_of_session(await hub.sign_in.sign_in("carol", PASSWORD, address="::1"))
    assert (actor.name, actor.is_admin, actor.access) == ("Carol", False, Access.ADMIN)
    for name in ("CAROL", "alice"):
        with pytest.raises(UserAlreadyExists):
            await hub.run(AccountService.create_user, admin, CreateUser(name=name))
    with pytest.raises(InvalidName):
        await hub.run(AccountService.create_user, admin, CreateUser(name="api"))
    names = [user.name for user in (await hub.run(AccountService.list_users, alice, ListUsers(search="CAR"))).items]
    assert names == ["Carol"]


async def test_an_expired_link_is_worth_nothing(hub):
    secret = (await hub.set_up()).removeprefix("/setup/")
    async with hub.transaction(system_context()) as ctx:
        link, _ = await hub.services.accounts.open_link(ctx.session, secret)
        (await ctx.session.get(OneTimeLink, link.id)).expires_at = utcnow() - timedelta(seconds=1)
    with pytest.raises(NotFound):
        async with hub.transaction(system_context()) as ctx:
            await hub.services.accounts.open_link(ctx.session, secret)


async def test_a_session_ends_when_signed_out_or_expired(hub, alice):
    first, second = [await hub.sign_in.sign_in("Alice", PASSWORD, address="::1") for _ in range(2)]
    await hub.sign_in.end_session(first)
    assert await hub.sign_in.actor_of_session(first) is None
    assert (await hub.sign_in.actor_of_session(second)).name == "alice"
    async with hub.database.transaction(write=True) as session:
        for row in (await session.scalars(WebSession.__table__.select())).all():
            (await session.get(WebSession, row)).expires_at = utcnow()
    assert await hub.sign_in.actor_of_session(second) is None


async def test_wrong_passwords_and_unknown_names_sound_alike(hub, alice):
    messages = set()
    for name, password in (("alice", "wrong wrong"), ("nobody", PASSWORD)):
        with pytest.raises(NotAuthenticated) as caught:
            await hub.sign_in.sign_in(name, password, address="::1")
        messages.add(str(caught.value))
    assert len(messages) == 1


async def test_a_token_acts_with_its_scope_until_it_is_revoked(hub, alice):
    request = CreateAccessToken(name="laptop", scope=AccessScope.WRITE, expires_in_days=30)
    created = await hub.run(AccountService.create_access_token, alice, request)
    assert created.token.startswith("hp_")
    actor = await hub.sign_in.actor_of_token(created.token)
    assert (actor.name, actor.access, actor.credential) == ("alice", Access.WRITE, "token:laptop")
    (info,) = await hub.run(AccountService.list_access_tokens, alice, ListAccessTokens())
    assert info.last_used_at is not None
    assert created.token not in info.model_dump_json()
    with pytest.raises(AlreadyExists):
        await hub.run(AccountService.create_access_token, alice, request)
    who = await hub.run(AccountService.whoami, Context(actor, Surface.REST), WhoAmI())
    assert (who.name, who.scope) == ("alice", AccessScope.WRITE)
    await hub.run(AccountService.revoke_access_token, alice, RevokeAccessToken(name=str(info.id)))
    with pytest.raises(NotAuthenticated):
        await hub.sign_in.actor_of_token(created.token)
    with pytest.raises(AccessTokenNotFound):
        await hub.run(AccountService.revoke_access_token, alice, RevokeAccessToken(name="laptop"))


async def test_secrets_are_kept_as_hashes_only(hub, alice, settings):
    created = await hub.run(AccountService.create_access_token, alice, CreateAccessToken(name="a"))
    session_secret = await hub.sign_in.sign_in("alice", PASSWORD, address="::1")
    link = (await hub.run(AccountService.create_user, await add_user(hub, "boss", admin=True), CreateUser(name="dave"))).password_link
    for path in settings.data_dir.glob("hubpilot.sqlite*"):
        stored = path.read_bytes()
        for secret in (created.token, session_secret, link.removeprefix("/setup/"), PASSWORD):
            assert secret.encode() not in stored, path


async def test_an_expired_token_says_so(hub, alice):
    created = await hub.run(AccountService.create_access_token, alice, CreateAccessToken(name="a", expires_in_days=1))
    async with hub.database.transaction(write=True) as session:
        (await session.get(AccessToken, created.info.id)).expires_at = utcnow()
    with pytest.raises(NotAuthenticated, match="expired"):
        await hub.sign_in.actor_of_token(created.token)


def test_the_secret_key_is_made_once_and_never_empty(tmp_path):
    path = tmp_path / "secret.key"
    path.touch()  # by a hub that was killed before it wrote
    key = load_secret_key(path)
    assert len(key) >= 43
    assert load_secret_key(path) == key
    path.unlink()
    assert load_secret_key(path) != key
    assert path.stat().st_mode & 0o777 == 0o600
