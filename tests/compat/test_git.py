"""A real git client against the git surface, over real HTTP."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from api.git import GitLimits
from api.git.responses import status_of
from hub_core.errors import HubError, Unavailable
from hub_core.git.pointers import LfsPointer
from hub_core.git.port import ZERO_OID, RefUpdate
from tests.compat.git_server import GitServer, running_git_server

UPLOAD = "application/x-git-upload-pack-request"
RECEIVE = "application/x-git-receive-pack-request"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with running_git_server(tmp_path, max_blob_bytes=1 << 20) as running:
        yield running


@pytest.fixture
def filled(server: GitServer) -> GitServer:
    """The server with five commits in ann/public."""
    work = server.clone("seed")
    for number in range(5):
        server.save(work, f"commit {number}", **{"README.md": f"{number}\n", f"data/{number}.txt": "x" * 2000})
    server.git("push", "-q", "origin", "HEAD:main", cwd=work)
    return server


def git_processes(server: GitServer) -> list[list[str]]:
    """The processes that work on the server's repositories, and whatever they have started."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("GIT_DIR", "").startswith(str(server.root)) or str(server.root) in " ".join(process.cmdline()):
                found.append(process.cmdline())
        except psutil.Error:
            continue
    return found


def eventually(true: Callable[[], object], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("version", ["0", "1", "2"])
@pytest.mark.parametrize("suffix", ["", ".git"])
def test_push_clone_and_fetch(server: GitServer, version: str, suffix: str) -> None:
    protocol = ("-c", f"protocol.version={version}")
    server.git(*protocol, "clone", "-q", server.url() + suffix, "one")
    one = server.folder / "one"
    first = server.save(one, **{"README.md": "hello\n", "데이터/파일 1.txt": "한국어\n"})
    server.git(*protocol, "push", "-q", "origin", "HEAD:main", cwd=one)
    assert server.refs() == {"refs/heads/main": first}
    assert server.access.pushes == [RefUpdate("refs/heads/main", ZERO_OID, first)]

    server.git(*protocol, "clone", "-q", server.url(token=None) + suffix, "two")
    two = server.folder / "two"
    assert (two / "데이터/파일 1.txt").read_text() == "한국어\n"
    second = server.save(one, **{"README.md": "again\n"})
    server.git(*protocol, "push", "-q", "origin", "HEAD:main", cwd=one)
    server.git(*protocol, "pull", "-q", cwd=two)
    assert (two / "README.md").read_text() == "again\n"
    assert server.access.pushes[1:] == [RefUpdate("refs/heads/main", first, second)]


@pytest.mark.parametrize("prefix", ["models/", "datasets/", "spaces/", "codes/"])
def test_every_prefix_is_served(filled: GitServer, prefix: str) -> None:
    assert "refs/heads/main" in filled.git("ls-remote", filled.url(path=prefix)).stdout


def test_an_empty_repository_can_be_cloned(server: GitServer) -> None:
    done = server.git("clone", server.url(token=None), "empty")
    assert "empty repository" in done.stderr
    assert server.git("symbolic-ref", "HEAD", cwd=server.folder / "empty").stdout.strip() == "refs/heads/main"


def test_shallow_clone_and_deepening(filled: GitServer) -> None:
    work = filled.clone("shallow", "--depth=1")
    assert filled.git("rev-list", "--count", "HEAD", cwd=work).stdout.strip() == "1"
    filled.git("fetch", "-q", "--unshallow", cwd=work)
    assert filled.git("rev-list", "--count", "HEAD", cwd=work).stdout.strip() == "5"


def test_partial_clone_fetches_blobs_when_they_are_needed(filled: GitServer) -> None:
    work = filled.clone("partial", "--filter=blob:none", "--no-checkout")
    missing = filled.git("rev-list", "--objects", "--all", "--missing=print", cwd=work).stdout
    assert missing.count("?") >= 5
    assert filled.git("show", "HEAD:data/3.txt", cwd=work).stdout == "x" * 2000


def test_costly_filters_are_refused(filled: GitServer) -> None:
    done = filled.git("clone", "-q", "--filter=tree:3", filled.url(), "deep", ok=False)
    assert done.returncode != 0
    assert "tree filter allows max depth 0" in done.stderr


def test_a_big_push_travels_in_chunks(server: GitServer) -> None:
    work = server.clone()
    commit = server.save(work, **{f"{number}.bin": os.urandom(1 << 20) for number in range(20)})
    server.git("push", "-q", "origin", "HEAD:main", cwd=work)
    assert server.refs() == {"refs/heads/main": commit}
    again = server.clone("again")
    assert (again / "7.bin").read_bytes() == (work / "7.bin").read_bytes()


def test_tags_branches_and_deletion(filled: GitServer) -> None:
    work = filled.clone()
    filled.git("tag", "-a", "v1", "-m", "first", cwd=work)
    filled.git("push", "-q", "origin", "v1", "HEAD:refs/heads/side/way", cwd=work)
    assert set(filled.refs()) == {"refs/heads/main", "refs/heads/side/way", "refs/tags/v1"}
    filled.git("push", "-q", "origin", ":side/way", cwd=work)
    assert "refs/heads/side/way" not in filled.refs()
    done = filled.git("push", "origin", ":main", cwd=work, ok=False)
    assert "refusing to delete the current branch" in done.stderr


def test_force_push_moves_a_branch_back(filled: GitServer) -> None:
    work = filled.clone()
    filled.git("reset", "-q", "--hard", "HEAD~2", cwd=work)
    assert filled.git("push", "-q", "origin", "HEAD:main", cwd=work, ok=False).returncode != 0
    filled.git("push", "-q", "--force", "origin", "HEAD:main", cwd=work)
    assert filled.call(filled.backend.count_commits("public", "main")) == 3


@pytest.mark.parametrize("ref", ["refs/hub/secret", "refs/heads/HEAD", f"refs/heads/{'a' * 40}", "refs/convert/parquet"])
def test_refs_of_the_hub_and_misleading_names_are_refused(filled: GitServer, ref: str) -> None:
    work = filled.clone()
    before = filled.refs()
    done = filled.git("push", "origin", f"HEAD:{ref}", cwd=work, ok=False)
    assert done.returncode != 0
    assert filled.refs() == before


class TestSigningIn:
    def test_private_repository_asks_strangers_to_sign_in(self, server: GitServer) -> None:
        with server.http() as http:
            reply = http.get("/ann/private/info/refs?service=git-upload-pack")
        assert reply.status_code == 401
        assert reply.headers["www-authenticate"].startswith("Basic realm=")

    def test_git_prompts_after_401(self, server: GitServer) -> None:
        done = server.git("clone", server.url("private", token=None), "x", ok=False)
        assert "could not read Username" in done.stderr

    def test_wrong_token(self, server: GitServer) -> None:
        done = server.git("clone", server.url("private", token="wrong"), "x", ok=False)
        assert "Authentication failed" in done.stderr

    def test_no_access_reads_as_not_there(self, server: GitServer) -> None:
        done = server.git("clone", server.url("private", token="eve-token"), "x", ok=False)
        assert "not found" in done.stderr

    def test_bearer_token(self, server: GitServer) -> None:
        server.git("-c", "http.extraHeader=Authorization: Bearer bob-token", "ls-remote", server.url("private", token=None))

    def test_reader_is_told_why_the_push_is_refused(self, filled: GitServer) -> None:
        work = filled.clone("reader", url=filled.url(token="bob-token"))
        filled.save(work, new="1")
        done = filled.git("push", "origin", "HEAD:main", cwd=work, ok=False)
        assert "bob may read this repository but not push to it." in done.stderr

    def test_anonymous_push_to_a_public_repository_gets_401_on_both_requests(self, server: GitServer) -> None:
        with server.http() as http:
            assert http.get("/ann/public/info/refs?service=git-receive-pack").status_code == 401
            assert http.post("/ann/public/git-receive-pack", content=b"0000", headers={"content-type": RECEIVE}).status_code == 401


def test_renamed_repository_redirects_fetch_and_push(filled: GitServer) -> None:
    work = filled.clone("renamed", url=filled.url("old"))
    commit = filled.save(work, new="1")
    filled.git("push", "-q", "origin", "HEAD:main", cwd=work)
    assert filled.refs()["refs/heads/main"] == commit


class TestHttp:
    def test_advertisement_headers_in_the_order_that_git_tests(self, server: GitServer) -> None:
        with server.http() as http:
            reply = http.get("/ann/public/info/refs?service=git-upload-pack")
        names = [name for name, _ in reply.headers.multi_items() if name in ("expires", "pragma", "cache-control", "content-type")]
        assert names == ["expires", "pragma", "cache-control", "content-type"]
        assert reply.headers["content-type"] == "application/x-git-upload-pack-advertisement"
        assert reply.headers["cache-control"] == "no-cache, max-age=0, must-revalidate"
        assert reply.content.startswith(b"001e# service=git-upload-pack\n0000")

    def test_version_2_has_no_preface(self, server: GitServer) -> None:
        with server.http() as http:
            reply = http.get("/ann/public/info/refs?service=git-upload-pack", headers={"git-protocol": "version=2"})
        assert reply.content.startswith(b"000eversion 2\n")

    def test_pushing_has_no_version_2(self, server: GitServer) -> None:
        headers = {"git-protocol": "version=2", "authorization": "Bearer ann-token"}
        with server.http() as http:
            reply = http.get("/ann/public/info/refs?service=git-receive-pack", headers=headers)
        assert reply.content.startswith(b"001f# service=git-receive-pack\n0000")

    @pytest.mark.parametrize("value", ["version=2:x=$(id)", "version=2;x", "version=2\tx=1", "a" * 500])
    def test_strange_protocol_headers_are_ignored(self, server: GitServer, value: str) -> None:
        with server.http() as http:
            reply = http.get("/ann/public/info/refs?service=git-upload-pack", headers={"git-protocol": value})
        assert reply.content.startswith(b"001e# service=git-upload-pack\n0000")

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/ann/public/info/refs", 403),
            ("GET", "/ann/public/info/refs?service=git-upload-archive", 403),
            ("GET", "/ann/public/HEAD", 403),
            ("GET", "/ann/public.git/objects/info/packs", 403),
            ("GET", f"/ann/public/objects/12/{'3' * 38}", 403),
            ("POST", "/ann/public/git-upload-archive", 403),
            ("POST", "/ann/public/info/refs?service=git-upload-pack", 405),
            ("GET", "/ann/public/git-upload-pack", 405),
            ("GET", "/ann/nothing/info/refs?service=git-upload-pack", 401),
            ("POST", "/ann/public/git-upload-pack", 415),
            ("GET", "/ann/../ann/public/config", 404),
            ("GET", "/ann/%2e%2e/info/refs?service=git-upload-pack", 404),
            ("GET", "/ann/public%00/info/refs?service=git-upload-pack", 404),
            ("GET", "/ann%2f..%2fann/public/info/refs?service=git-upload-pack", 404),
        ],
    )
    def test_what_is_not_served(self, server: GitServer, method: str, path: str, status: int) -> None:
        with server.http() as http:
            assert http.request(method, path).status_code == status

    def test_wrong_verb_names_the_right_one(self, server: GitServer) -> None:
        with server.http() as http:
            assert http.get("/ann/public/git-upload-pack").headers["allow"] == "POST"

    def test_gzip_bomb(self, server: GitServer) -> None:
        bomb = gzip.compress(bytes(64 << 20))
        assert len(bomb) < 100_000
        with server.http() as http:
            reply = http.post("/ann/public/git-upload-pack", content=bomb, headers={"content-type": UPLOAD, "content-encoding": "gzip"})
        assert reply.status_code == 413

    @pytest.mark.parametrize("service", ["git-upload-pack", "git-receive-pack"])
    @pytest.mark.parametrize("body", [b"", gzip.compress(b"0" * 3000)[:20], b"no gzip at all"])
    def test_broken_gzip(self, server: GitServer, service: str, body: bytes) -> None:
        headers = {"content-type": f"application/x-{service}-request", "content-encoding": "gzip", "authorization": "Bearer ann-token"}
        with server.http() as http:
            assert http.post(f"/ann/public/{service}", content=body, headers=headers).status_code == 400

    @pytest.mark.parametrize("body", [b"", b"00", b"0032want 0000", b"this is no pkt-line"])
    def test_truncated_requests_end(self, filled: GitServer, body: bytes) -> None:
        with filled.http() as http:
            http.post("/ann/public/git-upload-pack", content=body, headers={"content-type": UPLOAD})
            headers = {"content-type": RECEIVE, "authorization": "Bearer ann-token"}
            http.post("/ann/public/git-receive-pack", content=body, headers=headers)
        assert eventually(lambda: not git_processes(filled))

    def test_the_probe_of_a_large_push(self, server: GitServer) -> None:
        headers = {"content-type": RECEIVE, "authorization": "Bearer ann-token"}
        with server.http() as http:
            assert http.post("/ann/public/git-receive-pack", content=b"0000", headers=headers).status_code == 200


