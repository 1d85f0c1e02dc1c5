"""A repository of many files, cloned from the hub and from git's own HTTP server: the same bare repository on the same disk."""

from __future__ import annotations

import http.client
import random
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import hub, peers
from benchmarks.options import Options
from benchmarks.processes import BenchmarkError, Server, environment
from benchmarks.report import Report, Row

_PER_FOLDER = 100
_FILE_BYTES = 400
_ADVERTISEMENTS = 100
_PEER = "nginx + fcgiwrap + git-http-backend"


def measure(options: Options, report: Report) -> None:
    """Seconds of a bare clone, and milliseconds of `info/refs`, which starts each fetch. Rounds alternate between the servers."""
    folder = options.subfolder("clone")
    with ExitStack() as stack:
        running = stack.enter_context(hub.running_hub(folder / "data"))
        with running.client() as client:
            hub.create_repository(client, "many")
        ours = f"{running.url}/models/{hub.USER}/many.git"
        push_time = _push(folder / "work", ours, running.headers, options.files)
        bare = next((running.data_dir / "git").glob("*/*/*.git"))
        peer = peers.if_available(stack, peers.nginx_git(options.subfolder("nginx-git"), bare.parent), report)
        urls = {ours: running.headers} | ({f"{peer.url}/{bare.name}": {}} if peer else {})
        clones = _alternate(options.rounds, [_cloning(url, headers, folder / "clone") for url, headers in urls.items()])
        refs = _alternate(_ADVERTISEMENTS, [_advertising(stack, url, headers) for url, headers in urls.items()])
        report.rows += [
            _row(f"Clone of {options.files:,} files (bare)", "ms", clones, peer),
            _row("info/refs, p50", "ms", refs, peer),
            Row(f"Push of {options.files:,} files, checked and on disk", "ms", push_time * 1000),
        ]
    shutil.rmtree(folder)


def _row(measure: str, unit: str, seconds: list[list[float]], peer: Server | None) -> Row:
    ours, *theirs = (statistics.median(taken) * 1000 for taken in seconds)
    return Row(measure, unit, ours, theirs[0] if theirs else None, _PEER if peer else "")


def _alternate(rounds: int, actions: list[Callable[[], None]]) -> list[list[float]]:
    """Seconds that each action took, in `rounds` rounds after one that does not count."""
    seconds: list[list[float]] = [[] for _ in actions]
    for _ in range(rounds + 1):
        for action, taken in zip(actions, seconds, strict=True):
            began = time.perf_counter()
            action()
            taken.append(time.perf_counter() - began)
    return [taken[1:] for taken in seconds]


def _push(work: Path, url: str, headers: Mapping[str, str], files: int) -> float:
    """Commit `files` small files, the same ones each time, and push them; returns the seconds the push took."""
    words = random.Random(5000)
    for number in range(files):
        path = work / f"folder-{number // _PER_FOLDER:03}" / f"file-{number:05}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(words.randbytes(_FILE_BYTES // 2).hex())
    _git({}, "init", "--quiet", "--initial-branch=main", str(work))
    _git({}, "-C", str(work), "add", ".")
    _git({}, "-C", str(work), "-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "--quiet", "--message=Add files")
    began = time.perf_counter()
    _git(headers, "-C", str(work), "push", "--quiet", url, "main")
    return time.perf_counter() - began


def _cloning(url: str, headers: Mapping[str, str], target: Path) -> Callable[[], None]:
    def clone() -> None:
        _git(headers, "clone", "--quiet", "--bare", url, str(target))
        shutil.rmtree(target)

    return clone


def _advertising(stack: ExitStack, url: str, headers: Mapping[str, str]) -> Callable[[], None]:
    """Ask for the advertisement of protocol v2 over one kept connection."""
    address = urlsplit(url)
    connection = stack.enter_context(closing(http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)))
    asked = {**headers, "Git-Protocol": "version=2"}

    def ask() -> None:
        connection.request("GET", f"{address.path}/info/refs?service=git-upload-pack", headers=asked)
        answer = connection.getresponse()
        if answer.status != 200 or b"version 2" not in answer.read():
            raise BenchmarkError(f"info/refs of {url} was answered {answer.status}")

    return ask


def _git(headers: Mapping[str, str], *arguments: str) -> None:
    """Run git as on a machine without configuration; `headers` go with its requests, by way of the environment."""
    settings = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_COUNT": str(len(headers)), "GIT_TERMINAL_PROMPT": "0"}
    for number, (name, value) in enumerate(headers.items()):
        settings |= {f"GIT_CONFIG_KEY_{number}": "http.extraHeader", f"GIT_CONFIG_VALUE_{number}": f"{name}: {value}"}
    subprocess.run(["git", *arguments], env=environment(**settings), check=True, stdin=subprocess.DEVNULL)
