"""Signing in under attack, and after a new password."""

from __future__ import annotations

import asyncio

from hub_core.context import system_context
from hub_core.errors import NotAuthenticated, TooManyRequests
from tests.conftest import PASSWORD


async def test_guesses_made_at_once_count_like_guesses_in_a_row(hub, alice):
    guesses = [hub.sign_in.sign_in("alice", f"guess {number}", address=f"::{number}") for number in range(30)]
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    assert sum(isinstance(answer, NotAuthenticated) for answer in answers) == 10
    assert sum(isinstance(answer, TooManyRequests) for answer in answers) == 20


async def test_a_right_password_costs_no_attempt(hub, alice):
    for _ in range(12):
        assert await hub.sign_in.sign_in("alice", PASSWORD, address="::1")


async def test_a_new_password_signs_out_whoever_knew_the_old_one(hub, alice, bob):
    known = await hub.sign_in.sign_in("alice", PASSWORD, address="::1")
    others = await hub.sign_in.sign_in("bob", PASSWORD, address="::1")
    async with hub.transaction(system_context()) as ctx:
        path, _ = await hub.services.accounts.create_password_link(ctx.session, "alice")
        await hub.services.accounts.redeem_link(ctx.session, path.removeprefix("/setup/"), None, "another long password")
    assert await hub.sign_in.actor_of_session(known) is None
    assert await hub.sign_in.actor_of_session(others) is not None
