"""Who gets into the chat, and what the browser is told on the way."""

from __future__ import annotations

import re

import httpx
import pytest

from api.auth import SESSION_COOKIE
from tests.chat_ui.conftest import Chat
from tests.chat_ui.serve import MAX_UPLOAD

HANDSHAKE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "MDAwMDAwMDAwMDAwMDAwMA==",
}


def test_public_files_are_open_so_that_the_end_of_a_session_can_be_told(chat: Chat) -> None:
    with chat.client() as visitor:
        assert visitor.get("/chat/public/elements/ErrorCard.jsx").status_code == 200
        assert visitor.get("/chat/public/..%2f.chainlit/config.toml").status_code in {400, 404}


@pytest.mark.parametrize("path", ["/chat/", "/chat/thread/00ff"])
def test_a_visitor_is_sent_to_sign_in_and_back(chat: Chat, path: str) -> None:
    with chat.client() as visitor:
        answer = visitor.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={path}")


@pytest.mark.parametrize(
    "path", ["/chat/project/settings", "/chat/user", "/chat/logo", "/chat/ws/socket.io/?EIO=4&transport=polling"]
)
def test_nothing_behind_the_gate_answers_a_visitor(chat: Chat, path: str) -> None:
    with chat.client() as visitor:
        assert visitor.get(path).status_code == 401


def test_a_credential_of_chainlit_is_worth_nothing(chat: Chat) -> None:
    with chat.client() as visitor:
        visitor.cookies.set("hubpilot_chat", "eyJhbGciOiJIUzI1NiJ9.e30.x")
        assert visitor.get("/chat/user").status_code == 401


def test_the_session_says_who_somebody_is_and_leaves_no_other_cookie(chat: Chat) -> None:
    with chat.client("bob") as bob:
        bob.cookies.set("hubpilot_chat", "forged")
        answers = [bob.get("/chat/user"), bob.post("/chat/auth/header"), bob.post("/chat/set-session-cookie", json={"session_id": "x"})]
    assert answers[0].json()["display_name"] == "bob"
    assert "hubpilot_chat" not in (answers[0].headers.get("set-cookie", "") + answers[2].headers.get("set-cookie", ""))


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_another_site_cannot_act_for_somebody(chat: Chat, origin: str) -> None:
    with chat.client("alice") as alice:
        refused = alice.post("/chat/project/threads", json={"pagination": {"first": 5}, "filter": {}}, headers={"Origin": origin})
        upgrade = {"Origin": origin, **HANDSHAKE}
        socket = alice.get("/chat/ws/socket.io/?EIO=4&transport=websocket", headers=upgrade)
        same = alice.post("/chat/project/threads", json={"pagination": {"first": 5}, "filter": {}}, headers={"Origin": chat.url})
    assert (refused.status_code, socket.status_code, same.status_code) == (403, 403, 200)


def test_a_proxy_may_rename_the_host(chat: Chat) -> None:
    behind = {"Origin": "https://hub.example", "X-Forwarded-Host": "hub.example"}
    with chat.client("alice") as alice:
        assert alice.post("/chat/project/threads", json={"pagination": {"first": 5}, "filter": {}}, headers=behind).status_code == 200


def test_the_page_fetches_nothing_from_elsewhere_and_may_not(chat: Chat) -> None:
    with chat.client("alice") as alice:
        page = alice.get("/chat/", headers={"Accept": "text/html"})
    assert not re.findall(r"""(?:href|src)=["'](?:https?:)?//""", page.text)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy.split("style-src")[0]
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce
    assert page.text.count("<script>") == 0
    assert f'<script nonce="{nonce[1]}">' in page.text


def test_a_host_that_is_none_stays_out_of_the_policy(chat: Chat) -> None:
    with chat.client("alice") as alice:
        page = alice.get("/chat/", headers={"Host": "x; script-src *"})
    assert "script-src *" not in page.headers.get("content-security-policy", "")


def test_a_conversation_is_only_its_owners(chat: Chat) -> None:
    with chat.client("alice") as alice:
        assert alice.get("/chat/project/thread/ffff").status_code == 404
        assert alice.request("DELETE", "/chat/project/thread", json={"threadId": "ffff"}).status_code == 404


def test_an_upload_needs_a_conversation_of_the_sender(chat: Chat) -> None:
    with chat.client("alice") as alice:
        answer = alice.post("/chat/project/file?session_id=unknown", files={"file": ("a.csv", b"1")})
    assert answer.status_code == 404
    assert "Reload" in answer.json()["detail"]


def test_uploads_are_limited_as_the_hub_is(chat: Chat) -> None:
    with chat.client("alice") as alice:
        settings = alice.get("/chat/project/settings").json()
    assert settings["features"]["spontaneous_file_upload"]["max_size_mb"] == MAX_UPLOAD // 1_000_000
    assert (settings["dataPersistence"], settings["threadResumable"]) == (True, True)
    assert len(settings["starters"]) == 4


def test_signing_out_in_the_chat_ends_the_session_of_the_hub(chat: Chat) -> None:
    with chat.client("bob") as bob:
        assert bob.post("/chat/logout").status_code == 200
        assert bob.get("/chat/user").status_code == 401


def test_a_wrong_signature_is_no_session(chat: Chat) -> None:
    with httpx.Client(base_url=chat.url, cookies={SESSION_COOKIE: chat.cookie("alice")[:-2] + "xx"}, trust_env=False) as forger:
        assert forger.get("/chat/user").status_code == 401


def test_nothing_is_written_where_the_hub_was_started(chat: Chat) -> None:
    with chat.client("alice") as alice:
        alice.get("/chat/project/settings")
    assert list(chat.folder.iterdir()) == []
