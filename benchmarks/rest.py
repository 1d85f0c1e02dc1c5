"""Reading over REST: one repository and a page of them, beside a FastAPI application that gives the same JSON from memory."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks import hub, peers
from benchmarks.load import Load, load
from benchmarks.options import Options
from benchmarks.processes import Server
from benchmarks.report import Report, Row

_REPOSITORIES = 100
_CONNECTIONS = 8
_ONE = f"/api/v2/repositories/datasets/{hub.USER}/r-050"
_LIST = "/api/v2/repositories?limit=20"
_PEER = "bare FastAPI, same JSON from memory"


@dataclass(frozen=True, slots=True)
class _Figures:
    """How one server, on one core, answered."""

    busy: Load
    cpu_per_thousand: float
    alone: Load
    listing: Load


def measure(options: Options, report: Report) -> None:
    """Requests per second and median times with a token, permissions and rows from the database, as for anybody signed in."""
    folder = options.subfolder("rest")
    with hub.running_hub(folder / "data") as running:
        with running.client() as client:
            for number in range(_REPOSITORIES):
                hub.create_repository(client, f"r-{number:03}", "dataset", description=f"Readings of station {number}.")
            answers = {_ONE: client.get(running.url + _ONE).json(), _LIST.partition("?")[0]: client.get(running.url + _LIST).json()}
        ours = _measure(running.server, running.headers, options.seconds)
        with peers.bare_fastapi(folder, answers) as bare:
            theirs = _measure(bare, {}, options.seconds)
    report.rows += [
        Row(f"Read a repository, {_CONNECTIONS} connections", "req/s", ours.busy.per_second, theirs.busy.per_second, _PEER, more_is_better=True),
        Row("Read a repository: server’s processor time", "CPU-s/1,000", ours.cpu_per_thousand, theirs.cpu_per_thousand, _PEER),
        Row("Read a repository, one connection, p50", "ms", ours.alone.p50_ms, theirs.alone.p50_ms, _PEER),
        Row(f"List 20 of {_REPOSITORIES} repositories, one connection, p50", "ms", ours.listing.p50_ms, theirs.listing.p50_ms, _PEER),
    ]


def _measure(server: Server, headers: dict[str, str], seconds: float) -> _Figures:
    alone = load(server.url + _ONE, headers, connections=1, seconds=seconds / 2)
    listing = load(server.url + _LIST, headers, connections=1, seconds=seconds / 2)
    cpu = server.cpu_seconds()
    busy = load(server.url + _ONE, headers, connections=_CONNECTIONS, seconds=seconds)
    used = server.cpu_seconds() - cpu
    return _Figures(busy, used / len(busy.latencies) * 1000, alone, listing)
