"""The chat in a real browser: cards, decisions, files, and what happens when a session ends."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from api.auth import SESSION_COOKIE
from hub_core.accounts.tables import WebSession
from hub_core.context import system_context
from hub_core.hub import Hub
from hub_core.repositories.tables import Upload
from tests.chat_ui.conftest import Chat
from tests.chat_ui.scripted import CARDS
from tests.chat_ui.serve import MAX_UPLOAD

pytest.importorskip("playwright")
from playwright.sync_api import Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no browser: apt-get install chromium"), pytest.mark.timeout(240),
    pytest.mark.filterwarnings("default"),
]
ARGUMENTS = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking"]
COMPOSER = "#chat-input"


@dataclass
class Browser:
    """One person's window."""

    page: Page
    chat: Chat
    elsewhere: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, path: str = "/chat/") -> None:
        self.page.goto(self.chat.url + path)
        expect(self.page.locator("#starters button").first).to_be_enabled()

    def say(self, sentence: str) -> None:
        self.page.locator(COMPOSER).click()
        self.page.keyboard.type(sentence)
        self.page.locator("#chat-submit").click()


@pytest.fixture
def alice(chat: Chat) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        window = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = window.new_context()
        context.set_default_timeout(20_000)
        context.add_cookies([{"name": SESSION_COOKIE, "value": chat.cookie("alice"), "url": chat.url}])
        browser = Browser(context.new_page(), chat)
        expect.set_options(timeout=20_000)
        browser.page.on("request", lambda request: _note_elsewhere(browser, request.url))
        browser.page.on("pageerror", lambda error: browser.errors.append(str(error)))
        yield browser
        window.close()


def _note_elsewhere(browser: Browser, url: str) -> None:
    if not url.startswith((browser.chat.url, browser.chat.url.replace("http", "ws"), "data:", "blob:")):
        browser.elsewhere.append(url)


def test_every_card_is_drawn_and_nothing_is_fetched_from_elsewhere(alice: Browser) -> None:
    alice.open()
    for shown, kind in enumerate(CARDS, 1):
        alice.say(f"card {kind}")
        expect(alice.page.locator(".hp-card")).to_have_count(shown)
    for word, drawn in (("choices", ".hp-choice"), ("cite", ".hp-citations"), ("fail", ".hp-error")):
        alice.say(word)
        expect(alice.page.locator(drawn).first).to_be_visible()
    assert (alice.elsewhere, alice.errors) == ([], [])
    assert not list((alice.chat.data_dir / "chat" / ".files").rglob("*.json")), "a card was written to disk"


def test_a_next_step_is_said_for_the_person(alice: Browser) -> None:
    alice.open()
    alice.say("choices")
    alice.page.get_by_role("button", name="The model alice/iris").click()
    expect(alice.page.get_by_text("You said: show models/alice/iris")).to_be_visible()
    expect(alice.page.locator(".hp-choice:enabled")).to_have_count(0)


def test_an_approval_waits_in_the_conversation_until_it_is_decided(alice: Browser) -> None:
    alice.open()
    alice.say("approve")
    expect(alice.page.get_by_role("button", name="Approve", exact=True)).to_be_visible()
    alice.page.reload()
    alice.page.locator("#thread-history a", has_text="approve").first.click()
    alice.page.get_by_role("button", name="Approve", exact=True).click()
    expect(alice.page.locator(".hp-outcome", has_text="Approved")).to_be_visible()
    expect(alice.page.get_by_role("heading", name="Deleted alice/iris")).to_be_visible()
    expect(alice.page.get_by_role("button", name="Approve", exact=True)).to_have_count(0)


def test_a_rejected_call_leaves_an_inert_card(alice: Browser) -> None:
    alice.open()
    alice.say("approve")
    alice.page.get_by_role("button", name="Reject").click()
    expect(alice.page.locator(".hp-inert .hp-outcome-rejected")).to_be_visible()
    expect(alice.page.get_by_text("Nothing was deleted.")).to_be_visible()


def test_a_file_goes_into_the_hub_with_the_message(alice: Browser, tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    file.write_bytes(b"w" * (MAX_UPLOAD - 1))
    alice.open()
    alice.page.set_input_files("#upload-button-input", file)
    expect(alice.page.locator("#attachments")).to_contain_text("weights")
    alice.say("store this")
    expect(alice.page.get_by_text("You said: store this with weights.safetensors")).to_be_visible()

    async def sizes(hub: Hub) -> list[Any]:
        async with hub.transaction(system_context("test"), write=False) as ctx:
            return list(await ctx.session.scalars(select(Upload.size).where(Upload.file_name == file.name)))

    assert alice.chat.run(sizes) == [MAX_UPLOAD - 1]
    assert [path for path in (alice.chat.data_dir / "chat" / ".files").rglob("*") if path.is_file()] == []


def test_a_defect_is_told_and_the_conversation_goes_on(alice: Browser) -> None:
    alice.open()
    alice.say("crash")
    expect(alice.page.locator(".hp-error")).to_contain_text("The hub made a mistake")
    alice.say("hello")
    expect(alice.page.get_by_text("You said: hello")).to_be_visible()


def test_a_session_that_ended_cannot_say_anything(alice: Browser) -> None:
    alice.open()
    alice.say("hello there")
    expect(alice.page.get_by_text("You said: hello there")).to_be_visible()
    expect(alice.page.locator("#thread-history a", has_text="hello there")).to_be_visible()

    async def end_sessions(hub: Hub) -> None:
        async with hub.transaction(system_context("test")) as ctx:
            await ctx.session.execute(delete(WebSession))

    alice.chat.run(end_sessions)
    alice.say("still here")
    # On a card with a link, or on the sign-in page, where Chainlit's page goes by itself when it happens to ask who is signed in.
    expect(alice.page.get_by_text("Your session has ended").first).to_be_visible()
    expect(alice.page.get_by_text("You said: still here")).to_have_count(0)


def test_signing_out_leads_to_the_sign_in_page(alice: Browser) -> None:
    alice.open()
    alice.page.locator("#user-nav-button").click()
    alice.page.get_by_role("menuitem").click()
    expect(alice.page).to_have_url(re.compile(r"/sign-in\?next=/chat/?(&ended=1)?$"))
