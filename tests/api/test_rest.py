"""The native REST API, through a real server."""

from __future__ import annotations

import time

import pytest


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
        for _ in range(100):
            if not list(folder.rglob(f"*{info['id'].replace('-', '')}*")):
                break
            time.sleep(0.05)
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
