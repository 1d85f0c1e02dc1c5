"""Which URLs are git's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from hub_core.names import MAX_NAME_LENGTH, TYPE_BY_PREFIX, RepositoryType

# Names start with a letter or a digit, so that neither `.` nor `..` is one.
_NAME = rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{MAX_NAME_LENGTH + 4}}}"
_ROUTE = re.compile(
    rf"/(?:(?P<prefix>{'|'.join(TYPE_BY_PREFIX)})/)?(?P<namespace>{_NAME})/(?P<name>{_NAME}?)(?:\.git)?/"
    r"(?P<action>info/refs|git-upload-pack|git-receive-pack|git-upload-archive|HEAD"
    r"|objects/(?:info/[a-z-]+|[0-9a-f]{2}/[0-9a-f]{38,62}|pack/pack-[0-9a-f]{40,64}\.(?:pack|idx)))"
)


class GitAction(StrEnum):
    """What a URL asks of a repository. `OTHER` are the routes of the dumb protocol and archives, which the hub does not serve."""

    INFO_REFS = "info/refs"
    UPLOAD_PACK = "git-upload-pack"
    RECEIVE_PACK = "git-receive-pack"
    OTHER = "other"


_ACTIONS = {action.value: action for action in GitAction}


@dataclass(frozen=True, slots=True)
class GitRoute:
    """A git URL taken apart. `type` is None where the URL has no prefix such as `datasets/`; `name` is without `.git`."""

    type: RepositoryType | None
    namespace: str
    name: str
    action: GitAction


def match(path: str) -> GitRoute | None:
    """The route that the percent-decoded `path` is, or None when it is not git's."""
    found = _ROUTE.fullmatch(path)
    if found is None:
        return None
    kind = TYPE_BY_PREFIX[found["prefix"]] if found["prefix"] else None
    return GitRoute(kind, found["namespace"], found["name"], _ACTIONS.get(found["action"], GitAction.OTHER))
