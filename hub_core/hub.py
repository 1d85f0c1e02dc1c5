"""The hub as its surfaces see it: services to address, one door to run them through."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel, SecretStr
from sqlalchemy import text

from hub_core.accounts.secrets import hash_password
from hub_core.accounts.service import AccountService
from hub_core.accounts.sign_in import SignInService
from hub_core.approvals.service import ApprovalService
from hub_core.context import Context, system_context
from hub_core.datasets.service import DatasetService
from hub_core.db.engine import Database
from hub_core.errors import HubError, UserAlreadyExists
from hub_core.events.service import ActivityService
from hub_core.git.port import GitBackend
from hub_core.jobs.service import JobHandler, JobService
from hub_core.marker import RunMarker
from hub_core.objects.port import ObjectStore
from hub_core.operation import Operation
from hub_core.repositories.commits import CommitService
from hub_core.repositories.contents import ContentService
from hub_core.repositories.indexing import RepositoryIndexer
from hub_core.repositories.reconciling import RECONCILE, Reconciler
from hub_core.repositories.refs import RefService
from hub_core.repositories.service import RepositoryService
from hub_core.repositories.uploads import UploadService
from hub_core.run import Runner
from hub_core.settings import Settings
from hub_core.transfers.service import LfsService

Output = TypeVar("Output")

_HOUSEKEEPING_SECONDS = 3600.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """Every service whose methods are operations."""

    accounts: AccountService
    repositories: RepositoryService
    refs: RefService
    contents: ContentService
    commits: CommitService
    datasets: DatasetService
    jobs: JobService
    approvals: ApprovalService
    activity: ActivityService


class Hub:
    """One running hub. Made by `bootstrap.build_hub`; `started()` is its life."""

    def __init__(
        self, *, settings: Settings, secret_key: str, database: Database, runner: Runner, services: Services, sign_in: SignInService,
        git: GitBackend, objects: ObjectStore, lfs: LfsService, uploads: UploadService, indexer: RepositoryIndexer,
        reconciler: Reconciler, marker: RunMarker,
    ) -> None:
        self.settings = settings
        self.secret_key = secret_key
        self.database = database
        self.services = services
        self.sign_in = sign_in
        self.git = git
        self.objects = objects
        self.lfs = lfs
        self.uploads = uploads
        self.indexer = indexer
        self._reconciler = reconciler
        self._marker = marker
        self._runner = runner
        self._launching: asyncio.Task[None] | None = None
        self.operations: dict[str, Operation] = {}
        for name in services.__slots__:
            self.operations.update({declaration.name: declaration for declaration in runner.bind(getattr(services, name))})

    async def run(self, method: Callable[[Any, Context, Any], Awaitable[Output]], ctx: Context, request: BaseModel) -> Output:
        """Call an operation, given as the function of its class: `hub.run(RepositoryService.create, ctx, request)`."""
        return await self._runner.run(method, ctx, request)

    def method(self, name: str) -> Callable[[Any, Context, Any], Awaitable[Any]]:
        """The function of the operation called `name`, for surfaces that are generated; raises `KeyError`."""
        return self._runner.method(name)

    @asynccontextmanager
    async def transaction(self, ctx: Context, *, write: bool = True) -> AsyncIterator[Context]:
        """A context with an open transaction, for surfaces that stream."""
        async with self._runner.transaction(ctx, write=write) as inside:
            yield inside

    @asynccontextmanager
    async def started(self, *, jobs: bool = True) -> AsyncIterator[Hub]:
        """Run the hub: background jobs go on inside the block. The database is already migrated."""
        housekeeping: asyncio.Task[None] | None = None
        try:
            if jobs:
                await self._look_back()
                # The engine takes a second or two to start. Callers need not wait: what they ask for meanwhile is on disk.
                self._launching = asyncio.create_task(self.services.jobs.launch(self._job_handlers()))
                housekeeping = asyncio.create_task(self._keep_house())
            yield self
        finally:
            if housekeeping is not None and self._launching is not None:
                housekeeping.cancel()
                await asyncio.wait([housekeeping, self._launching])
            await self.services.jobs.close()
            await self.database.dispose()
            if jobs:
                await asyncio.to_thread(self._marker.end)

    async def _look_back(self) -> None:
        """Have tidied up after runs that were killed. The job waits until the engine is there."""
        now = time.time()
        cut_off_since = await asyncio.to_thread(self._marker.begin, now)
        if cut_off_since is not None:
            await self._reconciler.ask(system_context("start"), cut_off_since, now)
            await asyncio.to_thread(self._marker.tidied, now)

    def _job_handlers(self) -> dict[str, JobHandler]:
        return {
            "repository.index": self.indexer.index,
            "repository.purge": self.indexer.purge,
            "repository.maintain": self.indexer.maintain,
            "object.release": self.indexer.release,
            "upload.expire": self.indexer.expire_uploads,
            RECONCILE: self._reconciler.reconcile,
        }

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)
            try:
                await self.keep_house()
            except HubError:  # a busy database, say: the next round is as good
                log.exception("housekeeping_failed")

    async def keep_house(self) -> None:
        """One round of what has to happen now and then; asked for by the hub itself every hour."""
        await self.sign_in.forget_ended()
        await self.services.jobs.release_waiting()
        async with self.transaction(system_context("housekeeping")) as ctx:
            self.services.jobs.enqueue(ctx, "upload.expire", {})
            self.services.jobs.enqueue(ctx, "repository.maintain", {})

    async def check_ready(self) -> None:
        """Return if the hub can do its work; raises what its database, or the start of its jobs, raised."""
        if self._launching is not None and self._launching.done():
            self._launching.result()
        async with self.database.transaction(write=False) as session:
            await session.execute(text("SELECT 1"))

    async def set_up(self) -> str | None:
        """Prepare a fresh hub: make the administrator the settings name, or return the path of the one-time set-up page.

        Returns None when the hub has an administrator.
        """
        name, password = self.settings.admin_name, self.settings.admin_password or SecretStr("")
        password_hash = await hash_password(password.get_secret_value()) if name and password.get_secret_value() else None
        async with self.transaction(system_context("set-up")) as ctx:
            if not await self.services.accounts.needs_set_up(ctx.session):
                return None
            if name and password_hash:
                with suppress(UserAlreadyExists):  # another process of this hub starts, too, and was faster
                    await self.services.accounts.add_user(ctx.session, name, password_hash=password_hash, is_admin=True)
                return None
            return await self.services.accounts.create_set_up_link(ctx.session)
