"""Git against a whole hub: refusals, hostile requests, and clients that are large, slow or gone."""

from __future__ import annotations

import gzip
import os
import socket
import subprocess
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from hub_core.settings import Settings
from tests.conftest import RunningHub

MIB = 1 << 20
RECEIVE = "application/x-git-receive-pack-request"
UPLOAD = "application/x-git-upload-pack-request"


@dataclass
class Developer:
    """Somebody with a git client, an own home, and the private model alice/weights, which has one commit on main."""

    folder: Path
    hub: RunningHub
    storage: Path

    def git(self, *arguments: str, cwd: Path | None = None, fails: bool = False, **environment: str) -> str:
        identity = {f"GIT_{role}_{key}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
        done = subprocess.run(
            ["git", *arguments], cwd=cwd or self.folder, capture_output=True, text=True, timeout=90, check=False,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "GIT_TERMINAL_PROMPT": "0", **identity, **environment},
        )
        assert (done.returncode != 0) == fails, done.stderr
        return done.stdout + done.stderr

    def save(self, work: Path, files: dict[str, bytes]) -> str:
        for name, content in files.items():
            (work / name).write_bytes(content)
        self.git("add", "-A", cwd=work)
        self.git("commit", "-q", "-m", "change", cwd=work)
        return self.git("rev-parse", "HEAD", cwd=work).strip()

    def main(self) -> str:
        return self.git("ls-remote", self.hub.git_url("alice/weights"), "refs/heads/main").partition("\t")[0]

    def processes(self) -> list[str]:
        """The git processes at work in the hub's storage."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("GIT_DIR", "").startswith(str(self.storage)):
                    found.append(" ".join(process.cmdline()))
            except psutil.Error:
                continue
        return found

    def connect(self) -> socket.socket:
        address = urlsplit(self.hub.url)
        assert address.hostname is not None
        assert address.port is not None
        return socket.create_connection((address.hostname, address.port), timeout=20)

    def head(self, service: str, *headers: str) -> bytes:
        """The head of a POST by hand, which `headers` complete."""
        lines = [
            f"POST /alice/weights/{service} HTTP/1.1", "Host: hub", f"Authorization: Bearer {self.hub.tokens['alice:write']}",
            f"Content-Type: application/x-{service}-request", *headers,
        ]
        return "\r\n".join([*lines, "", ""]).encode()


@pytest.fixture
def developer(tmp_path: Path, settings: Settings, hub_server: RunningHub) -> Developer:
    with hub_server.client() as client:
        body = {"type": "model", "name": "weights", "visibility": "private"}
        client.post("/api/v2/repositories", json=body).raise_for_status()
    folder = tmp_path / "developer"
    folder.mkdir()
    developer = Developer(folder, hub_server, settings.data_dir / "git")
    developer.git("clone", "-q", hub_server.git_url("alice/weights"), "work")
    developer.save(folder / "work", {"README.md": b"weights\n"})
    developer.git("push", "-q", "origin", "HEAD:main", cwd=folder / "work")
    return developer


@pytest.fixture
def work(developer: Developer) -> Path:
    return developer.folder / "work"


def eventually(true: Callable[[], object], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def packet(line: str) -> str:
    return f"{len(line) + 5:04x}{line}\n"


def random_files(count: int) -> dict[str, bytes]:
    """Files of 8 MiB, which is below the limit for files outside LFS."""
    return {f"{number}.dat": os.urandom(8 * MIB) for number in range(count)}


def test_a_wrong_token_is_tried_once(developer: Developer) -> None:
    url = developer.hub.git_url("alice/weights").replace(developer.hub.tokens["alice:write"], "hp_wrong")
    told = developer.git("ls-remote", url, fails=True, GIT_TRACE_CURL="1")
    assert "Authentication failed" in told
    assert told.count("HTTP/1.1 401") == 2  # the first asks for the token, the second refuses it


def test_strangers_are_asked_to_sign_in_and_others_find_nothing(developer: Developer) -> None:
    path = "/alice/weights.git/info/refs?service=git-upload-pack"
    with developer.hub.client(None) as nobody, developer.hub.client("bob:write") as bob:
        asked = nobody.get(path)
        assert (asked.status_code, bob.get(path).status_code) == (401, 404)
    assert asked.headers["www-authenticate"].startswith("Basic realm=")


def test_a_push_with_a_token_for_reading_says_why_not(developer: Developer, work: Path) -> None:
    before = developer.main()
    developer.save(work, {"new.txt": b"1"})
    told = developer.git("push", developer.hub.git_url("alice/weights", "alice:read"), "HEAD:main", cwd=work, fails=True)
    assert "read only" in told
    assert "403" in told
    assert developer.main() == before


def test_a_large_push_is_streamed(developer: Developer, work: Path) -> None:
    commit = developer.save(work, random_files(6))
    tracemalloc.start()
    try:
        developer.git("-c", "core.compression=0", "push", "-q", "origin", "HEAD:main", cwd=work)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * MIB
    assert developer.main() == commit


def test_a_slow_reader_holds_no_memory_and_its_processes_end_with_it(developer: Developer, work: Path) -> None:
    commit = developer.save(work, random_files(4))
    developer.git("-c", "core.compression=0", "push", "-q", "origin", "HEAD:main", cwd=work)
    asked = f"{packet(f'want {commit} side-band-64k')}0000{packet('done')}".encode()
    tracemalloc.start()
    try:
        with developer.connect() as connection:
            connection.sendall(developer.head("git-upload-pack", f"Content-Length: {len(asked)}") + asked)
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
            time.sleep(1)
            assert any("upload-pack" in process for process in developer.processes())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * MIB
    assert eventually(lambda: not developer.processes(), 5)


@pytest.mark.parametrize("end", [b"", b"0\r\n\r\n"], ids=["cut off", "ended too early"])
def test_half_a_push_changes_nothing(developer: Developer, end: bytes) -> None:
    before = developer.main()
    command = f"{before} {'1' * 40} refs/heads/main\0 report-status side-band-64k object-format=sha1"
    body = f"{len(command) + 4:04x}{command}0000".encode() + b"PACK\0\0\0\2\0\0\0\5"
    with developer.connect() as connection:
        head = developer.head("git-receive-pack", "Transfer-Encoding: chunked")
        connection.sendall(head + f"{len(body):x}\r\n".encode() + body + b"\r\n" + end)
        if end:
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")  # what is wrong is told inside the protocol
        else:
            assert eventually(developer.processes)
    assert eventually(lambda: not developer.processes())
    assert eventually(lambda: not list(developer.storage.rglob("*incoming-*")))
    assert developer.main() == before


@pytest.mark.parametrize(
    "path",
    [
        "/alice/%2e%2e/weights/info/refs?service=git-upload-pack",
        "/alice/..%2f..%2fweights/info/refs?service=git-upload-pack",
        "/alice%2fweights%2f..%2f../x/info/refs?service=git-upload-pack",
        "/alice/weights%00.git/info/refs?service=git-upload-pack",
        "/alice/weights/../../config",
        "/alice/weights/objects/../config",
        "//alice/weights/config",
    ],
)
def test_paths_that_lead_elsewhere_are_not_found(developer: Developer, path: str) -> None:
    with developer.connect() as connection:
        token = developer.hub.tokens["alice:admin"]
        request = f"GET {path} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        answer = connection.makefile("rb").read()
    assert answer.split(b" ")[1] in (b"400", b"404")
    assert b"repositoryformatversion" not in answer


@pytest.mark.parametrize(("mebibytes", "status"), [(8, 200), (11, 413)])
def test_long_negotiations_have_a_limit(developer: Developer, mebibytes: int, status: int) -> None:
    lines = [packet("command=fetch"), "0001", packet(f"want {developer.main()}")]
    lines += [packet(f"have {number:040x}") for number in range(mebibytes * MIB // 50)]
    headers = {"content-type": UPLOAD, "content-encoding": "gzip", "git-protocol": "version=2"}
    with developer.hub.client("alice:read") as client:
        body = gzip.compress("".join([*lines, "0000"]).encode(), 1)
        answer = client.post("/alice/weights.git/git-upload-pack", content=body, headers=headers)
    assert answer.status_code == status
    assert status != 200 or b"acknowledgments" in answer.content


def test_push_options_are_taken_and_signed_pushes_refused_where_they_are_required(developer: Developer, work: Path) -> None:
    commit = developer.save(work, {"new.txt": b"1"})
    developer.git("push", "-q", "-o", "ci.skip", "--signed=if-asked", "origin", "HEAD:main", cwd=work)
    assert developer.main() == commit
    told = developer.git("push", "--signed", "origin", "HEAD:other", cwd=work, fails=True)
    assert "does not support --signed push" in told
