"""Git LFS objects over one connection, with as little work on the client's side as can be."""

from __future__ import annotations

import hashlib
import http.client
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from benchmarks.processes import MIB, BenchmarkError

_MEDIA_TYPE = "application/vnd.git-lfs+json"
_TIMEOUT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Link:
    """Where to transfer an object, and the headers to send."""

    href: str
    headers: Mapping[str, str]


def lfs_link(endpoint: str, operation: str, oid: str, size: int, headers: Mapping[str, str]) -> Link:
    """Ask an LFS server how to `upload` or `download` an object of `size` bytes. Raises BenchmarkError when it does not want to."""
    answer = httpx.post(
        f"{endpoint}/objects/batch", headers={**headers, "Accept": _MEDIA_TYPE, "Content-Type": _MEDIA_TYPE}, trust_env=False,
        json={"operation": operation, "transfers": ["basic"], "ref": {"name": "refs/heads/main"}, "objects": [{"oid": oid, "size": size}]},
    )
    answer.raise_for_status()
    try:
        action = answer.json()["objects"][0]["actions"][operation]
    except KeyError:
        raise BenchmarkError(f"no {operation} in {answer.text}") from None
    return Link(action["href"], action.get("header") or {})


def write_payload(path: Path, size_mib: int) -> None:
    """A file of random bytes, which nothing on the way can compress."""
    with path.open("wb") as file:
        for _ in range(size_mib):
            file.write(os.urandom(MIB))


def renew_payload(path: Path) -> str:
    """Make the file one that nobody has seen; returns its sha256 in hex. It is then in the page cache."""
    with path.open("r+b") as file:
        file.write(os.urandom(64))
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest()


def upload(link: Link, path: Path) -> None:
    """PUT a file. Raises BenchmarkError unless the server accepts it."""
    headers = {**link.headers, "Content-Length": str(path.stat().st_size), "Content-Type": "application/octet-stream"}
    with _connection(link) as connection, path.open("rb") as file:
        connection.putrequest("PUT", _target(link), skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.sock.sendfile(file)
        answer = connection.getresponse()
        answer.read()
    if answer.status not in {200, 201}:
        raise BenchmarkError(f"PUT {link.href} was answered {answer.status}")


def download(link: Link, *, digest: bool = False) -> str:
    """GET an object and drop it; returns its sha256 in hex if that is wanted. Raises BenchmarkError for any answer but 200."""
    buffer = memoryview(bytearray(MIB))
    hasher = hashlib.sha256()
    with _connection(link) as connection:
        connection.request("GET", _target(link), headers=dict(link.headers))
        answer = connection.getresponse()
        if answer.status != 200:
            raise BenchmarkError(f"GET {link.href} was answered {answer.status}")
        left = int(answer.headers["Content-Length"])
        while count := answer.readinto(buffer):
            left -= count
            if digest:
                hasher.update(buffer[:count])
    if left:
        raise BenchmarkError(f"GET {link.href} ended {left} bytes early")
    return hasher.hexdigest() if digest else ""


@contextmanager
def _connection(link: Link) -> Iterator[http.client.HTTPConnection]:
    address = urlsplit(link.href)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_TIMEOUT_SECONDS)
    try:
        yield connection
    finally:
        connection.close()


def _target(link: Link) -> str:
    address = urlsplit(link.href)
    return address.path + (f"?{address.query}" if address.query else "")
