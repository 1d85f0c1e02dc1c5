"""A valid input of every operation."""

from __future__ import annotations

from typing import Any

_ID = "00000000-0000-4000-8000-000000000000"

EXAMPLES: dict[str, dict[str, Any]] = {
    "user.whoami": {},
    "user.create": {"name": "carol"},
    "user.list": {},
    "access_token.create": {"name": "laptop"},
    "access_token.list": {},
    "access_token.revoke": {"name": "laptop"},
    "repository.create": {"type": "dataset", "name": "iris"},
    "repository.get": {"repository": "alice/iris"},
    "repository.list": {},
    "repository.update": {"repository": "alice/iris", "visibility": "public"},
    "repository.delete": {"repository": "alice/iris"},
    "branch.list": {"repository": "alice/iris"},
    "branch.create": {"repository": "alice/iris", "name": "experiment"},
    "branch.delete": {"repository": "alice/iris", "name": "experiment"},
    "tag.list": {"repository": "alice/iris"},
    "tag.create": {"repository": "alice/iris", "name": "v1"},
    "tag.delete": {"repository": "alice/iris", "name": "v1"},
    "file.list": {"repository": "alice/iris"},
    "file.read": {"repository": "alice/iris", "path": "README.md"},
    "file.write": {"repository": "alice/iris", "path": "README.md", "content": "# Iris"},
    "file.upload": {"repository": "alice/iris"},
    "file.delete": {"repository": "alice/iris", "path": "README.md"},
    "commit.list": {"repository": "alice/iris"},
    "commit.create": {"repository": "alice/iris", "message": "m", "delete": ["a"]},
    "dataset.preview": {"repository": "alice/iris"},
    "dataset.describe": {"repository": "alice/iris"},
    "job.list": {},
    "job.get": {"id": _ID},
    "approval.list": {},
    "approval.decide": {"id": _ID, "granted": True},
    "activity.list": {},
}
