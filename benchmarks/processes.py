"""Servers as processes of their own: started on a core, watched, ended by process id."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

MIB = 1 << 20

ALL_CORES = tuple(sorted(os.sched_getaffinity(0)))
SERVER_CORES = ALL_CORES[:1]
"""Every measured server has one core, so that figures are per core; who asks has the others."""
CLIENT_CORES = ALL_CORES[1:] or ALL_CORES

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.005
_SETTLE_SECONDS = 60.0
_QUIET_SECONDS = 1.0
_QUIET_SHARE = 0.05
# proc(5): 5 resets the high-water mark of the resident set.
_RESET_PEAK = "5"


class BenchmarkError(Exception):
    """A measurement could not be made; the text says why."""


class PeerUnavailable(Exception):
    """A peer cannot run here; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server with all processes it starts. `ready_seconds` is how long it took from its start to its first answer."""

    process: psutil.Process
    url: str
    ready_seconds: float

    def cpu_seconds(self) -> float:
        """Processor time used so far, user and system, with children that have ended."""
        total = 0.0
        for process in tree(self.process):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
        return total

    def rss_mib(self) -> float:
        """Resident memory; pages that processes share count for each."""
        return sum(process.memory_info().rss for process in tree(self.process)) / MIB

    def pss_mib(self) -> float:
        """Proportional memory: pages that processes share count once."""
        return sum(process.memory_full_info().pss for process in tree(self.process)) / MIB

    def settle(self) -> None:
        """Wait until the server does nothing by itself: what it loads after its first answer is not what a request costs.

        Raises BenchmarkError when it does not come to rest.
        """
        until = time.perf_counter() + _SETTLE_SECONDS
        while time.perf_counter() < until:
            before = self.cpu_seconds()
            time.sleep(_QUIET_SECONDS)
            if self.cpu_seconds() - before <= _QUIET_SHARE * _QUIET_SECONDS:
                return
        raise BenchmarkError(f"{self.process.name()} is still busy with itself after {_SETTLE_SECONDS:g} seconds")

    def peak_growth(self) -> Callable[[], float]:
        """Start watching; the returned function tells by how many MiB the resident memory has risen at most since."""
        watched = tree(self.process)
        for process in watched:
            Path(f"/proc/{process.pid}/clear_refs").write_text(_RESET_PEAK)
        before = sum(_peak_kib(process) for process in watched)
        return lambda: (sum(_peak_kib(process) for process in watched) - before) / 1024


def tree(process: psutil.Process) -> list[psutil.Process]:
    """A process and its descendants."""
    return [process, *process.children(recursive=True)]


def environment(**extra: str) -> dict[str, str]:
    """This process's environment without what would configure the hub or git, and with `extra`."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("HUBPILOT_", "GIT_"))} | extra


def on_cores(command: Sequence[str], cores: Collection[int]) -> list[str]:
    """`command`, bound to `cores` from its first instruction on."""
    return ["taskset", "--cpu-list", ",".join(map(str, cores)), *command]


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], *, log: Path, cores: Collection[int] = SERVER_CORES, env: Mapping[str, str] | None = None
) -> Iterator[psutil.Process]:
    """Run `command` with its output in `log`; at the end, stop it and everything it started.

    It leads a session of its own, so that neither Ctrl-C nor a signal it sends to its group crosses over.
    """
    with log.open("wb") as output:
        started = subprocess.Popen(
            on_cores(command, cores), env=env or environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield psutil.Process(started.pid)
    finally:
        _stop(started)


@contextmanager
def serving(
    command: Sequence[str], url: str, *, log: Path, ready: str = "/", cores: Collection[int] = SERVER_CORES,
    env: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Run a server that listens at `url`, from the moment it answers the path `ready`. Raises BenchmarkError when it does not."""
    began = time.perf_counter()
    with running(command, log=log, cores=cores, env=env) as process:
        while not _answers(url, ready):
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE or time.perf_counter() - began > _START_SECONDS:
                raise BenchmarkError(f"{command[0]} did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(_POLL_SECONDS)
        yield Server(process, url, time.perf_counter() - began)


def _stop(started: subprocess.Popen[bytes]) -> None:
    family = tree(psutil.Process(started.pid)) if started.poll() is None else []
    started.terminate()
    try:
        started.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()
    _, left = psutil.wait_procs(family[1:], timeout=1)
    for process in left:
        process.kill()


def _answers(url: str, path: str) -> bool:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _peak_kib(process: psutil.Process) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split(maxsplit=1)[0])
