"""Which paths may be written to a repository.

A path has to be safe on every system that clones the repository, so the variants of `.git` that Windows (NTFS) and macOS (HFS+) treat
as `.git` are refused too, as git itself does (`is_ntfs_dotgit`, `is_hfs_dotgit` in git's path.c and utf8.c).
"""

from __future__ import annotations

import re
import unicodedata

from hub_core.errors import InvalidPath

MAX_PATH_BYTES = 2048
MAX_COMPONENT_BYTES = 255

_HFS_IGNORED = dict.fromkeys([*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF])
_NTFS_DOTGIT = re.compile(r"(\.git|git~1)[ .]*(:.*)?", re.IGNORECASE | re.DOTALL)
# Overrides of the writing direction make a name look like another one.
_BIDI_CONTROLS = frozenset(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]))


def check_path(path: str) -> str:
    """Return `path` when it may be written to a repository.

    Raises `InvalidPath` for what is not a relative `/`-separated path in clean Unicode, for anything git could take for its own
    `.git` folder, and for what is too long.
    """
    if not path:
        raise InvalidPath("The path is empty.", hint="Name a file, such as README.md.")
    if path.startswith("/"):
        raise InvalidPath(f"The path {path!r} is absolute.", hint="Give it relative to the top of the repository.")
    if "\\" in path:
        raise InvalidPath(f"The path {path!r} contains a backslash.", hint="Separate folders with '/'.")
    _check_characters(path)
    if len(path.encode()) > MAX_PATH_BYTES:
        raise InvalidPath(f"The path is longer than {MAX_PATH_BYTES} bytes.", hint="Shorten the names of its folders.")
    for component in path.split("/"):
        _check_component(path, component)
    return path


def readable_path(path: str) -> bool:
    """Whether an entry of a tree can have this path at all; everything else must not reach git's own path syntax."""
    return "\0" not in path and not any("\ud800" <= c <= "\udfff" for c in path) and all(
        component not in ("", ".", "..") for component in path.split("/")
    )


def may_be_gitmodules(path: str) -> bool:
    """Whether some system takes the file for `.gitmodules`, whose content can harm those who clone. Says yes rather once too often."""
    name = path.rpartition("/")[2].translate(_HFS_IGNORED).lower()
    return name.startswith(".gitmodules") or (name.startswith("gi") and "~" in name)


def _check_characters(path: str) -> None:
    for character in path:
        category = unicodedata.category(character)
        if category in ("Cc", "Cs", "Zl", "Zp") or character in _BIDI_CONTROLS:
            raise InvalidPath(
                f"The path {path!r} contains the control character U+{ord(character):04X}.",
                hint="Rename the file without it.",
            )


def _check_component(path: str, component: str) -> None:
    if not component:
        raise InvalidPath(f"The path {path!r} has an empty folder name.", hint="Remove the extra '/'.")
    if component in (".", ".."):
        raise InvalidPath(f"The path {path!r} contains {component!r}.", hint="Write the path without '.' and '..'.")
    if len(component.encode()) > MAX_COMPONENT_BYTES:
        raise InvalidPath(
            f"A name in the path is longer than {MAX_COMPONENT_BYTES} bytes, more than file systems can hold.",
            hint="Shorten the name.",
        )
    if _is_dotgit(component):
        raise InvalidPath(f"The path {path!r} names git's own folder.", hint=f"Rename {component!r}.")


def _is_dotgit(component: str) -> bool:
    on_hfs = component.translate(_HFS_IGNORED).lower() == ".git"
    return on_hfs or _NTFS_DOTGIT.fullmatch(component) is not None
