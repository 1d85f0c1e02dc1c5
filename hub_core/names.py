"""Names of users, repositories and references to repositories: what is allowed, and how names are compared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from hub_core.errors import InvalidName

MAX_NAME_LENGTH = 96

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?")

# First segments of the hub's own URLs and words a visitor would mistake for the hub itself.
RESERVED_NAMESPACES = frozenset({
    "about", "account", "accounts", "admin", "administrator", "anonymous", "api", "approvals", "assets", "auth", "blog", "cas",
    "chat", "code", "codes", "copilot", "csg", "dataset", "datasets", "docs", "explore", "favicon.ico", "git", "healthz", "help",
    "hf", "hub", "hubpilot", "jobs", "join", "login", "logout", "mcp", "me", "metrics", "model", "models", "new", "null", "oauth",
    "openapi.json", "organization", "organizations", "public", "readyz", "resolve", "robots.txt", "root", "search", "security",
    "settings", "setup", "sign-in", "sign-out", "space", "spaces", "static", "status", "support", "system", "terms", "tokens",
    "undefined", "users", "v1", "v2",
})
_RESERVED_REPOSITORIES = frozenset({"api", "null", "new", "resolve", "settings", "undefined"})


class RepositoryType(StrEnum):
    """What a repository holds."""

    MODEL = "model"
    DATASET = "dataset"
    SPACE = "space"
    CODE = "code"

    @property
    def prefix(self) -> str:
        """First segment of its URLs: `models`, `datasets`, `spaces` or `codes`."""
        return f"{self.value}s"


TYPE_BY_PREFIX = {kind.prefix: kind for kind in RepositoryType}
# What people write in references; URLs have the prefixes only.
TYPE_BY_WORD = TYPE_BY_PREFIX | {kind.value: kind for kind in RepositoryType}


def fold(name: str) -> str:
    """The form in which names are compared: two names that fold alike are the same name."""
    return name.casefold()


def check_namespace(name: str) -> str:
    """Return `name` if a user or organization may bear it, else raise `InvalidName`."""
    _check(name, "A user name")
    if fold(name) in RESERVED_NAMESPACES:
        raise InvalidName(f"“{name}” is reserved for the hub itself.", hint="Choose another name.")
    return name


def check_repository_name(name: str) -> str:
    """Return `name` if a repository may bear it, else raise `InvalidName`."""
    _check(name, "A repository name")
    if fold(name) in _RESERVED_REPOSITORIES:
        raise InvalidName(f"“{name}” is reserved for the hub itself.", hint="Choose another name.")
    if fold(name).endswith((".git", ".atom", ".lock")):
        raise InvalidName(f"A repository name cannot end in “{name[name.rindex('.'):]}”.", hint="Leave the ending away.")
    return name


def _check(name: str, what: str) -> None:
    if not name:
        raise InvalidName(f"{what} cannot be empty.")
    if len(name) > MAX_NAME_LENGTH:
        raise InvalidName(f"{what} has at most {MAX_NAME_LENGTH} characters; this one has {len(name)}.")
    if not _NAME.fullmatch(name) or ".." in name or "--" in name:
        raise InvalidName(
            f"{what} has letters, digits, “-”, “_” and “.”, starts with a letter or digit, does not end in “-” or “.”, and has no “..” or “--”; "
            f"{name[:MAX_NAME_LENGTH]!a} breaks that.",
            hint="Nothing was created.",
        )


@dataclass(frozen=True, slots=True)
class RepositoryRef:
    """A repository as people write it: `[type prefix/][namespace/]name`; what is left out is None."""

    name: str
    namespace: str | None = None
    type: RepositoryType | None = None

    @classmethod
    def parse(cls, text: str) -> RepositoryRef:
        """Read `iris`, `alice/iris` or `datasets/alice/iris`; raises `InvalidName`."""
        parts = text.strip().strip("/").removesuffix(".git").split("/")
        kind = TYPE_BY_WORD.get(parts[0].lower()) if len(parts) > 1 else None
        if kind is not None:
            parts = parts[1:]
        if not 1 <= len(parts) <= 2:
            raise InvalidName(
                f"{text[:200]!a} does not name a repository.", hint="Write it as namespace/name, for example alice/iris."
            )
        for part in parts:
            _check(part, "A repository reference")
        return cls(parts[-1], parts[0] if len(parts) == 2 else None, kind)

    def __str__(self) -> str:
        return "/".join(filter(None, (self.type and self.type.prefix, self.namespace, self.name)))
