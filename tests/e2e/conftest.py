"""A hub as a person starts it, and a browser to look at it with."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import require_program

CHROMIUM_FLAGS = [
    "--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]


@dataclass
class StartedHub:
    """A `hubpilot up` of its own process and data folder."""

    url: str
    set_up_url: str | None
    data_dir: Path
    environment: dict[str, str]

    def command(self, *arguments: str, **environment: str) -> str:
        """Run `hubpilot` beside it; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "api.cli", *arguments], env={**self.environment, **environment}, capture_output=True, text=True,
            timeout=120, check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def started_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartedHub]:
    data_dir = tmp_path_factory.mktemp("hub") / "data"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HUBPILOT_")}
    environment |= {"HUBPILOT_DATA_DIR": str(data_dir), "HUBPILOT_LOG_LEVEL": "warning"}
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "up", "--port", "0"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    lines: list[str] = []
    url = set_up = None
    for line in process.stdout:
        lines.append(line)
        url = (found.group(1) if (found := re.search(r"running at (http://\S+)", line)) else None) or url
        set_up = (found.group(0) if (found := re.search(r"http://\S+/setup/\S+", line)) else None) or set_up
        if "Ctrl-C" in line:
            break
    assert url, "".join(lines)
    reader = threading.Thread(target=lambda: lines.extend(process.stdout or []))
    reader.start()
    environment["HUBPILOT_URL"] = url
    yield StartedHub(url, set_up, data_dir, environment)
    process.send_signal(signal.SIGINT)
    process.wait(30)
    reader.join(10)
    process.stdout.close()
    assert process.returncode == 0, "".join(lines)
    assert "Traceback" not in "".join(lines)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = require_program("chromium", "chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
