"""`python -m benchmarks [NAME …]`: measure, and print one Markdown table."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import clone, lfs_download, plan, rest, startup
from benchmarks.options import Options
from benchmarks.processes import CLIENT_CORES, BenchmarkError
from benchmarks.report import Report, around_markers, machine_facts, write_between_markers

BENCHMARKS: dict[str, Callable[[Options, Report], None]] = {
    "lfs_download": lfs_download.measure,
    "clone": clone.measure,
    "plan": plan.measure,
    "startup": startup.measure,
    "rest": rest.measure,
}


def main() -> None:
    """Run what is named, or everything. Nothing is left behind, however it ends."""
    asked = _arguments()
    # Ended politely, Python skips the clean-up that servers and temporary files need; as an exit it does not.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    os.sched_setaffinity(0, CLIENT_CORES)
    facts, report = machine_facts(), Report()
    try:
        with tempfile.TemporaryDirectory(prefix="hubpilot-benchmarks-") as folder:
            options = Options(
                Path(folder), size_mib=asked.size_mib, rounds=asked.rounds, files=asked.files, seconds=asked.seconds, giftless=asked.giftless
            )
            for name in asked.names or BENCHMARKS:
                print(f"Measuring {name} …", file=sys.stderr, flush=True)
                BENCHMARKS[name](options, report)
    except BenchmarkError as error:
        sys.exit(str(error))
    text = f"{facts}\n\n{report.markdown()}"
    print(text)
    if asked.markdown:
        write_between_markers(asked.markdown, text)


def _arguments() -> argparse.Namespace:
    usual = Options(Path())
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure hubpilot beside other programs.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(BENCHMARKS)} (default: all)")
    parser.add_argument("--size-mib", type=_positive, default=usual.size_mib, help="size of the LFS object (default: %(default)s)")
    parser.add_argument("--rounds", type=_positive, default=usual.rounds, help="how often what is slow is measured (default: %(default)s)")
    parser.add_argument("--files", type=_positive, default=usual.files, help="files of the cloned repository (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="how long load is kept up (default: %(default)s)")
    parser.add_argument("--no-giftless", dest="giftless", action="store_false", help="do not install a peer from the package index")
    parser.add_argument("--markdown", type=_page, metavar="PAGE", help="also write the result between the markers of this page")
    asked = parser.parse_args()
    if unknown := [name for name in asked.names if name not in BENCHMARKS]:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    return asked


def _page(text: str) -> Path:
    """A page with a place for the table, which is better known before minutes of measuring than after."""
    page = Path(text)
    try:
        around_markers(page)
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return page


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    main()