def test_every_error_of_the_core_has_a_status_of_its_own() -> None:
    def walk(kind: type[HubError]) -> Iterator[type[HubError]]:
        yield kind
        for below in kind.__subclasses__():
            yield from walk(below)

    unmapped = {kind.__name__ for kind in walk(HubError) if kind.__module__ == "hub_core.errors" and status_of(kind("x")) == 500}
    assert unmapped == {"HubError", "Internal"}


class TestPushRules:
    def test_pointers_without_objects_are_refused(self, filled: GitServer) -> None:
        before, work = filled.refs(), filled.clone()
        oid = "ab" * 32
        filled.save(work, **{"weights/a.bin": LfsPointer(oid, 5).encode()})
        done = filled.git("push", "origin", "HEAD:main", cwd=work, ok=False)
        assert done.returncode != 0
        for text in ("weights/a.bin", oid, "git lfs push --all origin"):
            assert text in done.stderr
        assert filled.refs() == before
        assert not list((filled.repository() / "objects").glob("*incoming-*"))
        assert not filled.access.pushes[1:]
        filled.access.stored.add(oid)
        filled.git("push", "-q", "origin", "HEAD:main", cwd=work)

    def test_pointers_in_the_middle_of_the_history_count(self, filled: GitServer) -> None:
        work = filled.clone()
        filled.save(work, a=LfsPointer("cd" * 32, 5).encode())
        filled.save(work, a="ordinary")
        assert "cd" * 32 in filled.git("push", "origin", "HEAD:new", cwd=work, ok=False).stderr

    def test_large_plain_files_are_refused_by_name(self, filled: GitServer) -> None:
        before, work = filled.refs(), filled.clone()
        filled.save(work, **{"models/big file.bin": os.urandom(3 << 20)})
        done = filled.git("push", "origin", "HEAD:main", cwd=work, ok=False)
        for text in ("models/big file.bin", "3.0 MiB", "git lfs track"):
            assert text in done.stderr
        assert filled.refs() == before

    def test_who_pushed_is_in_the_reflog(self, filled: GitServer) -> None:
        assert "Ann <ann@example.org>" in (filled.repository() / "logs/refs/heads/main").read_text()

    def test_broken_objects_are_refused(self, filled: GitServer) -> None:
        work = filled.clone()
        blob = filled.git("rev-parse", "HEAD:README.md", cwd=work).stdout.strip()
        tree = filled.git("mktree", cwd=work, stdin=f"100644 blob {blob}\t.GIT\n").stdout.strip()
        commit = filled.git("commit-tree", "-m", "bad", tree, cwd=work).stdout.strip()
        done = filled.git("push", "origin", f"{commit}:refs/heads/bad", cwd=work, ok=False)
        assert "hasDotgit" in done.stderr


