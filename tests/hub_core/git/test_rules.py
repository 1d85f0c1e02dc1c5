"""The pure rules: paths, names of refs, LFS pointers, git URLs."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core.errors import InvalidName, InvalidPath
from hub_core.git.paths import check_path, readable_path
from hub_core.git.pointers import LfsPointer, parse_pointer
from hub_core.git.refnames import check_full_ref, check_ref_name

OID = "0123456789abcdef" * 4


@pytest.mark.parametrize("path", ["README.md", "a/b/c", "データ/ファイル.txt", "a b", '"', "-n", "...", "a/.gitignore", ".gitattributes", "git", "e\u0301"])
def test_good_paths(path: str) -> None:
    assert check_path(path) == path
    assert readable_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", ".git", ".GIT/config", "a/.Git/x", "git~1", "GIT~1/x", ".git ", ".git.", ".git . ",
        ".git::$INDEX_ALLOCATION", ".g\u200cit", ".gi\ufefft/hooks", "a\\b", "a\nb", "a\x00", "a\x7f", "a\x85", "\ud800", "a\u202ecod.exe",
        "a\u2028b", "x" * 256, "/".join(["x" * 200] * 20),
    ],
)
def test_bad_paths_are_refused_with_a_remedy(path: str) -> None:
    with pytest.raises(InvalidPath) as caught:
        check_path(path)
    assert caught.value.hint


@pytest.mark.parametrize("name", ["main", "a/b", "feature/한국어", "v1.0", "deadbeef", "a@b", "@a", "x.y"])
def test_good_ref_names(name: str) -> None:
    assert check_ref_name(name) == name
    assert check_full_ref(f"refs/heads/{name}") == f"refs/heads/{name}"


@pytest.mark.parametrize(
    "name",
    [
        "", "-x", "--all", "HEAD", "head", "a..b", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b", ".a", "a/.b", "a.lock", "a.lock/b", "a/", "/a", "a//b",
        "a.", "@", "a@{1}", "a\x00", "a\n", "refs/heads/x", "a" * 40, "F" * 40, "x" * 201, "\udc80",
    ],
)
def test_bad_ref_names(name: str) -> None:
    with pytest.raises(InvalidName):
        check_ref_name(name)


@pytest.mark.parametrize("ref", ["main", "refs/x", "refs/hub/x", "refs/heads/HEAD", "refs/tags/-x", "HEAD"])
def test_bad_full_refs(ref: str) -> None:
    with pytest.raises(InvalidName):
        check_full_ref(ref)


@given(st.text(st.characters(max_codepoint=0x17F, exclude_characters="\0"), min_size=1, max_size=12))
def test_no_ref_name_is_allowed_that_git_refuses(name: str) -> None:
    try:
        check_ref_name(name)
    except InvalidName:
        return
    assert subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], check=False).returncode == 0


@given(st.integers(0, 2**62), st.binary(min_size=32, max_size=32))
def test_pointers_round_trip(size: int, digest: bytes) -> None:
    pointer = LfsPointer(digest.hex(), size)
    assert parse_pointer(pointer.encode()) == pointer


def test_pointer_with_extensions() -> None:
    text = f"version https://git-lfs.github.com/spec/v1\next-0-foo sha256:{OID}\noid sha256:{OID}\nsize 3\n"
    assert parse_pointer(text.encode()) == LfsPointer(OID, 3)


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"hello",
        f"oid sha256:{OID}\nsize 3\n".encode(),
        f"version https://git-lfs.github.com/spec/v1\nsize 3\noid sha256:{OID}\n".encode(),
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize 3".encode(),
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize 03\n".encode(),
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize -3\n".encode(),
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID.upper()}\nsize 3\n".encode(),
        f"version https://git-lfs.github.com/spec/v1\noid md5:{OID}\nsize 3\n".encode(),
        f"version https://git-lfs.github.com/spec/v1\r\noid sha256:{OID}\r\nsize 3\r\n".encode(),
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize 3\nmore\n".encode(),
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize 3\n".encode() + b"\n" * 1000,
    ],
)
def test_what_is_no_pointer(blob: bytes) -> None:
    assert parse_pointer(blob) is None
