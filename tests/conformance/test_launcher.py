"""The stand-in for Apache with a real git client, without git's suites; and the judgement of results."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.git_suites import free_port, read_tap
from tests.conformance.httpd import write_launcher
from tests.conformance.results import Case, Outcome, judge, known_not_to_apply, table

TAP = """\
ok 1 - clones
ok 2 # skip enormous refs (missing EXPENSIVE)
not ok 3 - namespaces
#\tgit clone ns
not ok 4 - someday # TODO known breakage
1..4
"""


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    root = tmp_path / "with space" / "httpd"
    (root / "www").mkdir(parents=True)
    launcher, port = write_launcher(tmp_path / "httpd"), free_port()
    subprocess.run([launcher, "-d", root, "-f", "any.conf", "-c", f"Listen 127.0.0.1:{port}", "-k", "start"], check=True, timeout=30)
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", root / "www" / "repo.git"], check=True)
    yield f"http://127.0.0.1:{port}"
    subprocess.run([launcher, "-d", root, "-f", "any.conf", "-k", "stop"], check=True, timeout=30)


def test_git_pushes_and_clones_through_the_stand_in(tmp_path: Path, url: str) -> None:
    def git(*arguments: str, fails: bool = False) -> str:
        identity = {f"GIT_{role}_{key}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_TERMINAL_PROMPT": "0", **identity}
        done = subprocess.run(["git", *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode != 0) == fails, done.stderr
        return done.stdout + done.stderr

    git("init", "-q", "-b", "main", "one")
    git("-C", "one", "commit", "-q", "--allow-empty", "-m", "first")
    assert "403" in git("-C", "one", "push", f"{url}/smart/repo.git", "main", fails=True)
    locked = url.replace("//", "//user%40host:pass%40host@") + "/auth/smart/repo.git"
    git("-C", "one", "push", "-q", locked, "main")
    assert "could not read Username" in git("ls-remote", f"{url}/auth/smart/repo.git", fails=True)
    git("clone", "-q", f"{url}/smart-redir-perm/repo.git", "two")
    assert git("-C", "two", "log", "--format=%s").strip() == "first"
    log = (tmp_path / "with space/httpd/access.log").read_text()
    assert '"GET /smart-redir-perm/repo.git/info/refs?service=git-upload-pack HTTP/1.1" 301 -' in log


def test_tap_is_read() -> None:
    assert list(read_tap(TAP)) == [
        Case("clones", Outcome.PASSED),
        Case("enormous refs", Outcome.SKIPPED, "missing EXPENSIVE"),
        Case("namespaces", Outcome.FAILED),
        Case("someday", Outcome.SKIPPED, "known breakage of git itself"),
    ]


def test_the_list_of_what_does_not_apply_is_checked_both_ways() -> None:
    cases = list(read_tap(TAP))
    assert judge("s", cases, {}).faults == ["namespaces: failed"]
    fits = judge("s", cases, {"namespaces": "none"})
    assert (fits.passed, fits.not_applicable, len(fits.skipped), fits.faults) == (1, 1, 2, [])
    assert "passes, though" in judge("s", cases, {"namespaces": "none", "clones": "none"}).faults[0]
    assert "no such case" in judge("s", cases, {"namespaces": "none", "gone": "none"}).faults[0]
    assert "| **all** | **1** | **1** | **2** | **0** |" in table([fits])


def test_every_case_that_does_not_apply_has_a_reason() -> None:
    assert all(len(reason) > 20 for reasons in known_not_to_apply().values() for reason in reasons.values())
