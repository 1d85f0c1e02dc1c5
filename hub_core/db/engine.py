"""The database engine and its two kinds of transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm.exc import StaleDataError

from hub_core.errors import Conflict, InvalidInput, Unavailable

# A writer waits this long for another one; longer means something holds a transaction open that should not.
SQLITE_BUSY_SECONDS = 30

# The driver of a URL that names none. SQLAlchemy would take one that cannot be awaited.
_DRIVERS = {"sqlite": "aiosqlite", "postgresql": "psycopg", "mysql": "aiomysql"}
# MariaDB is addressed as MySQL, so that a schema does not depend on which of the two words the operator wrote.
_BACKENDS = {"postgres": "postgresql", "mariadb": "mysql"}

log = structlog.get_logger(__name__)


class Database:
    """One engine and its sessions."""

    def __init__(self, url: str) -> None:
        parsed = _with_driver(make_url(url))
        self.dialect = parsed.get_backend_name()
        options: dict[str, Any] = {}
        if self.dialect == "sqlite":
            if parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        else:
            options = {"pool_pre_ping": True, "isolation_level": "READ COMMITTED"}
        if self.dialect == "mysql":
            # A server may be set up to cut what is too long and to go on.
            options["connect_args"] = {"charset": "utf8mb4", "init_command": "SET SESSION sql_mode = 'TRADITIONAL'"}
        self.engine: AsyncEngine = create_async_engine(parsed, **options)
        if self.dialect == "sqlite":
            _configure_sqlite(self.engine)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self, *, write: bool) -> AsyncIterator[AsyncSession]:
        """A session in a transaction that ends with the block: committed, or rolled back when the block raises.

        Raises `Unavailable` when the database does not answer, `Conflict` when another transaction was first at the same rows, and
        `InvalidInput` for values the database cannot keep.
        """
        with _translated():
            async with self._sessions() as session:
                # SQLite cannot turn a read lock into a write lock while another writer waits: a transaction that will write says so first.
                await session.connection(execution_options={"hubpilot_write": write})
                try:
                    yield session
                except BaseException:
                    await session.rollback()
                    raise
                await session.commit()

    async def dispose(self) -> None:
        await self.engine.dispose()


def _with_driver(url: URL) -> URL:
    backend, _, driver = url.drivername.partition("+")
    backend = _BACKENDS.get(backend, backend)
    driver = driver or _DRIVERS.get(backend, "")
    return url.set(drivername=f"{backend}+{driver}" if driver else backend)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolExhausted) as error:
        log.exception("database_failed")
        raise Unavailable(
            "The hub's database does not answer, or is too busy.", hint="Try again in a moment; the hub's log tells more."
        ) from error
    except (IntegrityError, StaleDataError) as error:
        log.exception("database_conflict")
        raise Conflict("Somebody else changed the same thing at the same moment.", hint="Nothing was changed. Try again.") from error
    except DataError as error:
        raise InvalidInput("The hub's database cannot keep one of these values.", hint="Nothing was changed.") from error


def _configure_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def connect(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late and is always deferred
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON",
            f"busy_timeout={SQLITE_BUSY_SECONDS * 1000}", "case_sensitive_like=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("hubpilot_write", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
