"""The native REST API, through a real server."""

from __future__ import annotations

from http.cookies import SimpleCookie

import httpx
import pytest
from starlette.responses import Response

from api.auth import set_session_cookie
from hub_core.errors import NotAuthenticated, TooManyRequests
from tests.conftest import PASSWORD, running_hub, settled


def test_a_repository_lives_its_life(hub_server):
    with hub_server.client("alice:admin") as alice:
        created = alice.post("/api/v2/repositories", json={"type": "dataset", "name": "iris", "license": "mit"})
        assert created.status_code == 201, created.text
        assert created.headers["location"] == "/api/v2/repositories/datasets/alice/iris"
        info = created.json()
        assert (info["visibility"], info["license"], info["clone_path"]) == ("private", "mit", "/datasets/alice/iris.git")

        path = "/api/v2/repositories/datasets/alice/iris"
        put = alice.put(f"{path}/files/data/train.csv", content=b"a,b\n1,x\n2,y\n")
        assert put.status_code == 201, put.text
        rows = alice.get(f"{path}/preview", params={"rows": 1}).json()
        assert [column["name"] for column in rows["columns"]] == ["a", "b"]
        assert rows["rows"] == [[1, "x"]]
        assert rows["path"] == "data/train.csv"

        history = alice.get(f"{path}/commits").json()["items"]
        assert [commit["title"] for commit in history] == ["Write data/train.csv", "Start the repository"]
        assert alice.post(f"{path}/tags", json={"name": "v1"}).status_code == 201
        assert [tag["name"] for tag in alice.get(f"{path}/tags").json()] == ["v1"]

        part = alice.get(f"{path}/raw/data/train.csv", headers={"Range": "bytes=4-6"})
        assert (part.status_code, part.content) == (206, b"1,x")

        changed = alice.patch(path, json={"visibility": "public"}).json()
        assert changed["visibility"] == "public"
        with hub_server.client(None) as anonymous:
            assert anonymous.get(path).status_code == 200

        gone = alice.delete(path).json()
        assert (gone["repository"], gone["commit_count"]) == ("datasets/alice/iris", 2)
        assert alice.get(path).status_code == 404
        folder = hub_server.hub.settings.data_dir / "git"
        hub_server.call(settled(hub_server.hub))
        assert not list(folder.rglob(f"*{info['id'].replace('-', '')}*"))


def test_private_repositories_look_missing_to_others(hub_server):
    with hub_server.client("alice:write") as alice, hub_server.client("bob:admin") as bob, hub_server.client(None) as anonymous:
        alice.post("/api/v2/repositories", json={"type": "model", "name": "secret"})
        there, missing = "/api/v2/repositories/models/alice/secret", "/api/v2/repositories/models/alice/nothing"
        for client in (bob, anonymous):
            answers = [client.get(url) for url in (there, missing)]
            assert [answer.status_code for answer in answers] == [404, 404]
            details = [answer.json()["detail"].replace("secret", "…").replace("nothing", "…") for answer in answers]
            assert details[0] == details[1]
            assert client.get("/api/v2/repositories").json()["items"] == []


@pytest.mark.parametrize(
    ("name", "code"),
    [("..", "invalid_name"), ("a/../b", "invalid_name"), ("new", "invalid_name"), ("a\x00b", "invalid_name"), ("bob/iris", "repository_not_found")],
)
def test_bad_names_are_refused(hub_server, name, code):
    with hub_server.client("alice:write") as alice:
        answer = alice.post("/api/v2/repositories", json={"type": "dataset", "name": name})
        assert answer.json()["code"] == code
        assert answer.headers["content-type"] == "application/problem+json"
        assert alice.get("/api/v2/repositories").json()["items"] == []


def test_a_body_too_large_for_memory_is_refused(settings):
    settings.max_commit_body_bytes = 1000
    with running_hub(settings) as server, server.client("alice:write") as alice:
        answer = alice.post("/api/v2/repositories", json={"type": "dataset", "name": "iris", "description": "x" * 2000})
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert alice.post("/api/v2/uploads?name=a.bin", content=bytes(5000)).status_code == 201


def test_the_openapi_document_is_complete(hub_server):
    document = httpx.get(hub_server.url + "/api/v2/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            assert route.get("summary"), (method, path)
            assert route.get("description"), (method, path)


def test_request_ids_come_back_and_cannot_be_forged_into_headers(hub_server):
    for given, kept in (("abc-1", True), ("a b<script>", False)):
        answer = httpx.get(hub_server.url + "/healthz", headers={"X-Request-Id": given})
        assert (answer.headers["x-request-id"] == given) is kept


def test_a_cookie_counts_only_with_its_csrf_token(hub_server):
    secret = hub_server.call(hub_server.hub.sign_in.sign_in("alice", PASSWORD, address="test"))
    response = Response()
    set_session_cookie(response, hub_server.hub, secret, secure=False)
    cookies = {name: morsel.value for header in response.headers.getlist("set-cookie") for name, morsel in SimpleCookie(header).items()}
    with httpx.Client(base_url=hub_server.url, cookies=cookies) as client:
        assert client.get("/api/v2/whoami").json()["name"] == "alice"
        body = {"type": "dataset", "name": "iris"}
        assert client.post("/api/v2/repositories", json=body).status_code == 403
        assert client.post("/api/v2/repositories", json=body, headers={"X-CSRF-Token": "0" * 64}).status_code == 403
        token = cookies["hubpilot_csrf"]
        assert client.post("/api/v2/repositories", json=body, headers={"X-CSRF-Token": token}).status_code == 201
    forged = {"hubpilot_session": cookies["hubpilot_session"][:-2] + "xx"}
    with httpx.Client(base_url=hub_server.url, cookies=forged) as client:
        assert client.get("/api/v2/whoami").status_code == 401


def test_guessing_passwords_is_slowed_down(hub_server):
    sign_in = hub_server.hub.sign_in.sign_in
    for _ in range(10):
        with pytest.raises(NotAuthenticated):
            hub_server.call(sign_in("alice", "wrong password", address="1.2.3.4"))
    with pytest.raises(TooManyRequests) as caught:
        hub_server.call(sign_in("ALICE", PASSWORD, address="5.6.7.8"))
    assert caught.value.details["retry_after"] > 0
    assert hub_server.call(sign_in("bob", PASSWORD, address="1.2.3.4"))
