"""The hub's own pages: set-up, signing in and out, access tokens; and what nobody may do with them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from api.auth import CSRF_COOKIE, SESSION_COOKIE
from api.errors import install_error_handlers
from api.web import install_web
from api.web.pages import local_path
from hub_core.accounts.schemas import CreateUser, ListAccessTokens
from hub_core.accounts.service import AccountService
from hub_core.context import Context, system_context
from hub_core.hub import Hub
from tests.conftest import PASSWORD


@pytest_asyncio.fixture
async def browser(hub: Hub) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in front of the pages."""
    app = FastAPI()
    app.state.hub = hub
    install_error_handlers(app)
    install_web(app)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as client:
        yield client


async def submit(browser: httpx.AsyncClient, page: str, fields: dict[str, str], action: str | None = None) -> httpx.Response:
    """Open a page, and send its form as the browser would."""
    form = (await browser.get(page)).text
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', form)
    assert csrf, form
    return await browser.post(action or page, data={"csrf": csrf[1], **fields})


async def sign_in(browser: httpx.AsyncClient, name: str, password: str = PASSWORD, target: str = "/sign-in") -> httpx.Response:
    following = re.search(r"next=([^&]*)", target)
    return await submit(browser, target, {"name": name, "password": password, "next": following[1] if following else ""}, "/sign-in")


async def set_up_link(hub: Hub) -> str:
    async with hub.transaction(system_context("test")) as ctx:
        return await hub.services.accounts.create_set_up_link(ctx.session)


async def test_a_new_hub_says_how_to_begin(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/")
    assert answer.status_code == 200
    assert "http://hub.test/setup/" in answer.text


async def test_the_start_leads_to_the_chat(browser: httpx.AsyncClient, alice: Context) -> None:
    answer = await browser.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/chat")


async def test_the_set_up_link_makes_the_administrator_once(browser: httpx.AsyncClient, hub: Hub) -> None:
    link = await set_up_link(hub)
    done = await submit(browser, link, {"name": "root-user", "password": PASSWORD, "again": PASSWORD})
    assert (done.status_code, done.headers["location"]) == (303, "/chat")
    secret = browser.cookies[SESSION_COOKIE]
    assert secret
    assert (await browser.get(link)).status_code == 404
    assert (await browser.get("/sign-in")).headers["location"] == "/chat"
    async with hub.transaction(system_context("test"), write=False) as ctx:
        assert (await hub.services.accounts.find_user(ctx.session, "root-user")).is_admin


@pytest.mark.parametrize(
    ("name", "password", "again", "complaint"),
    [
        ("carol", PASSWORD, PASSWORD + "x", "not the same"),
        ("carol", "short", "short", "at least 10 characters"),
        ("admin", PASSWORD, PASSWORD, "reserved"),
        ("a b", PASSWORD, PASSWORD, "name"),
    ],
)
async def test_a_set_up_that_fails_keeps_what_was_typed_but_no_password(
    browser: httpx.AsyncClient, hub: Hub, name: str, password: str, again: str, complaint: str
) -> None:
    answer = await submit(browser, await set_up_link(hub), {"name": name, "password": password, "again": again})
    assert answer.status_code == 422
    assert complaint in answer.text
    assert f'value="{name}"' in answer.text
    assert password not in answer.text


async def test_a_user_chooses_a_password_by_link(browser: httpx.AsyncClient, hub: Hub, alice: Context) -> None:
    async with hub.transaction(system_context("test")) as ctx:
        created = await AccountService().create_user(ctx, CreateUser(name="dora"))
    page = await browser.get(created.password_link)
    assert "Welcome, dora" in page.text
    assert 'name="name"' not in page.text
    again = {"password": "a brand new password", "again": "a brand new password", "name": "alice"}
    assert (await submit(browser, created.password_link, again)).status_code == 303
    browser.cookies.clear()
    assert (await sign_in(browser, "dora", "a brand new password")).status_code == 303


async def test_a_forged_link_is_a_page_that_says_so(browser: httpx.AsyncClient, alice: Context) -> None:
    answer = await browser.get("/setup/forged")
    assert answer.status_code == 404
    assert "used or has expired" in answer.text
    assert answer.headers["content-type"].startswith("text/html")


async def test_signing_in_and_out(browser: httpx.AsyncClient, hub: Hub, alice: Context) -> None:
    answer = await sign_in(browser, "ALICE", target="/sign-in?next=/account/tokens")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/tokens")
    session = answer.headers.get_list("set-cookie")[0]
    assert "HttpOnly" in session
    assert "SameSite=lax" in session
    secret = browser.cookies[SESSION_COOKIE]
    out = await submit(browser, "/account/tokens", {}, "/sign-out")
    assert out.headers["location"] == "/sign-in"
    browser.cookies.set(SESSION_COOKIE, secret)
    assert (await browser.get("/account/tokens")).headers["location"] == "/sign-in?next=/account/tokens"


async def test_a_wrong_password_keeps_the_name_and_tells_no_more(browser: httpx.AsyncClient, alice: Context) -> None:
    answers = [await sign_in(browser, name, "not the password") for name in ("alice", "nobody")]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert 'value="alice"' in answers[0].text
    assert "not the password" not in answers[0].text
    assert "do not match" in answers[0].text
    assert "do not match" in answers[1].text
    assert SESSION_COOKIE not in browser.cookies


async def test_guessing_is_slowed_down(browser: httpx.AsyncClient, alice: Context) -> None:
    for _ in range(10):
        await sign_in(browser, "alice", "wrong guess")
    answer = await sign_in(browser, "alice")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "900")
    assert "Too many failed sign-ins" in answer.text


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/setup/x", "/account/tokens", "/account/tokens/revoke"])
async def test_a_form_of_another_site_changes_nothing(browser: httpx.AsyncClient, alice: Context, path: str) -> None:
    await sign_in(browser, "alice")
    for token in ("", "0" * 64, browser.cookies[CSRF_COOKIE][:-1] + "x"):
        answer = await browser.post(path, data={"csrf": token, "name": "alice", "password": PASSWORD, "scope": "admin"})
        assert answer.status_code == 403
    assert (await browser.get("/account/tokens")).status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "/\t/evil.example",
        "/\n/evil.example", "evil.example", "", None, "///evil.example",
    ],
)
def test_no_link_leads_from_the_sign_in_page_to_another_site(target: str | None) -> None:
    assert local_path(target) == "/chat"


