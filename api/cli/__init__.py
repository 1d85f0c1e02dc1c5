"""The command line: `hubpilot`.

Nothing heavy is imported before a command needs it, so that `--help` and completion answer at once.
"""

from __future__ import annotations


def main() -> None:
    """Entry point of the `hubpilot` program."""
    from api.cli.app import app  # noqa: PLC0415  # importing this package must stay free of cost

    app()
