"""Alembic's entry: imports every table, so that migrations can be written by comparing."""

from __future__ import annotations

from alembic import context

from hub_core.accounts import tables as _accounts  # noqa: F401
from hub_core.approvals import tables as _approvals  # noqa: F401
from hub_core.db.base import Base
from hub_core.events import tables as _events  # noqa: F401
from hub_core.jobs import tables as _jobs  # noqa: F401
from hub_core.lfs import tables as _lfs  # noqa: F401
from hub_core.repositories import tables as _repositories  # noqa: F401

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    user_module_prefix="hub_core.db.base.",
)
with context.begin_transaction():
    context.run_migrations()
