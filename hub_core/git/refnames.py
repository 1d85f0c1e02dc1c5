"""Which names branches and tags may have: the rules of `git check-ref-format`, and a few of the hub's own."""

from __future__ import annotations

import re

from hub_core.errors import InvalidName

BRANCHES = "refs/heads/"
TAGS = "refs/tags/"
# Refs of the hub itself: never shown, fetched or pushed.
HIDDEN = "refs/hub/"

MAX_NAME_BYTES = 200

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE)


def check_ref_name(name: str) -> str:
    """Return `name` when a branch or a tag may be called so, without the `refs/heads/` in front.

    Raises `InvalidName` for what git refuses, and for names that read as something else: an option, HEAD, a full ref, a commit hash.
    """
    if name.startswith("-"):
        raise InvalidName(f"{name!r} starts with '-', so git would take it for an option.", hint="Choose another name.")
    if name.upper() == "HEAD":
        raise InvalidName(f"{name!r} is git's word for the default branch.", hint="Choose another name.")
    if name.startswith("refs/"):
        raise InvalidName(f"{name!r} reads as a full ref.", hint="Give the short name, without 'refs/...'.")
    if _HASH.fullmatch(name):
        raise InvalidName(f"{name!r} reads as a commit hash.", hint="Choose another name.")
    _check_format(name)
    return name


def check_full_ref(ref: str) -> str:
    """Return `ref`, such as `refs/heads/main`, when it may be written; raises `InvalidName`."""
    if not ref.startswith("refs/") or ref.count("/") < 2:
        raise InvalidName(f"{ref!r} is no full ref.", hint="Write it as refs/heads/NAME or refs/tags/NAME.")
    if ref.startswith(HIDDEN):
        raise InvalidName(f"{ref!r} lies under {HIDDEN}, which belongs to the hub.", hint="Choose another name.")
    for prefix in (BRANCHES, TAGS):
        if ref.startswith(prefix):
            check_ref_name(ref.removeprefix(prefix))
    _check_format(ref)
    return ref


def is_ref_name(name: str) -> bool:
    """Whether `name` is well formed, as a short name or a full ref."""
    try:
        _check_format(name)
    except InvalidName:
        return False
    return not name.startswith("-")


def _check_format(name: str) -> None:
    parts = name.split("/")
    bad = (
        not name
        or name == "@"
        or _FORBIDDEN.search(name) is not None
        or name.endswith((".", "/"))
        or any(not part or part.startswith(".") or part.endswith(".lock") for part in parts)
        or any("\ud800" <= character <= "\udfff" for character in name)
    )
    if bad:
        raise InvalidName(
            f"{name!r} is no valid name of a branch or tag.",
            hint="Use letters, digits, '-', '_', '.' and '/', with no part that starts with '.' or ends with '.lock'.",
        )
    if len(name.encode()) > MAX_NAME_BYTES:
        raise InvalidName(f"The name is longer than {MAX_NAME_BYTES} bytes.", hint="Choose a shorter one.")
