"""The Copilot through REST: refusals are statuses, turns are streams."""

from __future__ import annotations

from typing import Any

import httpx
import orjson

from tests.conftest import RunningHub

MESSAGES = "/api/v2/copilot/messages"


def events(response: httpx.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    return [orjson.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: ")]


def test_a_turn_an_approval_and_who_may_give_it(hub_server: RunningHub) -> None:
    with hub_server.client("alice:admin") as alice, hub_server.client("alice:write") as script, hub_server.client("bob:admin") as bob:
        made = events(alice.post(MESSAGES, json={"message": "create a private dataset called iris"}))
        assert [event["type"] for event in made] == ["tool_call", "tool_result", "end"]
        thread = made[-1]["thread_id"]
        assert bob.post(MESSAGES, json={"message": "hi", "thread_id": thread}).status_code == 404

        asked = events(alice.post(MESSAGES, json={"message": "delete datasets/alice/iris", "thread_id": thread}))
        assert asked[-1]["suspended"]
        decision = f"/api/v2/copilot/threads/{thread}/approvals/{asked[1]['approval_id']}"
        assert bob.post(decision, json={"granted": True}).status_code == 404
        assert script.post(decision, json={"granted": True}).status_code == 403
        done = events(alice.post(decision, json={"granted": True}))
        assert done[0]["text"].startswith("Deleted **datasets/alice/iris**")
        assert alice.post(decision, json={"granted": True}).status_code == 409


def test_strangers_are_refused(hub_server: RunningHub) -> None:
    with hub_server.client(None) as nobody:
        assert nobody.post(MESSAGES, json={"message": "hi"}).status_code == 401
