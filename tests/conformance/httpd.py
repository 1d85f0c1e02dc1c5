"""A stand-in for Apache's `httpd`, as far as git's tests use it: `-v`, `-k start` and `-k stop`.

`start` returns when connections are accepted; what it starts is `tests.conformance.serving`.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
from pathlib import Path

import psutil

REPOSITORY = Path(__file__).parents[2]


def main() -> None:
    """Do what git's `lib-httpd.sh` asks for."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-v", action="store_true", dest="version")
    parser.add_argument("-d", type=Path, dest="root")
    parser.add_argument("-c", dest="directive", default="")
    parser.add_argument("-k", choices=["start", "stop"], dest="action")
    asked, _ = parser.parse_known_args()
    if asked.version:
        sys.stdout.write("Server version: Apache/2.4.57\n")
    elif asked.action == "start":
        _start(asked.root, int(asked.directive.rpartition(":")[2]))
    else:
        stop(asked.root)


def write_launcher(path: Path) -> Path:
    """Write a program that is this module; returns its path."""
    path.write_text(f'#!/bin/sh\nPYTHONPATH="{REPOSITORY}" exec "{sys.executable}" -P -m tests.conformance.httpd "$@"\n')
    path.chmod(0o755)
    return path


def stop(root: Path) -> None:
    """End the server of the folder `root`, if there is one."""
    try:
        server = psutil.Process(int((root / "httpd.pid").read_text()))
    except (FileNotFoundError, psutil.NoSuchProcess):
        return
    server.terminate()
    server.wait(30)


def _start(root: Path, port: int) -> None:
    # The socket listens before the server is up: what connects early waits in its queue.
    with socket.create_server(("127.0.0.1", port), backlog=100) as listening, (root / "error.log").open("ab") as errors:
        command = [sys.executable, "-P", "-m", "tests.conformance.serving", str(root), str(listening.fileno())]
        server = subprocess.Popen(
            command, pass_fds=[listening.fileno()], start_new_session=True, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors
        )
    (root / "httpd.pid").write_text(str(server.pid))


if __name__ == "__main__":
    main()
