"""Running git's test scripts against the hub, and reading what they print (TAP, the Test Anything Protocol)."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.conformance.httpd import stop, write_launcher
from tests.conformance.results import Case, Outcome
from tests.conformance.sources import NotPossible, require

SUITES = (
    "t5551-http-fetch-smart", "t5541-http-push-smart", "t5561-http-backend", "t5539-fetch-http-shallow", "t5542-push-http-shallow",
    "t5545-push-options", "t5549-fetch-push-http", "t5702-protocol-v2", "t5616-partial-clone",
)
_LIMIT_SECONDS = 900
_SKIP = re.compile(r"^ok \d+ # skip (?P<name>.*?)(?: \((?P<reason>[^()]*)\))?$")
_CASE = re.compile(r"^(?P<outcome>ok|not ok) \d+ - (?P<name>.*?)(?P<known> # TODO known breakage.*)?$")
_PLAN = re.compile(r"^1\.\.(\d+)", re.MULTILINE)


def run_suite(suite: str, tests: Path, work: Path, *, keep: bool = False) -> list[Case]:
    """The cases of one script of the folder `tests`, whose log is `work/SUITE.log`; `keep` keeps its other files too.

    Raises `NotPossible` when the script did not come to its end, or did not run any case.
    """
    work.mkdir(parents=True, exist_ok=True)
    require({"unshare": "util-linux", "git": "git"})
    git = shutil.which("git") or "git"
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(work), "GIT_TEST_INSTALLED": str(Path(git).parent), "GIT_TEST_HTTPD": "true",
        "GIT_TEST_LONG": "true",  # with the cases that git calls expensive, such as a negotiation about 100,000 tags
        "LIB_HTTPD_PATH": str(write_launcher(work / "httpd")), "LIB_HTTPD_MODULE_PATH": str(work), "LIB_HTTPD_PORT": str(free_port()),
    }
    log, own_files = work / f"{suite}.log", work / f"trash directory.{suite}"
    with log.open("wb") as output:
        try:
            subprocess.run(
                [*_as_ordinary_user(), "sh", f"./{suite}.sh", f"--root={work}"], cwd=tests, env=environment, check=False,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, timeout=_LIMIT_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise NotPossible(f"{suite} was not done after {_LIMIT_SECONDS} seconds; see {log}.") from None
        finally:
            stop(own_files / "httpd")
            if not keep:  # a script leaves them when a case fails; an agent it started for signatures ends when they are gone
                shutil.rmtree(own_files, ignore_errors=True)
    text = log.read_text(errors="replace")
    cases, plan = list(read_tap(text)), _PLAN.search(text)
    if not cases or plan is None or int(plan[1]) != len(cases):
        raise NotPossible(f"{suite} did not come to its end; see {log}.")
    return cases


def read_tap(text: str) -> Iterator[Case]:
    """The cases in the output of a script. A breakage that git knows of in itself counts as skipped."""
    for line in text.splitlines():
        if skip := _SKIP.match(line):
            yield Case(skip["name"], Outcome.SKIPPED, skip["reason"] or "")
        elif case := _CASE.match(line):
            if case["known"]:
                yield Case(case["name"], Outcome.SKIPPED, "known breakage of git itself")
            else:
                yield Case(case["name"], Outcome.PASSED if case["outcome"] == "ok" else Outcome.FAILED)


def _as_ordinary_user() -> list[str]:
    """What to put before a command so that it is not root, whose rights git's tests do not accept, and still owns root's files."""
    return ["unshare", "--user", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
