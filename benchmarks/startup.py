"""Time to ready, memory when idle, and time to the help text."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from benchmarks import hub, peers
from benchmarks.options import Options
from benchmarks.processes import ALL_CORES, Server, environment, on_cores
from benchmarks.report import Report, Row

_BARE = "bare FastAPI application"


def measure(options: Options, report: Report) -> None:
    """Second and later starts of an installed hub, with all cores of the machine, beside the least that the same stack can be."""
    folder = options.subfolder("startup")
    hub.prepare(folder / "data")
    with hub.up(folder / "data", cores=ALL_CORES) as first:
        first_start = first.ready_seconds
        first.settle()
    ready, _, _ = _starts(lambda: hub.up(folder / "data", cores=ALL_CORES), options)
    chat_ready, rss, pss = _starts(lambda: hub.up(folder / "data", cores=ALL_CORES, ready=hub.CHAT), options)
    bare_ready, bare_rss, bare_pss = _starts(lambda: peers.bare_fastapi(folder, {"/": {}}, cores=ALL_CORES), options)
    python_script = [hub.HUBPILOT, "--help"], [sys.executable, "-c", "pass"]
    help_ms, python_ms = (_median_ms(command, options.rounds) for command in python_script)
    report.rows += [
        Row("`hubpilot up` to ready, first start", "s", first_start),
        Row("`hubpilot up` to ready, later starts", "s", ready, bare_ready, _BARE),
        Row("`hubpilot up` to the chat, later starts", "s", chat_ready),
        Row("Memory of the idle hub (PSS, all processes)", "MiB", pss, bare_pss, _BARE),
        Row("Memory of the idle hub (RSS, all processes)", "MiB", rss, bare_rss, _BARE),
        Row("`hubpilot --help`", "ms", help_ms, python_ms, "`python -c pass`"),
    ]


def _starts(start: Callable[[], AbstractContextManager[Server]], options: Options) -> tuple[float, float, float]:
    """Median seconds to ready, and resident and proportional memory in MiB once the last one is at rest."""
    seconds = []
    rss = pss = 0.0
    for left in reversed(range(options.rounds)):
        with start() as server:
            seconds.append(server.ready_seconds)
            if not left:
                server.settle()
                rss, pss = server.rss_mib(), server.pss_mib()
    return statistics.median(seconds), rss, pss


def _median_ms(command: list[str], rounds: int) -> float:
    taken = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        subprocess.run(on_cores(command, ALL_CORES), env=environment(), stdout=subprocess.DEVNULL, check=True)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken[1:]) * 1000
