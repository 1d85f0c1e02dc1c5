"""Database migrations, run by Alembic."""

from hub_core.migrations.upgrade import downgrade, upgrade

__all__ = ["downgrade", "upgrade"]
