"""Requests over kept connections, as fast as they are answered."""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchmarks.processes import BenchmarkError

_WARM_UP_SECONDS = 0.5
_LENGTH = re.compile(rb"content-length: *([0-9]+)\r\n", re.IGNORECASE)
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Load:
    """How requests were answered. `latencies` and `seconds` are seconds."""

    latencies: list[float]
    seconds: float

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds

    @property
    def p50_ms(self) -> float:
        """Median time to an answer in milliseconds."""
        return statistics.median(self.latencies) * 1000


class _Connection(asyncio.Protocol):
    """Asks again as soon as it has an answer, until it is time to stop."""

    def __init__(self, request: bytes, until: float, latencies: list[float]) -> None:
        self.done = asyncio.get_running_loop().create_future()
        self._request, self._until, self._latencies = request, until, latencies
        self._received = b""
        self._asked = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(_END)
        if not end:
            return
        length = _LENGTH.search(head + b"\r\n")
        if not head.startswith(b"HTTP/1.1 200 ") or length is None:
            self._transport.abort()
            self.done.set_exception(BenchmarkError(f"unexpected answer: {head.decode(errors='replace')}"))
        elif len(body) >= int(length.group(1)):
            now = time.perf_counter()
            self._latencies.append(now - self._asked)
            if now < self._until:
                self._ask()
            else:
                self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            if time.perf_counter() < self._until:
                self.done.set_exception(BenchmarkError(f"the server closed a connection: {exc}"))
            else:
                self.done.set_result(None)

    def _ask(self) -> None:
        self._received = b""
        self._asked = time.perf_counter()
        self._transport.write(self._request)


def load(url: str, headers: Mapping[str, str], *, connections: int, seconds: float) -> Load:
    """GET `url` for some seconds over several connections, after warming up. Raises BenchmarkError for any answer but 200."""
    asyncio.run(_load(url, headers, connections, min(_WARM_UP_SECONDS, seconds)))
    return asyncio.run(_load(url, headers, connections, seconds))


async def _load(url: str, headers: Mapping[str, str], connections: int, seconds: float) -> Load:
    address = urlsplit(url)
    target = address.path + (f"?{address.query}" if address.query else "")
    lines = [f"GET {target} HTTP/1.1", f"Host: {address.netloc}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    request = "\r\n".join(lines).encode()
    latencies: list[float] = []
    began = time.perf_counter()
    opened = [
        await asyncio.get_running_loop().create_connection(
            lambda: _Connection(request, began + seconds, latencies), address.hostname or "", address.port or 80
        )
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in opened))
    return Load(latencies, time.perf_counter() - began)
