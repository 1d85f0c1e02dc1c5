"""Earlier conversations, as Chainlit wants them: the Copilot keeps them, Chainlit keeps nothing."""

from __future__ import annotations

from typing import Any

from chainlit.data.base import BaseDataLayer
from chainlit.element import Element, ElementDict
from chainlit.step import StepDict
from chainlit.types import Feedback, PageInfo, PaginatedResponse, Pagination, ThreadDict, ThreadFilter
from chainlit.user import PersistedUser, User

from chat_ui.port import Assistant
from chat_ui.replay import Replay
from chat_ui.sessions import Sessions
from copilot.threads import ThreadInfo
from hub_core.context import Context
from hub_core.errors import NotAuthenticated, NotFound

_LISTED = 200


class ThreadLayer(BaseDataLayer):
    """Lists, opens and deletes the caller's threads. Who the caller is, is never taken from what Chainlit passes."""

    def __init__(self, copilot: Assistant, sessions: Sessions) -> None:
        self._copilot = copilot
        self._sessions = sessions

    async def list_threads(self, pagination: Pagination, filters: ThreadFilter) -> PaginatedResponse[ThreadDict]:
        ctx = await self._sessions.context()
        wanted = (filters.search or "").casefold()
        found = [thread for thread in await self._copilot.threads(ctx, limit=_LISTED) if wanted in thread.title.casefold()]
        page = PageInfo(hasNextPage=False, startCursor=None, endCursor=None)
        return PaginatedResponse(pageInfo=page, data=[_thread(ctx, thread) for thread in found])

    async def get_thread(self, thread_id: str) -> ThreadDict | None:
        try:
            ctx = await self._sessions.context()
            events = await self._copilot.history(ctx, thread_id)
        except (NotAuthenticated, NotFound):
            return None
        replay = Replay(thread_id)
        replay.tell(events)
        return ThreadDict(
            id=thread_id, createdAt=replay.at, name=None, userId=str(ctx.actor.user_id), userIdentifier=str(ctx.actor.user_id),
            tags=None, metadata={}, steps=replay.steps, elements=replay.elements,
        )

    async def get_thread_author(self, thread_id: str) -> str:
        thread = await self.get_thread(thread_id)
        return (thread["userIdentifier"] or "") if thread else ""

    async def delete_thread(self, thread_id: str) -> None:
        await self._copilot.delete(await self._sessions.context(), thread_id)

    async def get_user(self, identifier: str) -> PersistedUser:
        return PersistedUser(id=identifier, identifier=identifier, createdAt="")

    async def create_user(self, user: User) -> PersistedUser:
        return await self.get_user(user.identifier)

    async def get_favorite_steps(self, user_id: str) -> list[StepDict]:
        return []

    async def get_element(self, thread_id: str, element_id: str) -> ElementDict | None:
        return None

    # What follows would write: the Copilot has written it already, with the turn it belongs to.

    async def update_thread(
        self, thread_id: str, name: str | None = None, user_id: str | None = None, metadata: dict[str, Any] | None = None,
        tags: list[str] | None = None,
    ) -> None:
        return

    async def create_step(self, step_dict: StepDict) -> None:
        return

    async def update_step(self, step_dict: StepDict) -> None:
        return

    async def delete_step(self, step_id: str) -> None:
        return

    async def create_element(self, element: Element) -> None:
        return

    async def delete_element(self, element_id: str, thread_id: str | None = None) -> None:
        return

    async def upsert_feedback(self, feedback: Feedback) -> str:
        return ""

    async def delete_feedback(self, feedback_id: str) -> bool:
        return False

    async def build_debug_url(self) -> str:
        return ""

    async def close(self) -> None:
        return


def _thread(ctx: Context, thread: ThreadInfo) -> ThreadDict:
    user = str(ctx.actor.user_id)
    return ThreadDict(
        id=thread.id, createdAt=thread.updated_at.isoformat(), name=thread.title, userId=user, userIdentifier=user, tags=None, metadata={},
        steps=[], elements=[],
    )
