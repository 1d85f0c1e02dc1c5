"""The programs the hub is measured beside, each on loopback with a configuration of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import orjson

from benchmarks.processes import SERVER_CORES, PeerUnavailable, Server, environment, free_port, running, serving
from benchmarks.report import Report

Peer = TypeVar("Peer")

_INSTALL_SECONDS = 120
# giftless declares no dependencies; it does not start with marshmallow 4 and refuses anonymous uploads with PyJWT 2.10.
_GIFTLESS = (
    "giftless==0.6.2", "marshmallow<4", "PyJWT<2.10", "cachetools", "cryptography", "figcan", "flask", "flask-classful", "flask-marshmallow",
    "gunicorn", "python-dateutil", "python-dotenv", "pyyaml", "typing_extensions", "webargs",
)

_NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
{user}
events {{ worker_connections 64; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  client_max_body_size 0;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    {served}
  }}
}}
"""

_GIT = """
    location / {{
      fastcgi_pass unix:{socket};
      fastcgi_param SCRIPT_FILENAME {backend};
      fastcgi_param GIT_PROJECT_ROOT {root};
      fastcgi_param GIT_HTTP_EXPORT_ALL "";
      fastcgi_param GIT_PROTOCOL $http_git_protocol;
      fastcgi_param PATH_INFO $uri;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param REMOTE_ADDR $remote_addr;
    }}
"""


def program(name: str, package: str) -> str:
    """The path of a program; raises PeerUnavailable with the Debian package that has it."""
    path = shutil.which(name)
    if path is None:
        raise PeerUnavailable(f"{name} is missing (apt-get install {package}), so nothing was measured beside it.")
    return path


def if_available(stack: ExitStack, peer: AbstractContextManager[Peer], report: Report) -> Peer | None:
    """Start a peer for as long as `stack` lasts; None, and a remark in the report, when it cannot run here."""
    try:
        return stack.enter_context(peer)
    except PeerUnavailable as error:
        report.notes.append(str(error))
        return None


@contextmanager
def nginx_files(folder: Path, root: Path) -> Iterator[Server]:
    """nginx that sends the files of `root` with sendfile. Raises PeerUnavailable."""
    with _nginx(folder, f"root {root};") as server:
        yield server


@contextmanager
def nginx_git(folder: Path, root: Path) -> Iterator[Server]:
    """nginx that serves the bare repositories under `root` by fcgiwrap and git-http-backend. Raises PeerUnavailable."""
    socket = folder / "fcgiwrap.socket"
    wrap = [program("fcgiwrap", "fcgiwrap"), "-c", "4", "-s", f"unix:{socket}"]
    git_programs = subprocess.run(["git", "--exec-path"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    served = _GIT.format(socket=socket, backend=Path(git_programs) / "git-http-backend", root=root)
    with running(wrap, log=folder / "fcgiwrap.log"):
        while not socket.exists():
            time.sleep(0.01)
        with _nginx(folder, served) as server:
            yield server


@contextmanager
def bare_fastapi(folder: Path, answers: dict[str, object], *, cores: tuple[int, ...] = SERVER_CORES) -> Iterator[Server]:
    """A FastAPI application on the hub's uvicorn settings that gives `answers` by path from memory, and does nothing else."""
    port = free_port()
    file = folder / "answers.json"
    file.write_bytes(orjson.dumps(answers))
    command = [sys.executable, "-m", "benchmarks.bare", str(port), str(file)]
    with serving(command, f"http://127.0.0.1:{port}", log=folder / "bare.log", cores=cores) as server:
        yield server


@contextmanager
def giftless(folder: Path) -> Iterator[Server]:
    """giftless, a Git LFS server in Python, on gunicorn with 1 process and 4 threads, installed for this run only. Raises PeerUnavailable."""
    python = folder / "venv" / "bin" / "python"
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True, capture_output=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *_GIFTLESS],
            check=True, capture_output=True, timeout=_INSTALL_SECONDS,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        raise PeerUnavailable("giftless could not be installed from the package index, so nothing was measured beside it.") from None
    config = folder / "giftless.yaml"
    config.write_text(
        "AUTH_PROVIDERS: ['giftless.auth.allow_anon:read_write']\n"
        f"TRANSFER_ADAPTERS: {{basic: {{options: {{storage_options: {{path: '{folder / 'objects'}'}}}}}}}}\n"
    )
    port = free_port()
    command = [
        str(python), "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "4", "--timeout", "300",
        "giftless.wsgi_entrypoint:app",
    ]
    env = environment(GIFTLESS_CONFIG_FILE=str(config))
    with serving(command, f"http://127.0.0.1:{port}", log=folder / "giftless.log", env=env) as server:
        yield server


@contextmanager
def _nginx(folder: Path, served: str) -> Iterator[Server]:
    port = free_port()
    # Started by root, nginx would give its workers to a user who may not enter the temporary folder.
    user = "user root;" if os.geteuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(folder=folder, user=user, port=port, served=served))
    command = [program("nginx", "nginx"), "-p", str(folder), "-c", str(config), "-e", str(folder / "error.log")]
    with serving(command, f"http://127.0.0.1:{port}", log=folder / "nginx.log") as server:
        yield server
