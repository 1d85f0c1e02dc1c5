"""A hub in a process of its own, which can be killed at any moment."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
import psutil

ADMIN = "alice"
PASSWORD = "correct horse battery"
PATIENCE = 300.0
"""Seconds within which a hub on a busy machine answers."""


class HubProcess:
    """`hubpilot up` on loopback. Its log is appended to `log`; `started_in` is how many seconds it took until it was ready."""

    def __init__(self, data_dir: Path, log: Path) -> None:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("HUBPILOT_")}
        environment |= {
            "HUBPILOT_DATA_DIR": str(data_dir), "HUBPILOT_LOG_LEVEL": "warning",
            "HUBPILOT_ADMIN_NAME": ADMIN, "HUBPILOT_ADMIN_PASSWORD": PASSWORD,
        }
        self.log = log
        self.url = ""
        self.started_in = 0.0
        self._environment = environment
        self._listening = threading.Event()
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "api.cli", "up", "--port", "0"], env=environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=file, text=True, start_new_session=True,
            )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def wait_until_ready(self) -> None:
        """Wait until the hub serves; raises `RuntimeError` when it does not come up."""
        began = time.monotonic()
        while time.monotonic() < began + PATIENCE and self._process.poll() is None:
            if self._listening.wait(0.05):
                with suppress(httpx.TransportError):
                    if httpx.get(f"{self.url}/readyz", timeout=PATIENCE).status_code == 200:
                        self.started_in = time.monotonic() - began
                        return
                time.sleep(0.05)
        raise RuntimeError(f"the hub did not come up (exit status {self._process.poll()}); its log is {self.log}")

    def command(self, *arguments: str) -> str:
        """Run `hubpilot` on the same data folder; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "api.cli", *arguments], env=self._environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        if done.returncode:
            raise RuntimeError(f"hubpilot {arguments[0]}: {done.stderr}")
        return done.stdout

    def ask_to_stop(self) -> None:
        """Send SIGTERM, without waiting."""
        self._process.terminate()

    def kill(self, *, descendants: bool) -> None:
        """SIGKILL the process group; with `descendants` also the git processes, which lead groups of their own.

        With them it is a machine that lost power, without them a hub that the kernel has chosen for its memory.
        """
        children: list[psutil.Process] = []
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(self._process.pid).children(recursive=True) if descendants else []
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        self.wait()

    def wait(self) -> int:
        """Wait for the end; returns the exit status."""
        status = self._process.wait(PATIENCE)
        self._reader.join()
        return status

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                if found := re.search(r"running at (http://\S+)", line):
                    self.url = found.group(1).replace("localhost", "127.0.0.1")
                    self._listening.set()
