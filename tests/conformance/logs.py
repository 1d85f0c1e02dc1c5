"""A log of requests in Apache's common format, which git's tests read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from starlette.types import Message, Scope, Send


class AccessLog:
    """Appends a line per response to `path`, before the client can know that the response has ended."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def wrap(self, scope: Scope, send: Send) -> Send:
        """An ASGI `send` that logs the response to the request `scope`."""
        status, size = 0, 0

        async def sending(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
                if not message.get("more_body", False):
                    self._write(scope, status, size)
            await send(message)

        return sending

    def _write(self, scope: Scope, status: int, size: int) -> None:
        query = scope["query_string"].decode()
        target = scope["raw_path"].decode() + (f"?{query}" if query else "")
        when = datetime.now(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
        with self._path.open("a") as file:
            file.write(f'127.0.0.1 - - [{when}] "{scope["method"]} {target} HTTP/1.1" {status} {size or "-"}\n')