@pytest.mark.parametrize("target", ["/chat", "/chat/thread/1?x=1", "/account/tokens", "/alice/iris#top"])
def test_links_into_the_hub_are_followed(target: str) -> None:
    assert local_path(target) == target


async def test_a_token_is_shown_once_and_can_be_revoked(browser: httpx.AsyncClient, hub: Hub, alice: Context) -> None:
    await sign_in(browser, "alice")
    made = await submit(browser, "/account/tokens", {"name": "<b>laptop</b>", "scope": "write", "days": "30"})
    secret = re.search(r"hp_[\w-]+", made.text)
    assert secret
    assert "<b>" not in made.text
    assert (await hub.sign_in.actor_of_token(secret[0])).name == "alice"
    shown = await browser.get("/account/tokens")
    assert secret[0] not in shown.text
    again = await submit(browser, "/account/tokens", {"name": "<b>laptop</b>", "scope": "read", "days": ""})
    assert again.status_code == 409
    identifier = re.search(r'name="id" value="([^"]+)"', shown.text)
    assert identifier
    for _ in range(2):
        gone = await submit(browser, "/account/tokens", {"id": identifier[1]}, "/account/tokens/revoke")
        assert gone.headers["location"] == "/account/tokens"
    assert await hub.run(AccountService.list_access_tokens, alice, ListAccessTokens()) == []


async def test_a_token_needs_a_name_and_a_scope(browser: httpx.AsyncClient, alice: Context) -> None:
    await sign_in(browser, "alice")
    answer = await submit(browser, "/account/tokens", {"name": " ", "scope": "everything", "days": "soon"})
    assert answer.status_code == 422
    assert "needs a name" in answer.text


async def test_pages_are_not_kept_framed_or_scripted(browser: httpx.AsyncClient, alice: Context) -> None:
    for path in ("/sign-in", "/setup/forged", "/account/tokens"):
        headers = (await browser.get(path)).headers
        assert headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
    page = (await browser.get("/sign-in")).text
    assert not re.search(r"<script(?! src=\"/static/)|\son\w+=|style=|https?://", page)


async def test_an_endless_form_is_refused(browser: httpx.AsyncClient, alice: Context) -> None:
    answer = await browser.post("/sign-in", content=b"name=" + b"x" * 70_000)
    assert answer.status_code == 413


async def test_the_files_of_the_pages_are_there(browser: httpx.AsyncClient, alice: Context) -> None:
    page = (await browser.get("/sign-in")).text
    for path in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
        assert (await browser.get(path)).status_code == 200
