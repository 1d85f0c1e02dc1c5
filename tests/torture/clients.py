"""Clients that do random things to a hub, and note what it acknowledged."""

from __future__ import annotations

import base64
import hashlib
import os
import random
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.torture.ledger import (
    THERE,
    Fact,
    FileFact,
    Interrupted,
    Ledger,
    ObjectFact,
    RefFact,
    Refused,
    RepositoryFact,
    TokenFact,
    UploadFact,
    Value,
)
from tests.torture.process import PATIENCE

API = "/api/v2"
SHARED = ("datasets/alice/shared", "models/alice/shared")
TREE = f"{API}/repositories"

# Equal contents sent by several clients at once, so that deduplication meets deletion.
_COMMON = [random.Random(number).randbytes(size) for number, size in enumerate((1, 700, 9_000, 70_000, 300_000))]  # noqa: S311  # to be repeated by seed


class Client:
    """One client, which works until it is told to stop or the hub is gone. Names it uses belong to it alone."""

    def __init__(self, number: int, url: str, token: str, ledger: Ledger, rng: random.Random, folder: Path) -> None:
        self.trouble: list[str] = []
        self._number = number
        self._url = url
        self._token = token
        self._ledger = ledger
        self._rng = rng
        self._folder = folder
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"client-{number}")
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE)
        self._work: list[tuple[Callable[[], None], int]] = [
            (self._put_file, 6), (self._commit, 6), (self._lfs, 4), (self._push, 5), (self._create, 3), (self._delete, 2),
            (self._create_ref, 3), (self._delete_ref, 2), (self._stage, 2), (self._commit_staged, 2), (self._make_token, 1),
        ]

    def start(self) -> None:
        """Begin to work, in a thread."""
        self._thread.start()

    def end(self) -> None:
        """Let the current operation be the last one."""
        self._ending.set()

    def join(self) -> None:
        """Wait for the end of the last operation."""
        self._thread.join()

    def _run(self) -> None:
        choices, weights = zip(*self._work, strict=True)
        with self._http:
            while not self._ending.is_set():
                try:
                    self._rng.choices(choices, weights)[0]()
                except Interrupted as error:
                    if not self._ending.is_set():
                        self.trouble.append(f"cut off although nobody killed the hub: {error}")
                    return

    def _request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **arguments)
        except httpx.TransportError as error:
            raise Interrupted(str(error)) from error
        if answer.is_success:
            return answer
        words = f"{answer.status_code} {answer.text[:300]}"
        if answer.status_code >= 500:
            self.trouble.append(f"{method} {path} got {words}")
        raise Refused(f"{answer.status_code} {answer.json().get('code', '')}" if "json" in answer.headers.get("content-type", "") else words)

    def _content(self) -> bytes:
        if self._rng.random() < 0.5:
            return self._rng.choice(_COMMON)
        return self._rng.randbytes(self._rng.choice((0, 10, 5_000, 200_000, 1_500_000)))

    def _file(self) -> tuple[str, bytes]:
        suffix = self._rng.choice(("txt", "bin"))
        return f"c{self._number}/{self._rng.randrange(6)}.{suffix}", self._content()

    def _repository(self) -> str:
        own = self._own()
        return self._rng.choice([*SHARED, *own[:2]])

    def _own(self) -> list[str]:
        return [fact.repository for fact in self._ledger.there(RepositoryFact) if f"/c{self._number}-" in fact.repository]

    def _put_file(self) -> None:
        repository, (path, content) = self._repository(), self._file()
        with self._ledger.operation("put", {FileFact(repository, "main", path): digest(content)}):
            self._request("PUT", f"{TREE}/{repository}/files/{path}", content=self._slowly(content))

    def _slowly(self, content: bytes) -> Any:
        """The content in a stream of unknown length, or at once."""
        if self._rng.random() < 0.5:
            return content
        return (content[start : start + 65536] for start in range(0, len(content), 65536))

    def _commit(self) -> None:
        repository = self._repository()
        files = dict(self._file() for _ in range(self._rng.randrange(1, 8)))
        changes: dict[Fact, Value] = {FileFact(repository, "main", path): digest(content) for path, content in files.items()}
        present = [
            fact.path for fact in self._ledger.there(FileFact)
            if (fact.repository, fact.branch) == (repository, "main")
            and fact.path.startswith(f"c{self._number}/") and fact.path not in files
        ]
        gone = self._rng.sample(present, min(len(present), self._rng.randrange(2)))
        body = {
            "message": "Many files", "delete": gone,
            "write": [{"path": path, "base64": base64.b64encode(content).decode()} for path, content in files.items()],
        }
        with self._ledger.operation("commit", changes | dict.fromkeys(FileFact(repository, "main", path) for path in gone)):
            self._request("POST", f"{TREE}/{repository}/commits", json=body)

    def _lfs(self) -> None:
        repository, content = self._repository(), self._content()
        oid = digest(content)
        fact = ObjectFact(repository, oid)
        with self._ledger.operation("lfs", {fact: THERE}):
            asked = {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": oid, "size": len(content)}]}
            answer = self._request("POST", f"/{repository}.git/info/lfs/objects/batch", json=asked).json()["objects"][0]
            if upload := answer.get("actions", {}).get("upload"):
                self._request("PUT", upload["href"], content=content, headers=upload.get("header", {}))

    def _push(self) -> None:
        repository, branch = self._rng.choice(SHARED), f"push-{self._number}"
        clone = self._folder / repository.replace("/", "-")
        if not clone.exists():
            self._clone(repository, branch, clone)
        # In a folder of its own: the branch begins as a copy of main, whose files the ledger does not know it by.
        files = {f"pushed/{path}": content for path, content in (self._file() for _ in range(self._rng.randrange(1, 4)))}
        for path, content in files.items():
            target = clone / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        self._git("add", "--all", cwd=clone)
        self._git("commit", "--quiet", "--allow-empty", "--message", "Push", cwd=clone)
        changes: dict[Fact, Value] = {FileFact(repository, branch, path): digest(content) for path, content in files.items()}
        with self._ledger.operation("push", changes | {RefFact(repository, f"refs/heads/{branch}"): THERE}):
            self._git("push", "--quiet", "origin", f"HEAD:refs/heads/{branch}", cwd=clone)

    def _clone(self, repository: str, branch: str, clone: Path) -> None:
        shutil.rmtree(clone, ignore_errors=True)
        address = self._url.replace("://", f"://alice:{self._token}@") + f"/{repository}.git"
        self._git("clone", "--quiet", "--no-checkout", address, str(clone))
        self._git("lfs", "install", "--local", "--skip-smudge", cwd=clone)
        known = RefFact(repository, f"refs/heads/{branch}") in self._ledger.certain
        self._git("checkout", "--quiet", "-B", branch, f"origin/{branch if known else 'main'}", cwd=clone)

    def _git(self, *arguments: str, cwd: Path | None = None) -> None:
        done = subprocess.run(["git", *arguments], cwd=cwd, env=git_environment(), capture_output=True, text=True, check=False, timeout=PATIENCE)
        if done.returncode != 0:
            raise Interrupted(done.stderr)

    def _create(self) -> None:
        if len(self._own()) >= 3:
            return
        kind = self._rng.choice(("models", "datasets", "codes"))
        path = f"{kind}/alice/c{self._number}-{self._rng.getrandbits(40):x}"
        body: dict[str, Any] = {"name": path.rpartition("/")[2], "type": kind[:-1]}
        if self._rng.random() < 0.6:
            body["license"] = "mit"
        changes: dict[Fact, Value] = {RepositoryFact(path): THERE}
        with self._ledger.operation("create", changes):
            self._request("POST", TREE, json=body)

    def _delete(self) -> None:
        if not (own := self._own()):
            return
        repository = self._rng.choice(own)
        with self._ledger.operation("delete", dict.fromkeys(self._ledger.facts_of(repository))):
            self._request("DELETE", f"{TREE}/{repository}")

    def _create_ref(self) -> None:
        repository, kind = self._rng.choice(SHARED), self._rng.choice(("branches", "tags"))
        name = f"c{self._number}/{self._rng.randrange(40)}"
        body: dict[str, Any] = {"name": name}
        if kind == "tags" and self._rng.random() < 0.5:
            body["message"] = "A version"
        fact = RefFact(repository, f"refs/{'heads' if kind == 'branches' else 'tags'}/{name}")
        with self._ledger.operation(f"create {kind}", {fact: THERE}):
            self._request("POST", f"{TREE}/{repository}/{kind}", json=body)

    def _delete_ref(self) -> None:
        mine = [fact for fact in self._ledger.there(RefFact) if f"/c{self._number}/" in fact.name]
        if not mine:
            return
        fact = self._rng.choice(mine)
        _, folder, name = fact.name.split("/", 2)
        kind = "branches" if folder == "heads" else "tags"
        with self._ledger.operation(f"delete {kind}", {fact: None}):
            self._request("DELETE", f"{TREE}/{fact.repository}/{kind}/{name}")

    def _stage(self) -> None:
        content = self._content()
        with self._ledger.operation("stage", {}) as proposed:
            answer = self._request("POST", f"{API}/uploads", params={"name": f"c{self._number}.bin"}, content=content).json()
            proposed[UploadFact(f"{self._number}:{answer['id']}")] = digest(content)

    def _commit_staged(self) -> None:
        waiting = [fact for fact in self._ledger.there(UploadFact) if fact.id.startswith(f"{self._number}:")]
        if not waiting:
            return
        upload, repository, (path, _) = waiting[0], self._repository(), self._file()
        body = {"message": "A staged file", "write": [{"path": path, "upload_id": upload.id.partition(":")[2]}]}
        changes: dict[Fact, Value] = {FileFact(repository, "main", path): self._ledger.certain[upload], upload: None}
        with self._ledger.operation("commit staged", changes):
            self._request("POST", f"{TREE}/{repository}/commits", json=body)

    def _make_token(self) -> None:
        name = f"c{self._number}-{self._rng.getrandbits(40):x}"
        with self._ledger.operation("token", {}) as proposed:
            answer = self._request("POST", f"{API}/access-tokens", json={"name": name, "scope": "read"}).json()
            proposed[TokenFact(name)] = answer["token"]


def digest(content: bytes) -> str:
    """The sha256 of a content in hex."""
    return hashlib.sha256(content).hexdigest()


def git_environment() -> dict[str, str]:
    """An environment in which git knows no user and no configuration, and asks nobody."""
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "HUBPILOT_"))},
        "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "HOME": "/nonexistent",
        "GIT_AUTHOR_NAME": "Alice", "GIT_AUTHOR_EMAIL": "alice@example.com",
        "GIT_COMMITTER_NAME": "Alice", "GIT_COMMITTER_EMAIL": "alice@example.com",
    }
