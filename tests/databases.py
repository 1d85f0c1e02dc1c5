"""Real database servers for tests: PostgreSQL and MariaDB as the system packages them, on a socket in a folder that is thrown away.

A server is started once a session, without its network port and without waiting for the disk. As root it runs as `nobody`, since neither
server wants to be root. Every test gets a database of its own.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
import pymysql
import pytest

BACKENDS = ("sqlite", "postgresql", "mariadb")

# Where Debian keeps programs of servers, besides PATH.
_SERVER_FOLDERS = [*sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True), "/usr/sbin"]
_START_SECONDS = 60


class DatabaseServer(ABC):
    """A running server that makes and drops databases."""

    packages: str
    stop_signal: signal.Signals
    drop = "DROP DATABASE {}"
    socket_name: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / self.socket_name
        self._numbers = itertools.count(1)

    @abstractmethod
    def prepare(self) -> Sequence[str]:
        """Write the server's files; returns the command that starts it."""

    @abstractmethod
    def execute(self, statement: str) -> None:
        """Run one statement as the server's administrator."""

    def ready(self) -> bool:
        """Whether the server takes statements."""
        if not self.socket.exists():
            return False
        try:
            self.execute("SELECT 1")
        except (psycopg.OperationalError, pymysql.err.OperationalError):
            return False
        return True

    @abstractmethod
    def url(self, name: str) -> str:
        """The hub's setting for the database of that name."""

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new, empty database; dropped with the block."""
        name = f"hub_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        yield self.url(name)
        self.execute(self.drop.format(name))

    def program(self, name: str) -> str:
        """Path of one of the server's programs; skips loudly, with the command that installs it, when it is missing."""
        path = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], *_SERVER_FOLDERS]))
        if path is None:
            pytest.skip(f"{name} is missing: apt-get install --no-install-recommends {self.packages}")
        return path

    def run(self, *command: str) -> None:
        """Run a program of the server to its end."""
        done = subprocess.run([*_unprivileged(), *command], cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


class PostgresqlServer(DatabaseServer):
    packages = "postgresql"
    stop_signal = signal.SIGINT  # its SIGTERM waits for clients to leave
    drop = "DROP DATABASE {} WITH (FORCE)"
    socket_name = ".s.PGSQL.5432"

    def prepare(self) -> Sequence[str]:
        data = str(self.folder / "data")
        self.run(
            self.program("initdb"), "--pgdata", data, "--username", "hub", "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8",
            "--no-sync", "--no-instructions",
        )
        options = {
            "listen_addresses": "", "unix_socket_directories": str(self.folder), "fsync": "off", "synchronous_commit": "off",
            "full_page_writes": "off", "shared_buffers": "64MB", "max_connections": "200", "timezone": "Asia/Kolkata",
        }
        return [self.program("postgres"), "-D", data, *(f"--{name}={value}" for name, value in options.items())]

    def execute(self, statement: str) -> None:
        with psycopg.connect(host=str(self.folder), user="hub", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement.encode())

    def url(self, name: str) -> str:
        return f"postgresql://hub@/{name}?host={self.folder}"


class MariadbServer(DatabaseServer):
    packages = "mariadb-server-core mariadb-client-core"
    stop_signal = signal.SIGTERM
    socket_name = "socket"

    def prepare(self) -> Sequence[str]:
        data = str(self.folder / "data")
        self.run(
            self.program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
            "--skip-test-db", "--skip-name-resolve",
        )
        return [
            self.program("mariadbd"), "--no-defaults", f"--datadir={data}", f"--socket={self.socket}", "--skip-networking",
            "--debug-no-sync", "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--innodb-buffer-pool-size=64M",
            "--innodb-log-file-size=16M", "--max-connections=200", "--default-time-zone=+05:30",
        ]

    def execute(self, statement: str) -> None:
        with pymysql.connect(unix_socket=str(self.socket), user="root") as connection, connection.cursor() as cursor:
            cursor.execute(statement)

    def url(self, name: str) -> str:
        return f"mariadb://root@localhost/{name}?unix_socket={self.socket}"


class DatabaseServers:
    """The servers that tests have asked for so far."""

    def __init__(self) -> None:
        self._running = contextlib.ExitStack()
        self._get = functools.cache(self._start)

    @contextlib.contextmanager
    def database(self, backend: str) -> Iterator[str | None]:
        """The URL of a fresh database on one of `BACKENDS`; None for SQLite, whose database is a file the hub makes by itself."""
        if backend == "sqlite":
            yield None
            return
        with self._get(backend).database() as url:
            yield url

    def close(self) -> None:
        self._running.close()

    def _start(self, backend: str) -> DatabaseServer:
        return self._running.enter_context(_running({"postgresql": PostgresqlServer, "mariadb": MariadbServer}[backend]))


@contextlib.contextmanager
def _running(kind: type[DatabaseServer]) -> Iterator[DatabaseServer]:
    with tempfile.TemporaryDirectory(prefix="hubpilot-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody", "nogroup")
        server = kind(folder)
        command = server.prepare()
        with (folder / "log").open("w") as log:
            ending = ["setpriv", "--pdeathsig", server.stop_signal.name.removeprefix("SIG")]  # not to outlive a killed test run
            process = subprocess.Popen([*ending, *_unprivileged()[1:], *command], cwd=folder, stdout=log, stderr=log)
        try:
            _wait(server, process)
            yield server
        finally:
            process.send_signal(server.stop_signal)
            process.wait(60)


def _wait(server: DatabaseServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError((server.folder / "log").read_text())
        time.sleep(0.05)


def _unprivileged() -> list[str]:
    return ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"] if os.geteuid() == 0 else ["setpriv"]
