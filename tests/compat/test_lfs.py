"""A real git-lfs client, and clients that break off, against a running hub."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hub_core.context import Access, Actor, Context, Surface
from hub_core.repositories.schemas import CreateRepository, Visibility
from hub_core.repositories.service import RepositoryService
from hub_core.settings import Settings
from tests.conftest import RunningHub, require_program

MIB = 1 << 20
IDENTITY = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in (("NAME", "a"), ("EMAIL", "a@b.invalid"))}


def oid_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Desk:
    """Where somebody works with git: an own home, no prompts, no credentials but those in the URL."""

    folder: Path
    hub: RunningHub

    def git(self, *arguments: str, cwd: Path | None = None, fails: bool = False, **environment: str) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd or self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "GIT_TERMINAL_PROMPT": "0", **IDENTITY, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stderr
        return done.stdout + done.stderr

    def clone(self, name: str, repository: str = "alice/weights.git", token: str | None = "alice:write", *, smudge: bool = True) -> Path:
        self.git("clone", "-q", self.hub.git_url(repository, token), name, GIT_LFS_SKIP_SMUDGE="0" if smudge else "1")
        return self.folder / name

    def push(self, work: Path, files: dict[str, bytes], *, fails: bool = False) -> str:
        (work / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
        for path, content in files.items():
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            (work / path).write_bytes(content)
        self.git("add", ".", cwd=work)
        self.git("commit", "-q", "-m", "weights", cwd=work)
        return self.git("push", "origin", "HEAD:main", cwd=work, fails=fails)


@pytest.fixture
def desk(tmp_path: Path, hub_server: RunningHub) -> Desk:
    require_program("git-lfs", "git-lfs")
    create(hub_server, "weights", "private")
    folder = tmp_path / "desk"
    folder.mkdir()
    desk = Desk(folder, hub_server)
    desk.git("lfs", "install", "--skip-repo")
    return desk


def create(running: RunningHub, name: str, visibility: str) -> None:
    alice = running.call(running.hub.sign_in.actor_of_token(running.tokens["alice:admin"]))
    ctx = Context(Actor(alice.user_id, "alice", access=Access.ADMIN), Surface.REST)
    request = CreateRepository(name=name, type="model", visibility=Visibility(visibility))
    running.call(running.hub.run(RepositoryService.create, ctx, request))


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def eventually(true: Callable[[], object], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize("suffix", ["", ".git"])
def test_push_and_clone(desk: Desk, settings: Settings, suffix: str) -> None:
    files = {"model.bin": os.urandom(5 * MIB), "empty.bin": b"", "데이터/큰 파일.bin": os.urandom(70_000), "README.md": b"# weights\n"}
    files |= {f"shard-{number}.bin": os.urandom(1000) for number in range(120)}
    desk.push(desk.clone("one", "alice/weights" + suffix), files)
    two = desk.clone("two", "models/alice/weights" + suffix, "alice:read")
    assert {path: (two / path).read_bytes() for path in files} == files
    stored = {path.name for path in files_below(settings.data_dir / "objects")}
    assert stored == {oid_of(content) for path, content in files.items() if path.endswith(".bin") and content}


def test_what_is_pushed_again_is_not_sent_again(desk: Desk) -> None:
    create(desk.hub, "copy", "public")
    content = os.urandom(MIB)
    one = desk.clone("one")
    desk.push(one, {"model.bin": content})
    trace = desk.git("push", desk.hub.git_url("alice/copy"), "HEAD:main", cwd=one, GIT_TRACE="1")
    assert "/alice/copy.git/info/lfs/objects/batch" in trace
    assert "HTTP: PUT" not in trace
    assert (desk.clone("two", "alice/copy", None) / "model.bin").read_bytes() == content


def test_strangers_cannot_clone_and_readers_cannot_push(desk: Desk) -> None:
    one = desk.clone("one")
    desk.push(one, {"model.bin": os.urandom(1000)})
    for token in (None, "bob:write"):
        desk.git("clone", desk.hub.git_url("alice/weights", token), "stolen", fails=True)
        shutil.rmtree(one / ".git/lfs/objects")
        told = desk.git("lfs", "fetch", "--all", desk.hub.git_url("alice/weights", token), cwd=one, fails=True)
        assert ("credentials" if token is None else "There is no repository") in told
    reader = desk.clone("reader", token="alice:read")
    told = desk.push(reader, {"other.bin": os.urandom(1000)}, fails=True)
    assert "read only" in told


def test_a_broken_off_download_is_resumed(desk: Desk) -> None:
    content = os.urandom(3 * MIB)
    desk.push(desk.clone("one"), {"model.bin": content})
    two = desk.clone("two", smudge=False)
    part = two / ".git/lfs/incomplete" / f"{oid_of(content)}.part"
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(content[: 2 * MIB + 3])
    trace = desk.git("lfs", "pull", cwd=two, GIT_TRACE="1")
    assert "server accepted resume download request" in trace
    assert (two / "model.bin").read_bytes() == content


def test_a_pointer_without_its_object_is_not_accepted(desk: Desk) -> None:
    one = desk.clone("one")
    desk.push(one, {"model.bin": os.urandom(1000)})
    (one / "model.bin").write_bytes(os.urandom(1000))
    desk.git("commit", "-q", "-a", "-m", "other weights", cwd=one)
    told = desk.git("push", "--no-verify", "origin", "HEAD:main", cwd=one, fails=True)
    assert "git lfs push" in told


def upload_target(running: RunningHub, content: bytes) -> tuple[str, int, str]:
    """Host, port and path of a link to upload `content`."""
    body = {"operation": "upload", "objects": [{"oid": oid_of(content), "size": len(content)}]}
    with running.client() as client:
        answer = client.post("/alice/weights.git/info/lfs/objects/batch", json=body).json()["objects"][0]
    url = urlsplit(answer["actions"]["upload"]["href"])
    assert url.hostname is not None
    assert url.port is not None
    return url.hostname, url.port, f"{url.path}?{url.query}"


def test_an_upload_that_breaks_off_leaves_nothing_and_can_be_sent_again(desk: Desk, settings: Settings) -> None:
    content = os.urandom(20 * MIB)
    host, port, path = upload_target(desk.hub, content)
    objects = settings.data_dir / "objects"
    with socket.create_connection((host, port)) as connection:
        connection.sendall(f"PUT {path} HTTP/1.1\r\nHost: hub\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content[: 9 * MIB])
        assert eventually(lambda: files_below(objects))
    assert eventually(lambda: not files_below(objects))
    connection2 = http.client.HTTPConnection(host, port)
    connection2.request("PUT", path, content)
    assert connection2.getresponse().status == 200
    connection2.close()
    assert [file.name for file in files_below(objects)] == [oid_of(content)]


def test_a_chunked_upload(desk: Desk) -> None:
    content = os.urandom(3 * MIB)
    host, port, path = upload_target(desk.hub, content)
    connection = http.client.HTTPConnection(host, port)
    connection.request(
        "PUT", path, iter([content[:5], content[5:MIB], content[MIB:]]), {"Transfer-Encoding": "chunked"}, encode_chunked=True
    )
    assert connection.getresponse().status == 200
    connection.close()


def test_a_refused_upload_is_not_read(desk: Desk) -> None:
    content = os.urandom(1000)
    host, port, path = upload_target(desk.hub, content)
    with socket.create_connection((host, port), timeout=10) as connection:
        head = f"PUT {path}x HTTP/1.1\r\nHost: hub\r\nContent-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 403")


def test_one_object_sent_by_many_at_once(desk: Desk, settings: Settings) -> None:
    content = os.urandom(4 * MIB)
    host, port, path = upload_target(desk.hub, content)

    def send(_: int) -> int:
        connection = http.client.HTTPConnection(host, port, timeout=60)
        connection.request("PUT", path, content)
        status = connection.getresponse().status
        connection.close()
        return status

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(send, range(8))) == [200] * 8
    assert [file.name for file in files_below(settings.data_dir / "objects")] == [oid_of(content)]
