"""`hubpilot ask`: a turn of the Copilot on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import typer

from api.cli.client import API, HubClient
from api.cli.errors import error_of
from api.cli.output import Show, clean, dataset_rows, dataset_schema, file_text, new_access_token, record, table
from copilot.events import (
    ApprovalNeeded,
    ChoicesOffered,
    CitationGiven,
    Event,
    EventAdapter,
    Failed,
    TextDelta,
    ToolReturned,
    TurnEnded,
)
from hub_core.errors import ConfirmationRequired, HubError, Unavailable
from tools.card import Card

_THREADS = f"{API}/copilot/threads"
# A turn may think for minutes between two events.
_PATIENCE = httpx.Timeout(600.0, connect=5.0)

# What is not here has been said in words already.
_DRAWN: dict[str, Show] = {
    "repositories": table("full_name", "type", "visibility", "size", "updated_at"),
    "files": table("path", "kind", "size"),
    "commits": table("commit_hash", "at", "author", "title"),
    "refs": table("name", "commit_hash"),
    "users": table("name", "is_admin", "created_at"),
    "access_tokens": table("name", "scope", "expires_at"),
    "jobs": table("kind", "state", "note", "created_at"),
    "activity": table("at", "user", "operation", "subject", "outcome"),
    "table": dataset_rows,
    "schema": dataset_schema,
    "file": file_text,
    "repository": record,
    "identity": record,
    "user": record,
    "access_token": new_access_token,
}


def converse(message: str, thread: str | None, *, approve: bool) -> None:
    """Say `message`, print what comes back, and go on through every approval until the turn has ended.

    Raises `ConfirmationRequired` when an approval waits and nobody is there to give it, and the error the turn failed with.
    """
    body: dict[str, Any] = {"message": message} | ({"thread_id": thread} if thread else {})
    with HubClient() as hub:
        path = f"{API}/copilot/messages"
        while True:
            turn = _Turn()
            for event in _events(hub, path, body):
                turn.show(event)
            turn.close_line()
            if turn.failed:
                raise turn.failed
            if turn.approval is None:
                break
            granted = approve or _decide(turn.approval)
            path, body = f"{_THREADS}/{turn.thread_id}/approvals/{turn.approval.approval_id}", {"granted": granted}
    if thread is None and sys.stderr.isatty():
        typer.echo(f"Go on with: hubpilot ask --thread {turn.thread_id} …", err=True)


class _Turn:
    """Prints the events of one turn, and keeps what decides how to go on."""

    def __init__(self) -> None:
        self.thread_id = ""
        self.approval: ApprovalNeeded | None = None
        self.failed: HubError | None = None
        self._in_line = False

    def show(self, event: Event) -> None:
        match event:
            case TextDelta():
                text = clean(event.text)
                sys.stdout.write(text)
                sys.stdout.flush()
                self._in_line = not text.endswith("\n") if text else self._in_line
            case ToolReturned():
                self.close_line()
                typer.echo(clean(event.text))
                if event.ok and event.card:
                    show_card(event.card)
            case ApprovalNeeded():
                self.close_line()
                self.approval = event
                typer.echo(f"{clean(event.title)}\n{clean(event.summary)}", err=True)
                for label, value in event.facts.items():
                    typer.echo(f"  {clean(label)}: {clean(value)}", err=True)
            case ChoicesOffered():
                self.close_line()
                typer.echo(clean(event.question))
                for choice in event.choices:
                    typer.echo(f"  - {clean(choice.message)}")
            case CitationGiven():
                self.close_line()
                typer.echo(f"  [{clean(event.title)}: {clean(event.source)}]")
            case Failed():
                self.close_line()
                self.failed = error_of(0, {"code": event.code, "detail": event.message, "hint": event.hint})
            case TurnEnded():
                self.thread_id = event.thread_id

    def close_line(self) -> None:
        """End a line of text that is still open."""
        if self._in_line:
            typer.echo()
        self._in_line = False


def show_card(card: Card) -> None:
    """Draw a result the way the command of the same operation does."""
    if show := _DRAWN.get(card.kind):
        show(card.data)


def _decide(approval: ApprovalNeeded) -> bool:
    if not sys.stdin.isatty():
        raise ConfirmationRequired(
            f"{approval.title} waits for your approval. Nothing has been changed.",
            hint=f"Say the same with --approve, or run “hubpilot approvals grant {approval.approval_id}” and ask again.",
        )
    return bool(typer.confirm("Approve?", err=True))


def _events(hub: HubClient, path: str, body: dict[str, Any]) -> Iterator[Event]:
    """The events of a stream, as they come. Only `data:` lines matter; the hub sends one event a line."""
    with hub.stream("POST", path, json=body, headers={"accept": "text/event-stream"}, timeout=_PATIENCE) as answer:
        ended = False
        for line in answer.iter_lines():
            if line.startswith("data:"):
                event = EventAdapter.validate_python(json.loads(line.removeprefix("data:")))
                ended = isinstance(event, TurnEnded)
                yield event
    if not ended:
        raise Unavailable("The Copilot broke off in the middle.", hint="Ask again.")


