"""What git's tests talk to: the URLs of git's `t/lib-httpd/apache.conf`, answered by the hub's git surface.

Only the way to a repository is of the tests: which folder a URL means, who the caller is, redirects, and responses that are broken on
purpose. Every byte of a git response comes from `api.git.GitApp` over `LocalGitBackend`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import re
import socket
import sys
from pathlib import Path

import uvicorn
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from api.git import GitApp, GitRoute, OpenRepository
from hub_core.errors import NotAuthenticated, NotFound, PermissionDenied
from hub_core.git.gitcli import LocalGitBackend
from hub_core.git.layout import RepositoryFolders
from hub_core.git.port import GitService, PushRules
from tests.conformance.faults import Faults
from tests.conformance.logs import AccessLog

_USER, _PASSWORD = "user@host", "pass@host"
_CREDENTIALS = base64.b64encode(f"{_USER}:{_PASSWORD}".encode()).decode()

# Redirects to the client: pattern, target, status.
_REDIRECTS = [(re.compile(pattern), target, status) for pattern, target, status in (
    (r"/smart-redir-perm/(.*)", r"/smart/\1", 301),
    (r"/smart-redir-temp/(.*)", r"/smart/\1", 302),
    (r"/smart-redir-auth/(.*)", r"/auth/smart/\1", 301),
    (r"/smart-redir-limited/(.*/info/refs)", r"/smart/\1", 301),
    (r"/dumb-redir/(.*)", r"/dumb/\1", 301),
    (r"/ftp-redir/(.*)", r"ftp://localhost:1000/\1", 302),
    (r"/loop-redir/(?:x-){20}(.*)", r"/\1", 302),
    (r"/loop-redir/(.*)", r"/loop-redir/x-\1", 302),
    (r"/insane-redir/(.*)", r"/intern-redir/\1/foo", 301),
)]
# A path that is another, unknown to the client.
_ALIAS = re.compile(r"/intern-redir/(.*)/foo")
# Where a client has to sign in; matched with the path and, after a `?`, the query.
_LOCKED = re.compile(
    r"/auth/.*|/auth-push/.*/git-receive-pack(\?.*)?|/auth-fetch/.*/git-upload-pack(\?.*)?"
    r"|/half-auth-complete/.*(/git-receive-pack|service=git-receive-pack).*"
)
_SMART = re.compile(r".*?/(?P<variant>smart[^/]*|one_time_perl)/(?P<path>.*)")
_REPOSITORY_SUFFIXES = ("/.git", "", ".git/.git", ".git")


class SuiteAccess:
    """Decides as `git http-backend` does: by the repository's own settings, and by whether the caller has signed in."""

    def __init__(self) -> None:
        self.folders: dict[str, Path] = {}

    async def open(self, headers: Headers, route: GitRoute, service: GitService) -> OpenRepository:
        """See `GitAccess.open`. The namespace of `route` tells how the URL began."""
        locked, _, variant = route.namespace.partition("-")
        user = _USER if locked == "locked" else None
        if user and headers.get("authorization") != f"Basic {_CREDENTIALS}":
            raise NotAuthenticated("Sign in.")
        folder = self.folders.get(route.name)
        if folder is None or (variant == "smart_noexport" and not (folder / "git-daemon-export-ok").exists()):
            raise NotFound("There is no such repository.")
        setting = await _setting(folder, f"http.{service.value.removeprefix('git-').replace('-', '')}")
        if setting == "false" or (service is GitService.RECEIVE_PACK and not setting and user is None):
            raise PermissionDenied("The service is not enabled.")
        if variant == "smart_custom_env":
            return OpenRepository(route.name, PushRules(pusher_name="Custom User", pusher_email="custom@example.com"))
        name = user or "anonymous"
        return OpenRepository(route.name, PushRules(pusher_name=name, pusher_email=f"{name}@http.127.0.0.1"))


