"""What every test may use: a hub on a fresh data folder, alone or behind a real server on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn

from api.app import create_app
from hub_core.accounts.schemas import AccessScope, CreateAccessToken
from hub_core.accounts.secrets import hash_password
from hub_core.bootstrap import build_hub
from hub_core.context import Access, Actor, Context, Surface, system_context
from hub_core.hub import Hub
from hub_core.jobs.schemas import JobState, ListJobs
from hub_core.jobs.service import JobService
from hub_core.migrations import upgrade
from hub_core.settings import Settings
from tests.databases import DatabaseServers

PASSWORD = "correct horse battery"
_hashes: dict[str, str] = {}


def require_program(name: str, package: str) -> str:
    """Path of a program tests need; skips loudly, with the command that installs it, when it is missing."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is missing: apt-get install {package}")
    return path


async def add_user(hub: Hub, name: str, *, admin: bool = False) -> Context:
    """A user with PASSWORD; returns the context of somebody signed in as that user."""
    if PASSWORD not in _hashes:
        _hashes[PASSWORD] = await hash_password(PASSWORD)
    password_hash = _hashes[PASSWORD]
    async with hub.transaction(system_context("test")) as ctx:
        user = await hub.services.accounts.add_user(ctx.session, name, password_hash=password_hash, is_admin=admin)
    return Context(Actor(user.id, user.name, user.is_admin, Access.ADMIN, "session"), Surface.REST, "test")


async def add_token(hub: Hub, owner: Context, scope: str = "write", name: str | None = None) -> str:
    """An access token of that user."""
    async with hub.transaction(system_context("test")) as ctx:
        request = CreateAccessToken(name=name or f"test-{scope}", scope=AccessScope(scope))
        assert owner.actor.user_id is not None
        return (await hub.services.accounts.add_access_token(ctx.session, owner.actor.user_id, request)).token


@pytest.fixture(scope="session")
def database_servers() -> Iterator[DatabaseServers]:
    servers = DatabaseServers()
    yield servers
    servers.close()


@pytest.fixture
def database_backend() -> str:
    """What the tests' hub keeps its rows in: one of `databases.BACKENDS`."""
    return os.environ.get("HUBPILOT_TEST_DATABASE", "sqlite")


@pytest.fixture
def settings(tmp_path: Path, database_servers: DatabaseServers, database_backend: str) -> Iterator[Settings]:
    with database_servers.database(database_backend) as url:
        yield Settings(data_dir=tmp_path / "data", log_level="warning", host="127.0.0.1", port=0, database_url=url)


@pytest_asyncio.fixture
async def hub(settings: Settings) -> AsyncIterator[Hub]:
    """A running hub without a server."""
    hub = build_hub(settings)
    await upgrade(hub.database)
    async with hub.started():
        yield hub


@pytest_asyncio.fixture
async def alice(hub: Hub) -> Context:
    return await add_user(hub, "alice")


@pytest_asyncio.fixture
async def bob(hub: Hub) -> Context:
    return await add_user(hub, "bob")


async def settled(hub: Hub) -> None:
    """Wait until no job is waiting or running."""
    ctx = system_context("test")
    for _ in range(400):
        busy = [
            *(await hub.run(JobService.list, ctx, ListJobs(state=JobState.QUEUED))).items,
            *(await hub.run(JobService.list, ctx, ListJobs(state=JobState.RUNNING))).items,
        ]
        if not busy:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"jobs still busy: {busy}")


@dataclass
class RunningHub:
    """A hub behind a real server, with users alice and bob and a token of each scope for both."""

    hub: Hub
    url: str
    loop: asyncio.AbstractEventLoop
    tokens: dict[str, str] = field(default_factory=dict)

    def call(self, coroutine: Any) -> Any:
        """Run a coroutine on the server's loop and wait."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(60)

    def client(self, token: str | None = "alice:write") -> httpx.Client:
        """An HTTP client with the token `name:scope`, or none."""
        headers = {"Authorization": f"Bearer {self.tokens[token]}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)

    def git_url(self, path: str, token: str | None = "alice:write") -> str:
        """The URL of a repository with a token as password."""
        secret = f"user:{self.tokens[token]}@" if token else ""
        return self.url.replace("http://", f"http://{secret}") + "/" + path


@contextlib.contextmanager
def running_hub(settings: Settings) -> Iterator[RunningHub]:
    """Start a hub and its server in a thread; stop both at the end."""
    ready = threading.Event()
    box: dict[str, object] = {}

    async def main() -> None:
        hub = build_hub(settings)
        await upgrade(hub.database)
        config = uvicorn.Config(create_app(hub), host="127.0.0.1", port=0, loop="asyncio", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        box["server"] = server
        serving = asyncio.create_task(server.serve())
        while not server.started:
            if serving.done():
                await serving
                raise RuntimeError("the server did not start")
            await asyncio.sleep(0.01)
        running = RunningHub(hub, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", asyncio.get_running_loop())
        for name, admin in (("alice", False), ("bob", False), ("root-user", True)):
            ctx = await add_user(hub, name, admin=admin)
            for scope in ("read", "write", "admin"):
                running.tokens[f"{name}:{scope}"] = await add_token(hub, ctx, scope)
        box["running"] = running
        ready.set()
        await serving

    def run() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:
            box["error"] = error
            raise
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="hub-server")
    thread.start()
    ready.wait(60)
    try:
        if "running" not in box:
            raise RuntimeError("the hub did not start") from box.get("error")  # type: ignore[arg-type]
        yield box["running"]  # type: ignore[misc]
    finally:
        if "server" in box:
            box["server"].should_exit = True  # type: ignore[attr-defined]
        thread.join(30)


@pytest.fixture
def hub_server(settings: Settings) -> Iterator[RunningHub]:
    """A fresh hub behind a real server."""
    with running_hub(settings) as running:
        yield running
