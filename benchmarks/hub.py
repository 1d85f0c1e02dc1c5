"""A hub as a person starts it: `hubpilot up` in a process and a data folder of its own, with a user and an access token."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.processes import SERVER_CORES, BenchmarkError, Server, environment, free_port, serving

HUBPILOT = str(Path(sys.executable).with_name("hubpilot"))
USER = "bench"
CHAT = "/chat/"
"""What a hub answers last after its start: the chat is loaded while the rest is served."""


@dataclass(frozen=True, slots=True)
class Hub:
    """A running hub and a token that may write."""

    server: Server
    data_dir: Path
    token: str

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def headers(self) -> dict[str, str]:
        """The credential, for every kind of request."""
        return {"Authorization": f"Bearer {self.token}"}

    def client(self) -> httpx.Client:
        """A client of the REST API."""
        return httpx.Client(base_url=f"{self.url}/api/v2", headers=self.headers, timeout=60, trust_env=False)


def create_repository(client: httpx.Client, name: str, kind: str = "model", **more: Any) -> None:
    """Create a repository of the user; raises `httpx.HTTPStatusError` when the hub refuses."""
    client.post("/repositories", json={"type": kind, "name": name, **more}).raise_for_status()


def prepare(folder: Path) -> str:
    """Give the data folder `folder` a user, before a hub ever ran on it; returns a token of that user."""
    _command(folder, "users", "create", USER)
    return _command(folder, "tokens", "create", "--user", USER, "--scope", "write", "--name", USER, "--quiet").strip()


@contextmanager
def up(data_dir: Path, *, cores: Collection[int] = SERVER_CORES, ready: str = "/readyz") -> Iterator[Server]:
    """`hubpilot up` on a data folder, from the moment it answers the path `ready`."""
    port = free_port()
    command = [HUBPILOT, "up", "--port", str(port), "--data-dir", str(data_dir)]
    log = data_dir.with_name(f"{data_dir.name}.log")
    with serving(
        command, f"http://127.0.0.1:{port}", log=log, ready=ready, cores=cores, env=environment(HUBPILOT_LOG_LEVEL="warning")
    ) as server:
        yield server


@contextmanager
def running_hub(data_dir: Path) -> Iterator[Hub]:
    """A fresh hub with a user, on the core of servers, with everything loaded that it loads in the background."""
    token = prepare(data_dir)
    with up(data_dir, ready=CHAT) as server:
        server.settle()
        yield Hub(server, data_dir, token)


def _command(data_dir: Path, *arguments: str) -> str:
    command = [HUBPILOT, *arguments, "--data-dir", str(data_dir)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(f"hubpilot {arguments[0]} {arguments[1]} failed:\n{done.stderr}")
    return done.stdout
