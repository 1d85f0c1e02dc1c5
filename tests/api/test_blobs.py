"""Answers that are bytes: ranges, conditions, and what is read for them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse

from api.blobs import BlobResponse
from hub_core.errors import ObjectNotFound

CONTENT = bytes(range(256)) * 40
SIZE = len(CONTENT)
HUGE = 5 << 30


class Blob:
    """Bytes in blocks of 1000, which remembers what was asked of it."""

    def __init__(self) -> None:
        self.reads: list[tuple[int, int]] = []

    async def read(self, offset: int, length: int) -> AsyncIterator[bytes]:
        self.reads.append((offset, length))
        for start in range(offset, offset + length, 1000):
            yield CONTENT[start : min(start + 1000, offset + length)]

    async def read_huge(self, offset: int, length: int) -> AsyncIterator[bytes]:
        self.reads.append((offset, length))
        yield b"x" * length


async def missing(_offset: int, _length: int) -> AsyncIterator[bytes]:
    raise ObjectNotFound("The bytes are gone.")
    yield b""


@pytest.fixture
def blob() -> Blob:
    return Blob()


@pytest.fixture
def client(blob: Blob) -> httpx.AsyncClient:
    app = FastAPI()

    @app.api_route("/blob", methods=["GET", "HEAD"])
    async def whole() -> BlobResponse:
        return BlobResponse(blob.read, SIZE, "abc", file_name="größe 1.bin")

    @app.get("/huge")
    async def huge() -> BlobResponse:
        return BlobResponse(blob.read_huge, HUGE, "huge")

    @app.get("/empty")
    async def empty() -> BlobResponse:
        return BlobResponse(blob.read, 0, "empty")

    @app.get("/missing")
    async def lost() -> BlobResponse:
        return BlobResponse(missing, 10, "missing")

    @app.exception_handler(ObjectNotFound)
    async def not_found(_request: Request, error: ObjectNotFound) -> PlainTextResponse:
        return PlainTextResponse(str(error), 404)

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub")


async def test_the_whole_blob(client: httpx.AsyncClient) -> None:
    answer = await client.get("/blob")
    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert dict(answer.headers) == {
        "etag": '"abc"',
        "accept-ranges": "bytes",
        "cache-control": "private, max-age=31536000, immutable",
        "x-content-type-options": "nosniff",
        "content-type": "application/octet-stream",
        "content-disposition": "attachment; filename*=UTF-8''gr%C3%B6%C3%9Fe%201.bin",
        "content-length": str(SIZE),
    }


async def test_head_tells_the_same_and_reads_nothing(client: httpx.AsyncClient, blob: Blob) -> None:
    answer = await client.head("/blob", headers={"Range": "bytes=0-1"})
    assert answer.status_code == 200
    assert answer.headers["content-length"] == str(SIZE)
    assert answer.headers["etag"] == '"abc"'
    assert blob.reads == []


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=100-", 100, SIZE),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        ("bytes=-7", SIZE - 7, SIZE),
        (f"bytes=-{SIZE * 2}", 0, SIZE),
        (f"bytes=5-{SIZE * 2}", 5, SIZE),
        ("BYTES = 3 - 4", 3, 5),
    ],
)
async def test_one_range(client: httpx.AsyncClient, blob: Blob, asked: str, start: int, end: int) -> None:
    answer = await client.get("/blob", headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == CONTENT[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert answer.headers["content-length"] == str(end - start)
    assert blob.reads == [(start, end - start)]


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 5}", "bytes=-0"])
async def test_a_range_behind_the_end(client: httpx.AsyncClient, blob: Blob, asked: str) -> None:
    answer = await client.get("/blob", headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{SIZE}"
    assert blob.reads == []


@pytest.mark.parametrize(
    "asked", ["bytes=-", "bytes=5-3", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6", "bytes=+1-2", "bytes=1_0-20", "bytes=٣-٤"]
)
async def test_a_range_that_makes_no_sense_is_ignored(client: httpx.AsyncClient, asked: str) -> None:
    answer = await client.get("/blob", headers={b"Range": asked.encode()})
    assert answer.status_code == 200
    assert answer.content == CONTENT


async def test_if_range(client: httpx.AsyncClient) -> None:
    same = await client.get("/blob", headers={"Range": "bytes=0-9", "If-Range": '"abc"'})
    assert (same.status_code, same.content) == (206, CONTENT[:10])
    for other in ('"xyz"', 'W/"abc"', "Fri, 01 Jan 2027 00:00:00 GMT"):
        changed = await client.get("/blob", headers={"Range": "bytes=0-9", "If-Range": other})
        assert (changed.status_code, changed.content) == (200, CONTENT)


@pytest.mark.parametrize("known", ['"abc"', 'W/"abc"', '"x", "abc"', "*"])
async def test_if_none_match(client: httpx.AsyncClient, blob: Blob, known: str) -> None:
    answer = await client.get("/blob", headers={"If-None-Match": known})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"abc"')
    assert blob.reads == []


async def test_ranges_behind_four_gib(client: httpx.AsyncClient, blob: Blob) -> None:
    answer = await client.get("/huge", headers={"Range": f"bytes={HUGE - 10}-{HUGE - 1}"})
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes 5368709110-5368709119/{HUGE}"
    assert blob.reads == [(HUGE - 10, 10)]


async def test_an_empty_blob(client: httpx.AsyncClient) -> None:
    answer = await client.get("/empty")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")
    assert (await client.get("/empty", headers={"Range": "bytes=0-"})).status_code == 416


async def test_bytes_that_are_gone_are_an_error_answer(client: httpx.AsyncClient) -> None:
    answer = await client.get("/missing")
    assert (answer.status_code, answer.text) == (404, "The bytes are gone.")
