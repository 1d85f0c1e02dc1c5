"""git-lfs's own test of a server's batch API, and its JSON schemas, against a whole hub behind a real server."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft4Validator  # type: ignore[import-untyped]

from hub_core.settings import Settings
from tests.conformance.results import Case, Outcome
from tests.conformance.sources import NotPossible
from tests.conftest import RunningHub, running_hub

SERVER_TEST = "git-lfs-test-server-api"
SCHEMAS = "git-lfs-json-schemas"
_LINE = re.compile(r"^(Test .*?) +(OK|FAILED)$", re.MULTILINE)
_CONTENT = b"weights"
_STORED = {"oid": hashlib.sha256(_CONTENT).hexdigest(), "size": len(_CONTENT)}
_UNKNOWN = {"oid": "ab" * 32, "size": 5}
_MEDIA_TYPE = "application/vnd.git-lfs+json"

# Objects of a batch by what is asked about them.
_BATCHES: Mapping[str, tuple[str, list[dict[str, Any]]]] = {
    "upload of an unknown object": ("upload", [_UNKNOWN]),
    "upload of a stored object": ("upload", [_STORED]),
    "upload of an empty object": ("upload", [{"oid": hashlib.sha256(b"").hexdigest(), "size": 0}]),
    "upload of objects that cannot be": ("upload", [{"oid": "bad", "size": 1}, {"oid": "cd" * 32, "size": -1}]),
    "download of a stored object": ("download", [_STORED]),
    "download of an unknown object": ("download", [_UNKNOWN]),
    "download of both": ("download", [_STORED, _UNKNOWN]),
    "no object at all": ("download", []),
}


def run_server_test(program: Path) -> list[Case]:
    """The seven tests of `git-lfs-test-server-api`; raises `NotPossible` when it does not come to its end."""
    with tempfile.TemporaryDirectory(prefix="hubpilot-conformance-") as folder, _hub(Path(folder)) as running:
        home = Path(folder) / "home"
        home.mkdir()
        (home / ".gitconfig").write_text("[user]\n\tname = a\n\temail = a@example.org\n")
        done = subprocess.run(
            [program, f"--url={running.git_url('alice/weights.git')}/info/lfs"], cwd=home, capture_output=True, text=True, timeout=120,
            env={"PATH": os.environ["PATH"], "HOME": str(home), "GIT_TERMINAL_PROMPT": "0", "TMPDIR": folder}, check=False,
        )
    cases = [Case(name, Outcome.PASSED if verdict == "OK" else Outcome.FAILED) for name, verdict in _LINE.findall(done.stdout)]
    announced = re.search(r"Running (\d+) tests", done.stdout)
    if announced is None or int(announced[1]) != len(cases):
        raise NotPossible(f"{SERVER_TEST} did not come to its end:\n{(done.stdout + done.stderr)[-2000:]}")
    return cases


def check_schemas(source: Path) -> list[Case]:
    """Every kind of answer to a batch, held against the schema in the source of git-lfs."""
    schema = json.loads((source / "tq/schemas/http-batch-response-schema.json").read_text())
    validator = Draft4Validator(schema)
    with tempfile.TemporaryDirectory(prefix="hubpilot-conformance-") as folder, _hub(Path(folder)) as running, running.client() as client:
        link = _batch(client, "upload", [_STORED]).json()["objects"][0]["actions"]["upload"]
        httpx.put(link["href"], content=_CONTENT, headers=link.get("header", {})).raise_for_status()
        return [
            Case(name, Outcome.PASSED if _conforms(_batch(client, operation, objects), validator) else Outcome.FAILED)
            for name, (operation, objects) in _BATCHES.items()
        ]


@contextmanager
def _hub(folder: Path) -> Iterator[RunningHub]:
    """A hub with the empty private model `alice/weights`."""
    with running_hub(Settings(data_dir=folder / "data", log_level="error", host="127.0.0.1", port=0)) as running:
        with running.client() as client:
            client.post("/api/v2/repositories", json={"type": "model", "name": "weights", "visibility": "private"}).raise_for_status()
        yield running


def _batch(client: httpx.Client, operation: str, objects: list[dict[str, Any]]) -> httpx.Response:
    headers = {"Accept": _MEDIA_TYPE, "Content-Type": _MEDIA_TYPE}
    return client.post("/alice/weights.git/info/lfs/objects/batch", json={"operation": operation, "objects": objects}, headers=headers)


def _conforms(answer: httpx.Response, validator: Draft4Validator) -> bool:
    kind = answer.headers["content-type"].partition(";")[0]
    return answer.status_code == 200 and kind == _MEDIA_TYPE and validator.is_valid(answer.json())
