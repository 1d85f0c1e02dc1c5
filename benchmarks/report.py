"""What was measured, as one Markdown table, and the machine it was measured on."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks.processes import ALL_CORES

BEGIN = "<!-- measured: begin -->"
END = "<!-- measured: end -->"

_HEAD = "| Measure | Unit | Better | hubpilot | Peer | Peer’s figure | hubpilot ÷ peer |\n|---|---|---|---:|---|---:|---:|"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of the hub, and of a peer if there is one to compare with."""

    measure: str
    unit: str
    hub: float
    peer: float | None = None
    peer_name: str = ""
    more_is_better: bool = False

    def markdown(self) -> str:
        """The line of the table."""
        ratio = f"{self.hub / self.peer:.2f}" if self.peer else ""
        cells = (
            self.measure, self.unit, "higher" if self.more_is_better else "lower", _figure(self.hub), self.peer_name,
            "" if self.peer is None else _figure(self.peer), ratio,
        )
        return "| " + " | ".join(cells) + " |"


@dataclass(slots=True)
class Report:
    """Rows in the order in which they were measured, and remarks: what was skipped and why."""

    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        """The table, the remarks under it."""
        return "\n".join([_HEAD, *(row.markdown() for row in self.rows), *(f"\n{note}" for note in self.notes)])


def machine_facts() -> str:
    """Processor, memory, system, versions, and how busy the machine is now: a list in Markdown."""
    facts = {
        "Processor": f"{_cpu_model()}, {len(ALL_CORES)} cores",
        "Memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "System": f"{platform.freedesktop_os_release().get('PRETTY_NAME', platform.system())}, Linux {platform.release()}",
        "Versions": ", ".join(
            [f"hubpilot {version('hubpilot')}", f"Python {platform.python_version()}", f"uvicorn {version('uvicorn')}", *_program_versions()]
        ),
        "Load average before the run": f"{os.getloadavg()[0]:.2f}",
        "Measured": time.strftime("%Y-%m-%d", time.gmtime()),
    }
    return "\n".join(f"- {name}: {value}" for name, value in facts.items())


def write_between_markers(page: Path, text: str) -> None:
    """Replace what is between the two markers of `page`; raises OSError or ValueError as `around_markers` does."""
    before, after = around_markers(page)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


def around_markers(page: Path) -> tuple[str, str]:
    """What stands before and after the two markers of `page`; raises OSError when it cannot be read, ValueError when it has not both."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no place for the table: it needs the lines {BEGIN} and {END}")
    return before, after


def _figure(value: float) -> str:
    decimals = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{decimals}f}"


def _cpu_model() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found.group(1) if found else platform.machine()


def _program_versions() -> list[str]:
    """git and nginx, as far as they are installed."""
    versions = []
    for program, flag in (("git", "--version"), ("nginx", "-v")):
        if path := shutil.which(program):
            told = subprocess.run([path, flag], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout
            found = re.search(r"[0-9]+(?:\.[0-9]+)+", told)
            versions.append(f"{program} {found.group(0) if found else told.strip()}")
    return versions
