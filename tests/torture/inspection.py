"""What a hub holds after a crash, seen by its clients and on its disk."""

from __future__ import annotations

import hashlib
import random
import re
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from tests.torture.clients import API, TREE, digest, git_environment
from tests.torture.ledger import THERE, Fact, FileFact, Ledger, ObjectFact, RefFact, RepositoryFact, TokenFact, UploadFact, Value
from tests.torture.process import ADMIN, PASSWORD, PATIENCE

_SAMPLE = 12
_POINTER = re.compile(rb"version https://git-lfs\S*\noid sha256:([0-9a-f]{64})\nsize \d+\n")
_FILES_AT = re.compile(r"refs/heads/(?:main|push-\d+)")
_LEFT_BEHIND = ("*.lock", "*incoming-*", "*tmp_*", ".tmp-*", ".*.new", ".*.deleted", "fast_import_crash_*")


class Inspection:
    """One look at a hub that runs again."""

    def __init__(self, data_dir: Path, url: str, token: str, ledger: Ledger, rng: random.Random) -> None:
        self.findings: list[str] = []
        self._data_dir = data_dir
        self._url = url
        self._token = token
        self._ledger = ledger
        self._rng = rng

    def wait_for_jobs(self) -> None:
        """Wait until no job is waiting or running; one that does not end, and one that failed, is a finding."""
        deadline = time.monotonic() + PATIENCE
        while busy := self._rows("SELECT kind, state, attempts, note FROM jobs WHERE state IN ('queued', 'running')"):
            if time.monotonic() > deadline:
                self.findings.append(f"jobs that do not end: {busy}")
                return
            time.sleep(0.1)
        self.findings += [f"job {kind} failed: {reason}" for kind, reason in self._rows("SELECT kind, reason FROM jobs WHERE state = 'failed'")]

    def observe(self) -> dict[Fact, Value]:
        """The value of every fact the ledger knows, as clients see it."""
        known = self._ledger.known()
        observed: dict[Fact, Value] = {}
        with httpx.Client(base_url=self._url, headers={"Authorization": f"Bearer {self._token}"}, timeout=PATIENCE) as http:
            for repository in _repositories(http):
                observed[RepositoryFact(repository)] = THERE
                observed.update(self._clone(repository, known))
                observed.update(self._objects(http, repository, [fact for fact in known if isinstance(fact, ObjectFact)]))
            self._compare_raw(http, observed)
            for token in (fact for fact in known if isinstance(fact, TokenFact)):
                secret = self._ledger.certain.get(token) or ""
                answer = http.get(f"{API}/whoami", headers={"Authorization": f"Bearer {secret}"})
                observed[token] = secret if answer.is_success and answer.json()["name"] == ADMIN else None
        uploads = {str(row[0]): str(row[1]) for row in self._rows("SELECT id, oid FROM uploads")}
        for upload in (fact for fact in known if isinstance(fact, UploadFact)):
            observed[upload] = uploads.get(upload.id.partition(":")[2].replace("-", ""))
        return observed

    def check_sign_in(self) -> None:
        """Sign in as a person does."""
        with httpx.Client(base_url=self._url, timeout=PATIENCE) as browser:
            csrf = re.search(r'name="csrf" value="([^"]+)"', browser.get("/sign-in").text)
            form = {"name": ADMIN, "password": PASSWORD, "csrf": csrf.group(1) if csrf else ""}
            answer = browser.post("/sign-in", data=form)
            if not answer.is_redirect:
                self.findings.append(f"signing in got {answer.status_code}: {answer.text[:200]}")

    def check_disk(self) -> None:
        """Rows against files: what is there twice, half, without the other, or left behind."""
        self.findings += [f"database: {row}" for row in self._rows("PRAGMA integrity_check") if row != ("ok",)]
        self.findings += [f"foreign key: {row}" for row in self._rows("PRAGMA foreign_key_check")]
        heads = dict(self._rows("SELECT id, commit_hash FROM repositories"))
        folders = {folder.name.removesuffix(".git"): folder for folder in (self._data_dir / "git").glob("*/*/*.git")}
        self.findings += [f"repository row {key} without its git folder" for key in heads.keys() - folders.keys()]
        self.findings += [f"git folder {key} without its row" for key in folders.keys() - heads.keys()]
        for pattern in _LEFT_BEHIND:
            self.findings += [f"left behind: {path.relative_to(self._data_dir)}" for path in (self._data_dir / "git").rglob(pattern)]
        for key in heads.keys() & folders.keys():
            self._check_repository(folders[key], heads[key])
        self._check_objects()

    def _check_repository(self, folder: Path, indexed: str | None) -> None:
        checked = _git("fsck", "--strict", "--connectivity-only", "--no-dangling", cwd=folder)
        words = [line for line in (checked.stdout + checked.stderr).decode().splitlines() if not line.startswith("notice:")]
        if checked.returncode or words:
            self.findings.append(f"fsck of {folder.name}: exit status {checked.returncode}, {words}")
        head = _git("rev-parse", "--verify", "--quiet", "HEAD", cwd=folder).stdout.decode().strip() or None
        if head != indexed:
            self.findings.append(f"{folder.name} is at {head}, its row at {indexed}")
        key = folder.name.removesuffix(".git")
        held = {oid for (oid,) in self._rows("SELECT oid FROM lfs_repository_objects WHERE repository_id = ?", key)}
        self.findings += [f"{folder.name} has a pointer to {oid}, which it does not hold" for oid in _pointers(folder) - held]

    def _check_objects(self) -> None:
        rows = dict(self._rows("SELECT oid, size FROM lfs_objects"))
        files = {path.name: path for path in (self._data_dir / "objects").glob("??/??/*")}
        self.findings += [f"object row {oid} without its file" for oid in rows.keys() - files.keys()]
        self.findings += [f"object file {oid} without its row" for oid in files.keys() - rows.keys()]
        for oid in rows.keys() & files.keys():
            with files[oid].open("rb") as file:
                if (files[oid].stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()) != (rows[oid], oid):
                    self.findings.append(f"object {oid} has other bytes than its name says")
        unused = self._rows(
            "SELECT oid FROM lfs_objects WHERE oid NOT IN (SELECT oid FROM lfs_repository_objects) AND oid NOT IN (SELECT oid FROM uploads)"
        )
        self.findings += [f"object {oid} is kept although nothing needs it" for (oid,) in unused]
        self.findings += [f"left behind: {path.name}" for folder in (self._data_dir / "objects/incoming").iterdir() for path in folder.iterdir()]

    def _clone(self, repository: str, known: set[Fact]) -> Iterator[tuple[Fact, Value]]:
        address = self._url.replace("://", f"://{ADMIN}:{self._token}@") + f"/{repository}.git"
        with tempfile.TemporaryDirectory(prefix="hubpilot-clone-") as name:
            clone = Path(name) / "clone.git"
            self._try_git(repository, "clone", "--quiet", "--mirror", address, str(clone), cwd=Path(name))
            refs = _git("for-each-ref", "--format=%(refname)", cwd=clone).stdout.decode().split()
            if refs:
                self._try_git(repository, "lfs", "fetch", "origin", *(ref for ref in refs if _FILES_AT.fullmatch(ref)), cwd=clone)
            yield from ((fact, THERE) for fact in (RefFact(repository, ref) for ref in refs) if fact in known)
            for fact in known:
                if isinstance(fact, FileFact) and fact.repository == repository:
                    yield fact, _file_digest(clone, f"refs/heads/{fact.branch}:{fact.path}")

    def _try_git(self, repository: str, *arguments: str, cwd: Path) -> None:
        done = _git(*arguments, cwd=cwd)
        if done.returncode:
            self.findings.append(f"git {arguments[0]} of {repository}: {done.stderr.decode()[-500:]}")

    def _objects(self, http: httpx.Client, repository: str, facts: list[ObjectFact]) -> Iterator[tuple[Fact, Value]]:
        mine = [fact for fact in facts if fact.repository == repository]
        sizes = dict(self._rows("SELECT oid, size FROM lfs_objects"))
        asked = [{"oid": fact.oid, "size": sizes.get(fact.oid, 0)} for fact in mine]
        for start in range(0, len(asked), 500):
            body = {"operation": "download", "objects": asked[start : start + 500]}
            for answer in http.post(f"/{repository}.git/info/lfs/objects/batch", json=body).raise_for_status().json()["objects"]:
                link = answer.get("actions", {}).get("download", {}).get("href")
                yield ObjectFact(repository, answer["oid"]), THERE if link else None
                if link and self._rng.random() < _SAMPLE / len(asked) and digest(httpx.get(link, timeout=PATIENCE).content) != answer["oid"]:
                    self.findings.append(f"{repository} serves other bytes as object {answer['oid']}")

    def _compare_raw(self, http: httpx.Client, observed: dict[Fact, Value]) -> None:
        files = [fact for fact, value in observed.items() if isinstance(fact, FileFact) and value is not None]
        for fact in self._rng.sample(files, min(len(files), _SAMPLE)):
            answer = http.get(f"{TREE}/{fact.repository}/raw/{fact.path}", params={"revision": fact.branch})
            if not answer.is_success or digest(answer.content) != observed[fact]:
                self.findings.append(f"{fact} in a clone has {observed[fact]}; raw it is {answer.status_code} {digest(answer.content)}")

    def _rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self._data_dir / 'hubpilot.sqlite'}?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(query, values).fetchall()


