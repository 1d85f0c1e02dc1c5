"""Cursors: opaque, checked, forgery-proof enough to be harmless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core.errors import InvalidInput
from hub_core.paging import decode_cursor, encode_cursor


@given(st.text(max_size=50), st.integers(-(2**53), 2**53))
def test_a_cursor_brings_back_the_position(text, number):
    assert decode_cursor(encode_cursor(text, number), (str, int)) == [text, number]


@given(st.text(max_size=80))
def test_other_text_is_no_cursor(text):
    try:
        position = decode_cursor(text, (str, int))
    except InvalidInput:
        return
    assert encode_cursor(*position).rstrip("=") == text.rstrip("=")


def test_a_cursor_of_another_list_is_refused():
    with pytest.raises(InvalidInput, match="cursor"):
        decode_cursor(encode_cursor("a"), (int,))
