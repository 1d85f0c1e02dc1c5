"""Who asks, through which surface, and inside which transaction."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum

from sqlalchemy.ext.asyncio import AsyncSession


class Surface(StrEnum):
    """The door a call came through."""

    REST = "rest"
    CLI = "cli"
    WEB = "web"
    COPILOT = "copilot"
    MCP = "mcp"
    GIT = "git"
    LFS = "lfs"
    SYSTEM = "system"

    @property
    def is_agent(self) -> bool:
        """Whether a language model, not a person, formed the call."""
        return self in (Surface.COPILOT, Surface.MCP)


class Access(IntEnum):
    """How much a credential allows; each level includes the ones below."""

    READ = 1
    WRITE = 2
    ADMIN = 3

    @classmethod
    def parse(cls, name: str) -> Access:
        return cls[name.upper()]


@dataclass(frozen=True, slots=True)
class Actor:
    """The user a call acts as. `credential` names, without secrets, what proved it; `credential_id` is its row, where it has one."""

    user_id: uuid.UUID | None = None
    name: str | None = None
    is_admin: bool = False
    access: Access = Access.READ
    credential: str = "anonymous"
    credential_id: uuid.UUID | None = None

    @property
    def is_anonymous(self) -> bool:
        return self.user_id is None


ANONYMOUS = Actor()


@dataclass(slots=True)
class Transaction:
    """An open database transaction and the jobs to release when it lands."""

    session: AsyncSession
    jobs: list[uuid.UUID] = field(default_factory=list)

    async def land(self) -> None:
        """Make durable what has been written so far, and go on in a new transaction.

        For what has to be there before something happens that no rollback takes back. What lands has to be harmless alone; jobs that were
        asked for are still released at the very end.
        """
        await self.session.commit()


@dataclass(frozen=True, slots=True)
class Context:
    """Passed to every service method."""

    actor: Actor
    surface: Surface
    request_id: str = ""
    transaction: Transaction | None = None

    @property
    def session(self) -> AsyncSession:
        """The session of the open transaction."""
        if self.transaction is None:
            raise RuntimeError("this call needs hub.run() or hub.transaction()")
        return self.transaction.session

    def within(self, transaction: Transaction) -> Context:
        return replace(self, transaction=transaction)


def system_context(request_id: str = "") -> Context:
    """The hub acting for itself: jobs, set-up and maintenance."""
    return Context(Actor(name="hubpilot", is_admin=True, access=Access.ADMIN, credential="system"), Surface.SYSTEM, request_id)
