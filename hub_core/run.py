"""The one door to every operation: scope, approval, transaction, call, audit row, then jobs.

Streaming surfaces (git, LFS, uploads) cannot use `run()`; they open `transaction()` and write their audit rows themselves.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel

from hub_core.approvals.service import ApprovalService
from hub_core.context import Context, Transaction
from hub_core.db.engine import Database
from hub_core.errors import ConfirmationRequired, HubError, NotAuthenticated, ScopeMissing
from hub_core.events.service import ActivityService
from hub_core.jobs.service import JobService
from hub_core.operation import Effect, Operation, is_operation, operation_of

Output = TypeVar("Output")

log = structlog.get_logger(__name__)


class Runner:
    """Runs operations of the services it was given."""

    def __init__(
        self, database: Database, approvals: ApprovalService, activity: ActivityService, jobs: JobService
    ) -> None:
        self._database = database
        self._approvals = approvals
        self._activity = activity
        self._jobs = jobs
        self._bound: dict[Callable[..., Any], tuple[Operation, Any]] = {}
        self._methods: dict[str, Callable[..., Any]] = {}

    def bind(self, service: object) -> list[Operation]:
        """Make the operations of `service` callable; returns their declarations."""
        bound = []
        for name, method in vars(type(service)).items():
            if is_operation(method):
                declaration = operation_of(method)
                self._bound[method] = (declaration, getattr(service, name))
                self._methods[declaration.name] = method
                bound.append(declaration)
        return bound

    def method(self, name: str) -> Callable[..., Any]:
        """The function of the operation called `name`; raises `KeyError`."""
        return self._methods[name]

    @asynccontextmanager
    async def transaction(self, ctx: Context, *, write: bool = True) -> AsyncIterator[Context]:
        """A context with an open transaction; jobs asked for inside are released once it has landed."""
        async with self._database.transaction(write=write) as session:
            transaction = Transaction(session)
            yield ctx.within(transaction)
        await self._jobs.release(transaction.jobs)

    async def run(self, method: Callable[[Any, Context, Any], Awaitable[Output]], ctx: Context, request: BaseModel) -> Output:
        """Call an operation as `ctx.actor`.

        Raises what the operation raises, `ScopeMissing` or `NotAuthenticated` before it, and `ConfirmationRequired` when an agent calls a
        costly or destructive operation that no person has approved.
        """
        declaration, call = self._bound[method]
        try:
            require_scope(ctx, declaration)
            if ctx.surface.is_agent and declaration.effect >= Effect.COSTLY:
                result = await self._run_approved(declaration, call, ctx, request)
            else:
                result = await self._call(declaration, call, ctx, request)
        except ConfirmationRequired:
            raise
        except HubError as error:
            # What is refused to strangers is not logged: anybody could fill the log.
            if declaration.effect is not Effect.READ and not isinstance(error, NotAuthenticated):
                await self._record_failure(declaration, ctx, request, error.code)
            raise
        return result  # type: ignore[no-any-return]

    async def _call(self, declaration: Operation, call: Any, ctx: Context, request: BaseModel, *, spend: bool = False) -> Any:
        writes = declaration.effect is not Effect.READ
        async with self.transaction(ctx, write=writes) as inside:
            if spend and not await self._approvals.spend(inside, declaration, request):
                raise _NotApproved
            result = await call(inside, request)
            if writes:
                self._record(inside, declaration, request, "ok")
        return result

    async def _run_approved(self, declaration: Operation, call: Any, ctx: Context, request: BaseModel) -> Any:
        try:
            return await self._call(declaration, call, ctx, request, spend=True)
        except _NotApproved:
            pass
        describe = getattr(call.__self__, declaration.preview) if declaration.preview else None
        if describe is None:
            raise TypeError(f"{declaration.name} needs a preview")
        async with self.transaction(ctx) as inside:
            preview = await describe(inside, request)
            error = await self._approvals.ask(inside, declaration, request, preview)
        raise error

    def record(self, ctx: Context, name: str, subject: str, arguments: dict[str, Any], outcome: str) -> None:
        """Add an audit row to the open transaction; for surfaces that stream."""
        self._activity.record(ctx.session, ctx, name, subject, arguments, outcome)

    def _record(self, ctx: Context, declaration: Operation, request: BaseModel, outcome: str) -> None:
        arguments = request.model_dump(mode="json", exclude_none=True)
        subject = str(arguments.get("repository") or arguments.get("name") or arguments.get("id") or "")
        self.record(ctx, declaration.name, subject, arguments, outcome)

    async def _record_failure(self, declaration: Operation, ctx: Context, request: BaseModel, code: str) -> None:
        try:
            async with self.transaction(ctx) as inside:
                self._record(inside, declaration, request, code)
        except HubError:  # the caller is told why the call failed, not why the log could not be written
            log.exception("failure_not_recorded", operation=declaration.name, code=code)


class _NotApproved(Exception):
    """Internal: no grant to spend, nothing has been called."""


def require_scope(ctx: Context, declaration: Operation) -> None:
    """Raise unless the caller's credential covers the operation's scope."""
    if ctx.actor.access >= declaration.access:
        return
    if ctx.actor.is_anonymous:
        raise NotAuthenticated("Sign in, or send an access token.", scope=declaration.scope)
    raise ScopeMissing(
        f"This access token allows {ctx.actor.access.name.lower()} only; {declaration.name} needs {declaration.scope}.",
        hint="Create a token with a wider scope. Nothing was changed.", scope=declaration.scope,
    )
