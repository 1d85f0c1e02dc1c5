"""A real server of git repositories, and a real git client, for the tests of the git surface."""

from __future__ import annotations

import asyncio
import base64
import shutil
import socket
import subprocess
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.datastructures import Headers

from api.git import GitApp, GitLimits, GitRoute, OpenRepository, RepositoryMoved
from hub_core.errors import NotAuthenticated, NotFound, PermissionDenied
from hub_core.git.gitcli import LocalGitBackend
from hub_core.git.port import GitService, PushRules, RefUpdate

TOKENS = {"ann-token": "ann", "bob-token": "bob", "eve-token": "eve"}


class SmallAccess:
    """Repositories by name: ann may do everything, bob may read everything, eve and strangers may read what is public."""

    def __init__(self) -> None:
        self.keys = {"public": "public", "private": "private"}
        self.moved = {"old": "/ann/public"}
        self.stored: set[str] = set()
        self.pushes: list[RefUpdate] = []
        self.noting = threading.Event()
        self.noting_seconds = 0.0

    async def open(self, headers: Headers, route: GitRoute, service: GitService) -> OpenRepository:
        user = self._user(headers)
        if route.name in self.moved:
            raise RepositoryMoved(self.moved[route.name])
        if user is None and (route.name != "public" or service is GitService.RECEIVE_PACK):
            raise NotAuthenticated("Sign in with an access token as the password.")
        if route.namespace != "ann" or route.name not in self.keys or (user == "eve" and route.name == "private"):
            raise NotFound("There is no such repository.")
        if service is GitService.RECEIVE_PACK and user != "ann":
            raise PermissionDenied(f"{user} may read this repository but not push to it.")
        return OpenRepository(self.keys[route.name], PushRules(self.missing, self.pushed, "Ann", "ann@example.org"))

    async def missing(self, pointers: dict[str, int]) -> Sequence[str]:
        return sorted(set(pointers) - self.stored)

    async def pushed(self, updates: Sequence[RefUpdate]) -> None:
        self.noting.set()
        await asyncio.sleep(self.noting_seconds)
        self.pushes.extend(updates)

    @staticmethod
    def _user(headers: Headers) -> str | None:
        kind, _, credential = headers.get("authorization", "").partition(" ")
        if not kind:
            return None
        token = base64.b64decode(credential).decode().partition(":")[2] if kind == "Basic" else credential
        if token not in TOKENS:
            raise NotAuthenticated("The access token is wrong.")
        return TOKENS[token]


@dataclass
class GitServer:
    """A running server with the repositories `ann/public` and `ann/private`."""

    port: int
    root: Path
    access: SmallAccess
    backend: LocalGitBackend
    loop: asyncio.AbstractEventLoop
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def url(self, name: str = "public", token: str | None = "ann-token", path: str = "") -> str:
        user = f"user:{token}@" if token else ""
        return f"http://{user}127.0.0.1:{self.port}/{path}ann/{name}"

    def call(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run something of the backend in the server's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def git(
        self, *arguments: str, cwd: Path | None = None, ok: bool = True, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["git", *arguments], cwd=cwd or self.folder, env=self.environment, input=stdin, capture_output=True, text=True,
            timeout=90, check=False,
        )
        if ok:
            assert done.returncode == 0, done.stderr
        return done

    def clone(self, name: str = "work", *options: str, url: str | None = None) -> Path:
        self.git("clone", "-q", *options, url or self.url(), name)
        return self.folder / name

    def save(self, work: Path, message: str = "change", **files: bytes | str) -> str:
        """Commit files, named by their paths, in a working copy; returns the commit hash."""
        for name, content in files.items():
            file = work / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "-A", cwd=work)
        self.git("commit", "-q", "-m", message, cwd=work)
        return self.git("rev-parse", "HEAD", cwd=work).stdout.strip()

    def repository(self, key: str = "public") -> Path:
        return next(self.root.rglob(f"{key}.git"))

    def refs(self, key: str = "public") -> dict[str, str]:
        return {ref.name: ref.oid for ref in self.call(self.backend.refs(key))}

    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.host, trust_env=False, timeout=60)


@contextmanager
def running_git_server(folder: Path, limits: GitLimits | None = None, **options: Any) -> Iterator[GitServer]:
    """Serve on a free port of 127.0.0.1 for the length of a `with` block."""
    root = folder / "repositories"
    backend, access = LocalGitBackend(root, **options), SmallAccess()
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(GitApp(backend, access, limits), log_level="warning", loop="asyncio", lifespan="off"))
    ready: list[asyncio.AbstractEventLoop] = []
    started = threading.Event()

    async def serve() -> None:
        ready.append(asyncio.get_running_loop())
        await backend.create("public", "main")
        await backend.create("private", "main")
        started.set()
        await server.serve(sockets=[listening])

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert started.wait(20)
    clients = folder / "clients"
    clients.mkdir()
    environment = {
        "PATH": f"{Path(shutil.which('git') or 'git').parent}:/usr/bin:/bin", "HOME": str(clients), "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8", "GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.org",
        "GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "ann@example.org",
    }
    try:
        yield GitServer(listening.getsockname()[1], root, access, backend, ready[0], clients, environment)
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()
