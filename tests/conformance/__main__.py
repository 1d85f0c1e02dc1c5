"""`python -m tests.conformance [SUITE …]`: run the suites, print a table, and write it into `docs/conformance.md`."""

from __future__ import annotations

import argparse
import logging
import shutil
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import structlog

from tests.conformance import git_suites, lfs_api, sources
from tests.conformance.results import Case, SuiteResult, judge, known_not_to_apply, notes, table
from tests.conformance.sources import NotPossible

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def main() -> int:
    """Run what is named, or everything; returns the exit status. Only a whole run that could be made writes the page."""
    # Ended politely, Python skips the clean-up that servers and temporary files need; as an exit it does not.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    cache = sources.cache_folder()
    asked = _arguments()
    runs = _runs(cache, keep=asked.keep)
    if unknown := sorted(set(asked.suites) - set(runs)):
        sys.exit(f"There is no suite {unknown[0]}; there are: {', '.join(runs)}.")
    reasons, results = known_not_to_apply(), []
    shutil.rmtree(cache / "work", ignore_errors=True)
    for suite in asked.suites or runs:
        began = time.monotonic()
        try:
            result = judge(suite, runs[suite](), reasons.get(suite, {}))
        except NotPossible as error:
            result = SuiteResult(suite, faults=[str(error)])
        results.append(result)
        _tell(result, time.monotonic() - began)
    _print(f"\n{table(results)}")
    failed = any(result.faults for result in results)
    if not asked.suites and not failed:
        _write(f"{table(results)}\n\n{_versions()}\n\n{notes(results, reasons)}")
    return int(failed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=main.__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help="only these")
    parser.add_argument("--keep", action="store_true", help="keep the files of git's scripts in which a case failed")
    return parser.parse_args()


def _runs(cache: Path, *, keep: bool) -> dict[str, Callable[[], list[Case]]]:
    def git(suite: str) -> list[Case]:
        return git_suites.run_suite(suite, sources.git_suites(cache), cache / "work", keep=keep)

    return {
        **{suite: partial(git, suite) for suite in git_suites.SUITES},
        lfs_api.SERVER_TEST: lambda: lfs_api.run_server_test(sources.lfs_server_test(cache)),
        lfs_api.SCHEMAS: lambda: lfs_api.check_schemas(sources.lfs_source(cache)),
    }


def _tell(result: SuiteResult, seconds: float) -> None:
    _print(
        f"{result.suite}: {result.passed} passed, {result.not_applicable} not applicable, {len(result.skipped)} skipped, "
        f"{len(result.faults)} failed ({seconds:.0f} s)"
    )
    for fault in result.faults:
        _print(f"    {fault}")


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _versions() -> str:
    versions = " and ".join(f"{package} {sources.installed_version(package)}" for package in ("git", "git-lfs"))
    return f"The suites and clients are those of Debian's {versions}."


def _write(text: str) -> None:
    before, begin, rest = PAGE.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE} has no place for the results: it needs the lines {BEGIN} and {END}")
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


if __name__ == "__main__":
    sys.exit(main())