class SuiteServer:
    """The application for one run of a test script, whose `httpd` folder is `root`."""

    def __init__(self, root: Path) -> None:
        self._documents = root / "www"
        self._folders = RepositoryFolders(root / "hub")
        self._access = SuiteAccess()
        # The tests push larger files than a hub takes outside LFS.
        self._git = GitApp(LocalGitBackend(root / "hub", max_blob_bytes=1 << 40), self._access)
        self._faults = Faults(root)
        self._log = AccessLog(root / "access.log")
        self._static = StaticFiles(directory=self._documents)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, and log it as Apache does."""
        send = self._log.wrap(scope, send)
        path, query = scope["path"], scope["query_string"].decode()
        if redirect := _redirect(path, query):
            await redirect(scope, receive, send)
            return
        path = _ALIAS.sub(r"/smart/\1", path)
        if script := self._faults.script(path):
            await self._faults.run(*script, scope, receive, send)
        elif found := _SMART.fullmatch(path):
            locked = _LOCKED.fullmatch(f"{path}?{query}") is not None
            await self._smart(found["variant"], found["path"], scope, receive, send, locked=locked)
        elif path.startswith("/dumb/"):
            await self._static({**scope, "path": path.removeprefix("/dumb")}, receive, send)
        else:
            await Response(status_code=404)(scope, receive, send)

    async def _smart(self, variant: str, path: str, scope: Scope, receive: Receive, send: Send, *, locked: bool) -> None:
        headers = Headers(scope=scope)
        if variant == "smart_headers" and (headers.get("x-magic-one"), headers.get("x-magic-two")) != ("abra", "cadabra"):
            await Response(status_code=403)(scope, receive, send)
            return
        key, action = await asyncio.to_thread(self._find, path)
        inner = {**scope, "path": f"/{'locked' if locked else 'open'}-{variant}/{key}/{action}"}
        if variant == "smart_v0":
            inner["headers"] = [(name, value) for name, value in scope["headers"] if name != b"git-protocol"]
        if variant == "smart_cookies":
            send = _with_cookie(send)
        if variant == "one_time_perl":
            await self._faults.change_once(self._git, inner, receive, send)
        else:
            await self._git(inner, receive, send)

    def _find(self, path: str) -> tuple[str, str]:
        """The storage key of the repository that `path` begins with, and the rest of it."""
        parts = path.split("/")
        for length in range(1, len(parts) + 1):
            for suffix in _REPOSITORY_SUFFIXES:
                folder = self._documents / ("/".join(parts[:length]) + suffix)
                if (folder / "HEAD").exists() and (folder / "objects").is_dir():
                    return self._key(folder), "/".join(parts[length:])
        return "absent", "/".join(parts[1:])

    def _key(self, folder: Path) -> str:
        key = hashlib.sha256(str(folder).encode()).hexdigest()[:32]
        stored = self._folders.path(key)
        if not stored.is_symlink():
            stored.parent.mkdir(parents=True, exist_ok=True)
            stored.symlink_to(folder)
        self._access.folders[key] = folder
        return key


def _redirect(path: str, query: str) -> Response | None:
    if found := re.fullmatch(r"/redir-to/(.*)", path):
        return RedirectResponse(f"/really-redir-to?path={found[1]}&qs={query}", 302)
    if path == "/really-redir-to" and (found := re.fullmatch(r"path=(.*?)&qs=(.*)", query)):
        return Response(status_code=502) if found[1].startswith("502/") else RedirectResponse(f"/{found[1]}?{found[2]}", 302)
    for pattern, target, status in _REDIRECTS:
        if pattern.fullmatch(path):
            return RedirectResponse(pattern.sub(target, path, count=1) + (f"?{query}" if query else ""), status)
    return None


def _with_cookie(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"set-cookie", b"name=value")]
        await send(message)

    return sending


async def _setting(folder: Path, name: str) -> str:
    environment = {"PATH": os.environ["PATH"], "GIT_DIR": str(folder), "GIT_CONFIG_NOSYSTEM": "1", "HOME": "/nonexistent"}
    process = await asyncio.create_subprocess_exec(
        "git", "config", "--get", "--type=bool", name, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return output.decode().strip()


async def _serve(root: Path, listening: socket.socket) -> None:
    config = uvicorn.Config(SuiteServer(root), log_level="warning", loop="asyncio", lifespan="off", timeout_graceful_shutdown=2)
    await uvicorn.Server(config).serve(sockets=[listening])


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2]))))
