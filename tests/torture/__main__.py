"""`python -m tests.torture --rounds 20 --seed 1`."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.torture.rounds import torture


def main() -> int:
    """Torture a hub; the exit status is 1 when it broke a promise, and its folder is kept then."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="how often to kill (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="what clients do and when the hub dies; timing adds chance of its own")
    parser.add_argument("--folder", type=Path, help="where to keep the hub (default: a temporary folder)")
    arguments = parser.parse_args()
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="hubpilot-torture-"))
    folder.mkdir(parents=True, exist_ok=True)
    if torture(folder, arguments.seed, arguments.rounds, _say):
        if arguments.folder is None:
            shutil.rmtree(folder)
        return 0
    _say(f"Everything is kept in {folder}")
    return 1


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