def complaints(log: Path, start: int) -> list[str]:
    """What a hub has complained about since its log was `start` bytes long."""
    with log.open("rb") as file:
        file.seek(start)
        words = file.read().decode(errors="replace")
    return [f"log: {line[:600]}" for line in words.splitlines() if '"level": "error"' in line or "Traceback" in line]


def _repositories(http: httpx.Client) -> Iterator[str]:
    cursor: str | None = ""
    while cursor is not None:
        page = http.get(TREE, params={"limit": 100, **({"cursor": cursor} if cursor else {})}).raise_for_status().json()
        yield from (item["path"] for item in page["items"])
        cursor = page["next_cursor"]


def _file_digest(clone: Path, revision: str) -> Value:
    """The sha256 of a file, of its LFS object when it is a pointer; None when there is no such file, `lost` when its bytes are not there."""
    found = _git("cat-file", "blob", revision, cwd=clone)
    if found.returncode:
        return None
    pointer = _POINTER.fullmatch(found.stdout)
    if pointer is None:
        return digest(found.stdout)
    oid = pointer.group(1).decode()
    if oid == digest(b""):
        return oid  # git-lfs never asks for nothing
    path = clone / "lfs/objects" / oid[:2] / oid[2:4] / oid
    return digest(path.read_bytes()) if path.exists() else "lost"


def _pointers(folder: Path) -> set[str]:
    """Every LFS object that the history of a repository points to."""
    listed = _git("rev-list", "--objects", "--all", "--filter=blob:limit=1k", "--filter=object:type=blob", "--no-object-names", cwd=folder)
    contents = _git("cat-file", "--batch=", cwd=folder, stdin=listed.stdout)
    return {oid.decode() for oid in _POINTER.findall(contents.stdout)}


def _git(*arguments: str, cwd: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["git", *arguments], cwd=cwd, env=git_environment(), input=stdin, capture_output=True, check=False, timeout=PATIENCE
    )
