"""Uploads of the chat: streamed, bounded, and never half a file."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_ui.multipart import OneFile
from hub_core.errors import InvalidContent, TooLarge

TYPE = "multipart/form-data; boundary=frontier"


def form(content: bytes, name: str = "iris.csv", field: str = "file") -> bytes:
    head = f'--frontier\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'
    return head.encode() + content + b"\r\n--frontier--\r\n"


@given(content=st.binary(max_size=300), cut=st.integers(1, 400))
def test_a_file_arrives_whole_however_the_form_is_cut(content: bytes, cut: int) -> None:
    body, file = form(content), io.BytesIO()
    upload = OneFile(TYPE, file, limit=1000)
    for start in range(0, len(body), cut):
        upload.feed(body[start : start + cut])
    assert (upload.finish(), upload.size, file.getvalue()) == ("iris.csv", len(content), content)


def test_a_form_that_breaks_off_is_no_file() -> None:
    upload = OneFile(TYPE, io.BytesIO(), limit=1000)
    upload.feed(form(b"1,2,3")[:-12])
    with pytest.raises(InvalidContent, match="cut off"):
        upload.finish()


def test_a_form_without_the_file_is_refused() -> None:
    upload = OneFile(TYPE, file := io.BytesIO(), limit=1000)
    upload.feed(form(b"secret", field="other"))
    with pytest.raises(InvalidContent):
        upload.finish()
    assert file.getvalue() == b""


def test_nothing_is_written_beyond_the_limit() -> None:
    upload = OneFile(TYPE, file := io.BytesIO(), limit=10)
    with pytest.raises(TooLarge, match="10 bytes"):
        upload.feed(form(b"x" * 11))
    assert len(file.getvalue()) <= 10


def test_a_body_that_is_no_form_is_refused() -> None:
    with pytest.raises(InvalidContent):
        OneFile("application/json", io.BytesIO(), limit=10)
