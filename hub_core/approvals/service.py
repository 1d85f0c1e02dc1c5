"""Approvals: an agent may ask for a costly or destructive call, only a person may allow it, for exactly that call and once."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import orjson
from pydantic import BaseModel
from sqlalchemy import select, update

from hub_core.approvals.schemas import ApprovalInfo, ApprovalState, DecideApproval, ListApprovals
from hub_core.approvals.tables import Approval
from hub_core.context import Context
from hub_core.db.base import utcnow
from hub_core.errors import ApprovalNotFound, ConfirmationRequired, Conflict, NotAuthenticated, PermissionDenied
from hub_core.operation import Effect, Operation, Preview, operation


def call_digest(operation_name: str, arguments: dict[str, Any]) -> str:
    """sha256 over the operation's name and its arguments in canonical JSON."""
    return hashlib.sha256(orjson.dumps([operation_name, arguments], option=orjson.OPT_SORT_KEYS)).hexdigest()


class ApprovalService:
    """Asks for, takes and spends decisions."""

    def __init__(self, minutes: int) -> None:
        self._lifetime = timedelta(minutes=minutes)

    async def spend(self, ctx: Context, call: Operation, request: BaseModel) -> bool:
        """Use up the caller's grant for exactly this call; False when there is none. The grant returns if the transaction fails."""
        spent = await ctx.session.execute(
            update(Approval)
            .where(
                Approval.user_id == ctx.actor.user_id,
                Approval.digest == call_digest(call.name, request.model_dump(mode="json")),
                Approval.state == ApprovalState.GRANTED,
                Approval.expires_at > utcnow(),
            )
            .values(state=ApprovalState.USED)
        )
        return bool(spent.rowcount)  # type: ignore[attr-defined]

    async def ask(self, ctx: Context, call: Operation, request: BaseModel, preview: Preview) -> ConfirmationRequired:
        """Record the wish and return the error that tells the agent to wait for a person."""
        if ctx.actor.user_id is None:
            raise NotAuthenticated("Sign in first.")
        arguments = request.model_dump(mode="json")
        digest = call_digest(call.name, arguments)
        row = await ctx.session.scalar(
            select(Approval).where(
                Approval.user_id == ctx.actor.user_id, Approval.digest == digest, Approval.state == ApprovalState.PENDING
            )
        )
        if row is None:
            row = Approval(user_id=ctx.actor.user_id, operation=call.name, arguments=arguments, digest=digest)
            ctx.session.add(row)
        row.preview = preview.model_dump()
        row.state = ApprovalState.PENDING
        row.expires_at = utcnow() + self._lifetime
        await ctx.session.flush()
        return ConfirmationRequired(
            f"{preview.title} waits for your approval. Nothing has been changed.",
            approval_id=str(row.id), digest=digest, preview=preview.model_dump(), operation=call.name, arguments=arguments,
        )

    @operation("approval.list", scope="approval:read", effect=Effect.READ)
    async def list(self, ctx: Context, request: ListApprovals) -> list[ApprovalInfo]:
        """List the calls of agents that wait for your decision."""
        rows = await ctx.session.scalars(
            select(Approval)
            .where(
                Approval.user_id == ctx.actor.user_id,
                Approval.state == ApprovalState.PENDING,
                Approval.expires_at > utcnow(),
            )
            .order_by(Approval.created_at)
        )
        return [_info(row) for row in rows]

    @operation("approval.decide", scope="approval:admin", effect=Effect.WRITE)
    async def decide(self, ctx: Context, request: DecideApproval) -> ApprovalInfo:
        """Allow or reject a call that an agent wants to make for you. Only a person may decide, never an agent."""
        if ctx.surface.is_agent:
            raise PermissionDenied("Only a person can approve.", hint="Decide on the approval card or with the command line.")
        row = await ctx.session.get(Approval, request.id, with_for_update=True)  # two decisions at once: one counts
        if row is None or row.user_id != ctx.actor.user_id:
            raise ApprovalNotFound("There is no such approval, or it is not yours to decide.")
        if row.state != ApprovalState.PENDING or row.expires_at <= utcnow():
            state = "expired" if row.state == ApprovalState.PENDING else row.state
            raise Conflict(f"This approval is already {state}.", hint="Ask the Copilot again.", state=state)
        row.state = ApprovalState.GRANTED if request.granted else ApprovalState.REJECTED
        row.decided_at = utcnow()
        row.decided_by = ctx.actor.user_id
        return _info(row)


def _info(row: Approval) -> ApprovalInfo:
    return ApprovalInfo(
        id=row.id, operation=row.operation, arguments=row.arguments, preview=Preview.model_validate(row.preview),
        state=ApprovalState(row.state), created_at=row.created_at, expires_at=row.expires_at,
    )