class TestInterruptions:
    def test_client_killed_in_the_middle_of_a_push(self, filled: GitServer) -> None:
        before = filled.refs()

        def endless() -> Iterator[bytes]:
            command = f"{before['refs/heads/main']} {'1' * 40} refs/heads/main\0 report-status side-band-64k object-format=sha1"
            yield f"{len(command) + 4:04x}{command}0000".encode() + b"PACK\0\0\0\2\0\0\0\5"
            objects = filled.repository() / "objects"
            assert eventually(lambda: list(objects.glob("*incoming-*")))
            raise KeyboardInterrupt

        headers = {"content-type": RECEIVE, "authorization": "Bearer ann-token"}
        with filled.http() as http, pytest.raises(KeyboardInterrupt):
            http.post("/ann/public/git-receive-pack", content=endless(), headers=headers)
        assert eventually(lambda: not git_processes(filled))
        assert eventually(lambda: not list((filled.repository() / "objects").glob("*incoming-*")))
        assert filled.refs() == before

    def test_client_killed_in_the_middle_of_a_clone(self, server: GitServer) -> None:
        work = server.clone()
        server.save(work, **{f"{number}": os.urandom(1 << 20) for number in range(30)})
        server.git("push", "-q", "origin", "HEAD:main", cwd=work)
        command = ["git", "-c", "core.compression=0", "clone", "-q", server.url(), "killed"]
        client = subprocess.Popen(command, cwd=server.folder, env=server.environment, start_new_session=True)
        assert eventually(lambda: git_processes(server))
        time.sleep(0.05)
        os.killpg(client.pid, signal.SIGKILL)
        client.wait()
        assert eventually(lambda: not git_processes(server), 3)

    def test_client_killed_while_the_push_is_noted(self, filled: GitServer) -> None:
        work = filled.clone()
        commit = filled.save(work, new="1")
        filled.access.noting.clear()
        filled.access.noting_seconds = 1.0
        command = ["git", "push", "-q", "origin", "HEAD:main"]
        client = subprocess.Popen(command, cwd=work, env=filled.environment, start_new_session=True)
        assert filled.access.noting.wait(20)
        os.killpg(client.pid, signal.SIGKILL)
        client.wait()
        assert eventually(lambda: filled.access.pushes[-1].new == commit)
        assert filled.refs()["refs/heads/main"] == commit
        assert eventually(lambda: not git_processes(filled))

    def test_a_hub_that_fails_to_note_a_push_says_so(self, filled: GitServer) -> None:
        async def failing(_: object) -> None:
            raise Unavailable("The database is away.")

        filled.access.pushed = failing  # type: ignore[method-assign]
        work = filled.clone()
        commit = filled.save(work, new="1")
        assert "The database is away." in filled.git("push", "origin", "HEAD:main", cwd=work).stderr
        assert filled.refs()["refs/heads/main"] == commit

    def test_two_pushes_to_one_branch_one_wins(self, filled: GitServer) -> None:
        works = [filled.clone(name) for name in ("left", "right")]
        commits = [filled.save(work, **{work.name: os.urandom(900_000)}) for work in works]
        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(lambda work: filled.git("push", "origin", "HEAD:main", cwd=work, ok=False), works))
        assert sorted(one.returncode for one in done) == [0, 1]
        winner = next(commit for commit, one in zip(commits, done, strict=True) if one.returncode == 0)
        assert filled.refs()["refs/heads/main"] == winner


def test_a_busy_node_says_when_to_come_back(tmp_path: Path) -> None:
    with running_git_server(tmp_path, GitLimits(advertisements=0, queue_seconds=0.1)) as server, server.http() as http:
        reply = http.get("/ann/public/info/refs?service=git-upload-pack")
    assert reply.status_code == 503
    assert int(reply.headers["retry-after"]) > 0


def test_a_silent_client_is_dropped(tmp_path: Path) -> None:
    def slow() -> Iterator[bytes]:
        yield b"00"
        time.sleep(1.5)
        yield b"00"

    headers = {"content-type": RECEIVE, "authorization": "Bearer ann-token"}
    with running_git_server(tmp_path, GitLimits(idle_seconds=0.5)) as server, server.http() as http:
        with suppress(httpx.RequestError):  # the connection may be closed before the client has read why
            assert http.post("/ann/public/git-receive-pack", content=slow(), headers=headers).status_code == 408
        assert eventually(lambda: not git_processes(server))
