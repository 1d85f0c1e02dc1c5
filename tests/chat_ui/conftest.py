"""The chat behind a real server, and somebody signed in to it."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import Response

from api.auth import SESSION_COOKIE, set_session_cookie
from hub_core.bootstrap import build_hub
from hub_core.hub import Hub
from hub_core.migrations import upgrade
from hub_core.settings import Settings
from tests.conftest import PASSWORD, add_user

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Chat:
    """A running chat: its address, its data and the folder it was started in."""

    url: str
    data_dir: Path
    folder: Path

    def run(self, work) -> object:
        """Do `await work(hub)` with a hub on the same data."""

        async def inside() -> object:
            hub = build_hub(Settings(data_dir=self.data_dir))
            try:
                return await work(hub)
            finally:
                await hub.database.dispose()

        # In a thread of its own: the browser's driver keeps an event loop running in this one.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: asyncio.run(inside())).result()

    def cookie(self, name: str) -> str:
        """The cookie of a new session of that user."""

        async def sign_in(hub: Hub) -> str:
            secret = await hub.sign_in.sign_in(name, PASSWORD, address="test")
            response = Response()
            set_session_cookie(response, hub, secret, secure=False)
            return response.headers["set-cookie"].split("=", 1)[1].split(";")[0].strip('"')

        return str(self.run(sign_in))

    def client(self, name: str | None = None) -> httpx.Client:
        cookies = {SESSION_COOKIE: self.cookie(name)} if name else {}
        return httpx.Client(base_url=self.url, cookies=cookies, trust_env=False)


@pytest.fixture(scope="session")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    folder = tmp_path_factory.mktemp("cwd")
    data_dir = tmp_path_factory.mktemp("chat") / "data"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = Chat(f"http://127.0.0.1:{port}", data_dir, folder)
    running.run(_prepare)
    command = [sys.executable, "-m", "tests.chat_ui.serve", str(data_dir), str(port)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    process = subprocess.Popen(command, cwd=folder, env=environment)
    try:
        _wait_for(running.url, process)
        yield running
    finally:
        process.terminate()
        process.wait(20)


async def _prepare(hub: Hub) -> None:
    await upgrade(hub.database)
    await add_user(hub, "alice", admin=True)
    await add_user(hub, "bob")


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        try:
            httpx.get(f"{url}/sign-in", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server did not start")
