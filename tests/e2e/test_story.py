"""The whole story on a fresh hub, as a person with a browser and a terminal lives it. No network, the shipped model only."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.conftest import PASSWORD, require_program
from tests.e2e.conftest import StartedHub

PATIENCE = 60_000
SCREENSHOTS = os.environ.get("HUBPILOT_TEST_SCREENSHOTS")


class Chat:
    """The chat in a browser: say something, look at the last turn."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._shots = 0

    def say(self, text: str, *expected: str) -> str:
        """Send a message, wait until each of `expected` stands below it, and return all that does."""
        self.page.locator("#chat-input").click()
        self.page.keyboard.type(text)
        # The button is there and usable once the page is connected; Enter before that would be lost.
        expect(self.page.locator("#chat-submit")).to_be_enabled(timeout=PATIENCE)
        self.page.keyboard.press("Enter")
        for words in expected:
            expect(self.last_turn().get_by_text(words).first).to_be_visible(timeout=PATIENCE)
        self.picture(text)
        return "\n".join(self.last_turn().all_inner_texts())

    def last_turn(self):
        """Everything below the last message of the person."""
        return self.page.locator("[data-step-type=user_message]").last.locator("xpath=following::*[@data-step-type or contains(@class, 'hp-card')]")

    def picture(self, name: str) -> None:
        """Keep a picture where somebody wants to look at them."""
        self._shots += 1
        if SCREENSHOTS:
            Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(SCREENSHOTS) / f"{self._shots:02d}-{''.join(c if c.isalnum() else '-' for c in name)[:40]}.png")


