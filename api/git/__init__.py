"""Git's smart HTTP protocol, as a plain ASGI application.

`GitApp` answers what `match` recognises; everything else on the same port belongs to other surfaces.
"""

from api.git.access import GitAccess, OpenRepository, RepositoryMoved
from api.git.app import GitApp, GitLimits
from api.git.routes import GitAction, GitRoute, match

__all__ = ["GitAccess", "GitAction", "GitApp", "GitLimits", "GitRoute", "OpenRepository", "RepositoryMoved", "match"]
