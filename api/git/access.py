"""What the git surface needs of the rest of the hub: who may do what with which repository."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from starlette.datastructures import Headers

from api.git.routes import GitRoute
from hub_core.git.port import GitService, PushRules


@dataclass(frozen=True, slots=True)
class OpenRepository:
    """A repository that the caller may use for the service: its storage key, and the rules for a push."""

    key: str
    rules: PushRules = field(default_factory=PushRules)


class RepositoryMoved(Exception):
    """The repository has another name now; `path` is the new one, such as `/datasets/alice/iris`."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class GitAccess(Protocol):
    """Decides about one request, before any of its body is read."""

    async def open(self, headers: Headers, route: GitRoute, service: GitService) -> OpenRepository:
        """The repository at `route`, when the caller may use `service` on it.

        Raises `NotAuthenticated` when signing in could help, also for a private repository that an anonymous caller may not know of (git
        sends credentials only after a 401); `NotFound` when there is none that a signed-in caller may know of; `PermissionDenied` when the
        caller may read but not push; `RepositoryMoved` after a rename.
        """