@pytest.fixture(scope="module")
def person(started_hub: StartedHub, browser: Browser):
    """Alice, who has just set up the hub."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    assert started_hub.set_up_url
    page.goto(started_hub.set_up_url)
    page.get_by_label("Your name").fill("alice")
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.get_by_role("button", name="Create the administrator").click()
    page.wait_for_selector("#chat-input", timeout=PATIENCE)
    yield context
    context.close()


@pytest.fixture(scope="module")
def chat(person: BrowserContext) -> Chat:
    return Chat(person.pages[0])


@pytest.fixture(scope="module")
def token(started_hub: StartedHub, person: BrowserContext) -> str:
    return started_hub.command("tokens", "create", "--user", "alice", "--scope", "admin", "--name", "laptop", "--quiet").strip()


def git(*arguments: str, cwd: Path | None = None) -> str:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0", "HOME": "/nonexistent"}
    done = subprocess.run(["git", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_set_up_link_works_once(started_hub, person, browser):
    stranger = browser.new_context().new_page()
    answer = stranger.goto(started_hub.set_up_url)
    assert answer.status == 404
    stranger.goto(started_hub.url + "/chat/")
    expect(stranger).to_have_url(started_hub.url + "/sign-in?next=/chat/")


def test_a_sentence_creates_a_dataset(chat):
    answer = chat.say("create a private dataset called iris", "Created the private dataset", "/datasets/alice/iris.git")
    assert "private" in answer


def test_git_brings_real_data(started_hub, token, tmp_path):
    require_program("git-lfs", "git-lfs")
    clone = tmp_path / "iris"
    git("clone", started_hub.url.replace("://", f"://alice:{token}@") + "/datasets/alice/iris", str(clone))
    git("lfs", "install", "--local", cwd=clone)
    git("lfs", "track", "*.parquet", cwd=clone)
    table = pa.table({"sepal length": [4.9 + number / 10 for number in range(150)], "species": ["setosa", "virginica", "versicolor"] * 50})
    pq.write_table(table, clone / "iris.parquet")
    (clone / "README.md").write_text("---\nlicense: cc-by-4.0\ntags: [flowers]\n---\n# Iris\n")
    git("add", ".", cwd=clone)
    git("-c", "user.name=Alice", "-c", "user.email=alice@example.com", "commit", "-m", "Add the measurements of 1936", cwd=clone)
    git("push", "origin", "HEAD", cwd=clone)
    assert git("ls-remote", "origin", "main", cwd=clone).startswith(git("rev-parse", "HEAD", cwd=clone).strip())


def test_the_chat_shows_and_manages_it(chat, tmp_path):
    chat.say("show me 5 rows of iris", "150 rows in all", "sepal length", "versicolor")
    expect(chat.page.locator(".hp-card table tbody tr")).to_have_count(5)
    chat.say("which license does it have?", "cc-by-4.0")
    chat.say("what changed last?", "Add the measurements of 1936")
    chat.say("make it public", "public")
    chat.say("tag it v1", "v1")
    chat.say("list my datasets", "alice/iris")

    notes = tmp_path / "notes.csv"
    notes.write_text("flower,remark\niris,blue\n")
    chat.page.locator("input[type=file]").first.set_input_files(notes)
    expect(chat.page.get_by_text("notes.csv").first).to_be_visible(timeout=PATIENCE)
    assert "notes.csv" in chat.say("put this file into iris", "notes.csv")


def test_curl_sees_the_same(started_hub, token):
    with httpx.Client(base_url=started_hub.url, headers={"Authorization": f"Bearer {token}"}) as client:
        info = client.get("/api/v2/repositories/datasets/alice/iris").json()
        assert (info["visibility"], info["license"], info["tags"]) == ("public", "cc-by-4.0", ["flowers"])
        assert [tag["name"] for tag in client.get("/api/v2/repositories/datasets/alice/iris/tags").json()] == ["v1"]
        text = client.get("/api/v2/repositories/datasets/alice/iris/raw/notes.csv").text
        assert text == "flower,remark\niris,blue\n"
        missing = client.get("/api/v2/repositories/datasets/alice/wine").json()
        assert missing["code"] == "repository_not_found"


def test_the_command_line_sees_the_same(started_hub, token):
    rows = json.loads(started_hub.command("datasets", "preview", "iris", "--path", "iris.parquet", "--rows", "2", "--json", HUBPILOT_TOKEN=token))
    assert [column["name"] for column in rows["columns"]] == ["sepal length", "species"]
    assert len(rows["rows"]) == 2
    assert "alice/iris" in started_hub.command("ask", "list my datasets", HUBPILOT_TOKEN=token)
    with pytest.raises(AssertionError, match="repository_not_found"):
        started_hub.command("repositories", "get", "wine", HUBPILOT_TOKEN=token)


def test_deleting_needs_approval_and_then_leaves_nothing(started_hub, chat, token):
    with httpx.Client(base_url=started_hub.url, headers={"Authorization": f"Bearer {token}"}) as client:
        key = client.get("/api/v2/repositories/datasets/alice/iris").json()["id"].replace("-", "")
        chat.say("delete iris", "Approve")
        card = chat.page.locator(".hp-approval").last
        for fact in ("datasets/alice/iris", "commits", "size"):
            expect(card.get_by_text(fact).first).to_be_visible()
        card.get_by_role("button", name="Reject").click()
        expect(card.get_by_text("Nothing was changed").first).to_be_visible(timeout=PATIENCE)
        assert client.get("/api/v2/repositories/datasets/alice/iris").status_code == 200
        assert list((started_hub.data_dir / "git").rglob(f"*{key}*"))

        chat.say("delete iris", "Approve")
        card = chat.page.locator(".hp-approval").last
        card.get_by_role("button", name="Approve").click()
        expect(chat.page.get_by_text("with 2 commits").last).to_be_visible(timeout=PATIENCE)
        chat.picture("deleted")
        assert client.get("/api/v2/repositories/datasets/alice/iris").status_code == 404
        for _ in range(100):
            left = [*(started_hub.data_dir / "git").rglob(f"*{key}*"), *(path for path in (started_hub.data_dir / "objects").rglob("*") if len(path.name) == 64)]
            if not left:
                break
            chat.page.wait_for_timeout(100)
        assert not left


def test_nonsense_and_the_forbidden_get_an_honest_answer(chat):
    assert "Created" not in chat.say("flurb the wibble quox", "I ")
    assert "somebody/secrets" in chat.say("show me 5 rows of somebody/secrets", "no repository")


def test_it_fits_a_phone_in_the_dark(started_hub, person, browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark", storage_state=person.storage_state())
    page = context.new_page()
    page.goto(started_hub.url + "/chat/")
    page.wait_for_selector("#chat-input", timeout=PATIENCE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    chat = Chat(page)
    chat.say("list my datasets", "dataset")
    page.wait_for_timeout(500 if SCREENSHOTS else 0)
    chat.picture("phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
