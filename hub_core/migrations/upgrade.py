"""Bringing a database to the schema of this version, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, func, select

from hub_core.db.engine import Database
from hub_core.errors import Unavailable

HERE = Path(__file__).parent

# Any number that no other program takes in the same database.
_POSTGRESQL_LOCK = 0x68756270696C6F74
_MYSQL_LOCK_SECONDS = 600


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


async def upgrade(database: Database, revision: str = "head") -> None:
    """Migrate to `revision`. Safe to call at every start and from several processes at once."""
    await _run(database, lambda config: command.upgrade(config, revision))


async def downgrade(database: Database, revision: str) -> None:
    """Go back to an earlier `revision`, `base` for an empty database."""
    await _run(database, lambda config: command.downgrade(config, revision))


async def _run(database: Database, migrate: Callable[[Config], None]) -> None:
    def run(connection: Connection) -> None:
        with _alone(connection):
            migrate(_config(connection))
            connection.commit()

    async with database.engine.connect() as connection:
        await connection.run_sync(run)


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Let other processes that start now wait. SQLite needs nothing: the transaction alone keeps them out."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_POSTGRESQL_LOCK)))
        yield
    elif connection.dialect.name == "mysql":
        # Not bound to a transaction, since every change of a table ends one; and not to a database, hence the name.
        name = func.md5(func.concat("hubpilot ", func.database()))
        if not connection.scalar(select(func.get_lock(name, _MYSQL_LOCK_SECONDS))):
            raise Unavailable("Another process has been migrating the database for too long.", hint="Look what it waits for.")
        yield
        connection.execute(select(func.release_lock(name)))
    else:
        yield
