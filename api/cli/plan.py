"""`hubpilot plan`: what the shipped model would do, line by line, without a hub and without a network."""

from __future__ import annotations

import sys
from typing import Any

import orjson

from copilot.plan import plan_line


def plan_lines() -> None:
    """Read JSON Lines from standard input until it ends; write one line for each at once, so that a program can wait for it."""
    for line in sys.stdin.buffer:
        if line.strip():
            sys.stdout.buffer.write(orjson.dumps(_answer(line)) + b"\n")
            sys.stdout.buffer.flush()


def _answer(line: bytes) -> dict[str, Any]:
    try:
        return plan_line(line)
    except Exception as error:  # noqa: BLE001  # request edge: one line, however odd, must not end the ones after it
        return {"error": f"{type(error).__name__}: {error}"}
