"""One large LFS object: down beside nginx sendfile, up beside giftless."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks import hub, peers
from benchmarks.options import Options
from benchmarks.processes import MIB, BenchmarkError, Server
from benchmarks.report import Report, Row
from benchmarks.transfers import Link, download, lfs_link, renew_payload, upload, write_payload

_UPLOADS = 3
_SPARE_MIB = 256
_WARM_UP_MIB = 8


@dataclass(slots=True)
class _Rounds:
    """Transfers of one size to or from one server."""

    server: Server
    size_mib: int
    seconds: list[float] = field(default_factory=list)
    cpu: float = 0.0
    growth: list[float] = field(default_factory=list)

    def add(self, transfer: Callable[[], object]) -> None:
        """Make one transfer and take its figures."""
        growth, cpu, began = self.server.peak_growth(), self.server.cpu_seconds(), time.perf_counter()
        transfer()
        self.seconds.append(time.perf_counter() - began)
        self.cpu += self.server.cpu_seconds() - cpu
        self.growth.append(growth())

    @property
    def mib_per_second(self) -> float:
        return self.size_mib / statistics.median(self.seconds)

    @property
    def cpu_per_gib(self) -> float:
        return self.cpu / len(self.seconds) * 1024 / self.size_mib


def measure(options: Options, report: Report) -> None:
    """Rates, processor time of the server and growth of its memory. Needs about four times the object's size on disk."""
    folder = options.subfolder("lfs")
    uploads = min(_UPLOADS, options.rounds)
    _check_space(folder, (uploads + 1) * options.size_mib + _SPARE_MIB)
    payload = options.subfolder("payload") / "object"
    write_payload(payload, options.size_mib)
    with ExitStack() as stack:
        running = stack.enter_context(hub.running_hub(folder / "data"))
        nginx = peers.if_available(stack, peers.nginx_files(options.subfolder("nginx-files"), payload.parent), report)
        up, oid = _upload_to_hub(running, payload, uploads, options.size_mib)
        _downloads(running, nginx, oid, options, report)
    shutil.rmtree(folder)
    _uploads(up, payload, options, report)
    payload.unlink()


def _rows(what: str, ours: _Rounds, theirs: _Rounds | None, peer: str) -> list[Row]:
    name = peer if theirs else ""
    return [
        Row(f"{what}: rate", "MiB/s", ours.mib_per_second, theirs.mib_per_second if theirs else None, name, more_is_better=True),
        Row(f"{what}: server’s processor time", "CPU-s/GiB", ours.cpu_per_gib, theirs.cpu_per_gib if theirs else None, name),
        Row(f"{what}: memory growth at its peak", "MiB", max(ours.growth), max(theirs.growth) if theirs else None, name),
    ]


def _upload_to_hub(running: hub.Hub, payload: Path, uploads: int, size_mib: int) -> tuple[_Rounds, str]:
    with running.client() as client:
        hub.create_repository(client, "large")
    _warm_up(payload, _endpoint(running), running.headers)
    rounds = _Rounds(running.server, size_mib)
    oid = ""
    for _ in range(uploads):
        oid = renew_payload(payload)
        link = lfs_link(_endpoint(running), "upload", oid, size_mib * MIB, running.headers)
        rounds.add(partial(upload, link, payload))
    return rounds, oid


def _downloads(running: hub.Hub, nginx: Server | None, oid: str, options: Options, report: Report) -> None:
    ours = lfs_link(_endpoint(running), "download", oid, options.size_mib * MIB, running.headers)
    if download(ours, digest=True) != oid:
        raise BenchmarkError("the hub sent other bytes than it was given")
    down = _Rounds(running.server, options.size_mib)
    beside = _Rounds(nginx, options.size_mib) if nginx else None
    theirs = Link(f"{nginx.url}/object", {}) if nginx else None
    if theirs:
        download(theirs)
    for _ in range(options.rounds):
        down.add(partial(download, ours))
        if beside and theirs:
            beside.add(partial(download, theirs))
    report.rows += _rows(f"LFS download of {options.size_mib} MiB", down, beside, "nginx sendfile")


def _uploads(up: _Rounds, payload: Path, options: Options, report: Report) -> None:
    uploads = len(up.seconds)
    beside = None
    with ExitStack() as stack:
        server = None
        if options.giftless:
            server = peers.if_available(stack, peers.giftless(options.subfolder("giftless")), report)
        if server:
            beside = _upload_to_giftless(server, payload, uploads, options.size_mib)
    report.rows += _rows(f"LFS upload of {options.size_mib} MiB, verified and on disk", up, beside, "giftless (neither hashes nor syncs)")


def _upload_to_giftless(server: Server, payload: Path, uploads: int, size_mib: int) -> _Rounds:
    endpoint = f"{server.url}/{hub.USER}/large.git/info/lfs"
    _warm_up(payload, endpoint, {})
    rounds = _Rounds(server, size_mib)
    for _ in range(uploads):
        oid = renew_payload(payload)
        link = lfs_link(endpoint, "upload", oid, size_mib * MIB, {})
        rounds.add(partial(upload, link, payload))
    return rounds


def _endpoint(running: hub.Hub) -> str:
    return f"{running.url}/models/{hub.USER}/large.git/info/lfs"


def _warm_up(payload: Path, endpoint: str, headers: Mapping[str, str]) -> None:
    """Let a server do once, with a small object, what it prepares for with its first upload."""
    small = payload.with_name("small")
    write_payload(small, _WARM_UP_MIB)
    upload(lfs_link(endpoint, "upload", renew_payload(small), _WARM_UP_MIB * MIB, headers), small)
    small.unlink()


def _check_space(folder: Path, needed_mib: int) -> None:
    free = shutil.disk_usage(folder).free // MIB
    if free < needed_mib:
        raise BenchmarkError(f"{folder} has {free} MiB free and this needs {needed_mib}: set TMPDIR, or give a smaller --size-mib.")
