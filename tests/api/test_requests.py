"""What holds for requests of every kind: limits, methods, and what logs and headers may carry."""

from __future__ import annotations

import asyncio
import subprocess
import threading

import httpx
import pytest
from starlette.requests import Request

from api.errors import logged_path
from api.streams import UploadSlots, body_stream
from hub_core.context import system_context
from hub_core.errors import InvalidContent, TooManyRequests
from hub_core.events.schemas import ListActivity
from hub_core.events.service import ActivityService
from hub_core.paging import encode_cursor
from tests.conftest import running_hub

IRIS = "/api/v2/repositories/datasets/alice/iris"


def create_iris(client, **values):
    client.post("/api/v2/repositories", json={"type": "dataset", "name": "iris", **values}).raise_for_status()


def test_head_is_get_without_the_body(hub_server):
    with hub_server.client("alice:write") as alice:
        create_iris(alice)
        asked, told = alice.get(IRIS), alice.head(IRIS)
        assert (told.status_code, told.content) == (200, b"")
        assert told.headers["content-length"] == asked.headers["content-length"]
        assert alice.head("/api/v2/repositories/datasets/alice/none").status_code == 404
        assert alice.head("/api/v2/uploads").status_code == 405


def test_unknown_addresses_answer_problems(hub_server):
    for path in ("/api/v2/nothing", "/api/v3/repositories", "/nothing"):
        answer = httpx.get(hub_server.url + path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_links_to_the_next_page_survive_any_path(hub_server):
    with hub_server.client("alice:write") as alice:
        create_iris(alice)
        files = [{"path": f"数据 100%/{number}.txt", "text": "x"} for number in range(3)]
        alice.post(f"{IRIS}/commits", json={"message": "m", "write": files}).raise_for_status()
        first = alice.get(f"{IRIS}/tree/数据 100%25", params={"limit": 2})
        assert first.status_code == 200, first.text
        rest = alice.get(first.links["next"]["url"])
        assert [entry["path"] for entry in rest.json()["items"]] == ["数据 100%/2.txt"]


@pytest.mark.parametrize("position", [-1, 1 << 40])
def test_forged_positions_in_the_history_are_refused(hub_server, position):
    with hub_server.client("alice:write") as alice:
        create_iris(alice, license="mit")
        answer = alice.get(f"{IRIS}/commits", params={"cursor": encode_cursor(position)})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


@pytest.mark.parametrize(("token", "visibility", "status"), [("bob:write", "private", 404), ("bob:write", "public", 403), ("alice:read", "public", 403)])
def test_nobody_uploads_to_a_repository_in_vain(hub_server, token, visibility, status):
    with hub_server.client("alice:write") as alice:
        create_iris(alice, visibility=visibility)

    async def stored():
        return [found async for found in hub_server.hub.objects.list()]

    with hub_server.client(token) as client:
        assert client.put(f"{IRIS}/files/a.bin", content=b"x" * 100_000).status_code == status
    assert hub_server.call(stored()) == []


def test_uploads_beyond_the_limit_are_asked_to_come_back(settings):
    settings.max_parallel_uploads = 1
    begun, go_on = threading.Event(), threading.Event()

    def slowly():
        yield b"a"
        begun.set()
        go_on.wait(30)
        yield b"b"

    with running_hub(settings) as server, server.client("alice:write") as slow, server.client("alice:write") as other:
        answers = []
        thread = threading.Thread(target=lambda: answers.append(slow.post("/api/v2/uploads?name=a.bin", content=slowly())))
        thread.start()
        assert begun.wait(30)
        for _ in range(100):
            refused = other.post("/api/v2/uploads?name=b.bin", content=b"b")
            if refused.status_code == 429:
                break
        assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (429, "too_many_requests", "10")
        go_on.set()
        thread.join(30)
        assert answers[0].status_code == 201
        assert other.post("/api/v2/uploads?name=b.bin", content=b"b").status_code == 201


def test_a_slot_is_free_again_after_a_failure():
    slots = UploadSlots(1)
    with pytest.raises(ValueError, match="failed"), slots.one():
        with pytest.raises(TooManyRequests), slots.one():
            pass
        raise ValueError("failed")
    with slots.one():
        pass


async def test_a_body_that_stands_still_is_given_up():
    async def silence():
        await asyncio.Event().wait()

    request = Request({"type": "http", "method": "PUT", "headers": []}, silence)
    with pytest.raises(InvalidContent, match="Nothing has arrived"):
        async for _ in body_stream(request, idle_seconds=0.05):
            pass


def test_the_secret_of_a_one_time_link_stays_out_of_logs():
    assert "secret" not in logged_path({"path": "/setup/secret"})
    assert logged_path({"path": "/api/v2/whoami"}) == "/api/v2/whoami"


def test_the_audit_row_of_a_push_has_the_id_of_its_request(hub_server, tmp_path):
    with hub_server.client("alice:write") as alice:
        create_iris(alice)
    push(hub_server, tmp_path)
    activity = hub_server.call(hub_server.hub.run(ActivityService.list, system_context(), ListActivity()))
    assert [len(row.request_id) for row in activity.items if row.operation == "repository.push"] == [32]


def push(hub_server, folder):
    def git(*arguments):
        subprocess.run(["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b", *arguments], check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    (folder / "a.txt").write_text("a")
    git("add", "a.txt")
    git("commit", "-qm", "a")
    git("push", "-q", hub_server.git_url("datasets/alice/iris"), "main")
