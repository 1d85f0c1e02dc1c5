"""Files dropped into the chat: from the browser to a temporary file, and with the message they belong to into the hub."""

from __future__ import annotations

import asyncio
import mimetypes
import uuid
from collections.abc import AsyncIterator, Iterable
from functools import partial
from http import HTTPStatus
from pathlib import Path

import structlog
from chainlit.context import context
from chainlit.element import Element
from chainlit.session import WebsocketSession
from chainlit.types import FileDict
from fastapi import Request
from fastapi.responses import JSONResponse, Response
from python_multipart.exceptions import FormParserError
from starlette.requests import ClientDisconnect

from chat_ui.multipart import OneFile, too_large
from hub_core.context import Actor, Context
from hub_core.errors import InvalidContent, TooLarge
from hub_core.hub import Hub

log = structlog.get_logger(__name__)

_BLOCK = 1 << 20
# Beside the file, a form has its boundaries and a few headers.
_FORM_ALLOWANCE = 64 << 10


class Uploads:
    """Receives the files of a chat and hands them to the hub."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._limit = hub.settings.max_upload_bytes

    async def receive(self, request: Request, actor: Actor) -> Response:
        """Stream one file of a form to disk and tell Chainlit's session of it; a file is sent before the message it belongs to."""
        session = WebsocketSession.get_by_id(request.query_params.get("session_id", ""))
        if session is None or session.user is None or session.user.identifier != str(actor.user_id):
            return _problem(HTTPStatus.NOT_FOUND, "This conversation is over. Reload the page and attach the file again.")
        await asyncio.to_thread(partial(session.files_dir.mkdir, parents=True, exist_ok=True))
        file_id = str(uuid.uuid4())
        path = session.files_dir / file_id
        try:
            name, size = await self._save(request, path)
        except TooLarge as error:
            return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(error))
        except (InvalidContent, FormParserError) as error:
            return _problem(HTTPStatus.BAD_REQUEST, str(error))
        except ClientDisconnect:
            return _problem(HTTPStatus.BAD_REQUEST, "The upload was stopped.")
        except OSError:
            log.exception("upload_not_stored")
            return _problem(HTTPStatus.INSUFFICIENT_STORAGE, "The hub could not write this file; its disk may be full. Nothing was stored.")
        session.files[file_id] = FileDict(id=file_id, name=name, path=path, size=size, type=_type_of(name))
        return JSONResponse({"id": file_id})

    async def stage(self, ctx: Context, elements: Iterable[Element]) -> list[str]:
        """Hand the attachments of a message to the hub, drop the temporary files, and return the names they wait under."""
        names = []
        for element in elements:
            if element.path is None:
                continue
            path = Path(element.path)
            try:
                staged = await self._hub.uploads.stage(ctx, element.name, _blocks(path))
            finally:
                context.session.files.pop(element.id, None)
                await asyncio.to_thread(partial(path.unlink, missing_ok=True))
            names.append(staged.file_name)
        return names

    async def _save(self, request: Request, path: Path) -> tuple[str, int]:
        if int(request.headers.get("content-length") or 0) > self._limit + _FORM_ALLOWANCE:
            raise too_large(self._limit)
        file = await asyncio.to_thread(path.open, "wb")
        try:
            form = OneFile(request.headers.get("content-type", ""), file, self._limit)
            async for chunk in request.stream():
                await asyncio.to_thread(form.feed, chunk)
            return form.finish(), form.size
        except BaseException:
            await asyncio.to_thread(partial(path.unlink, missing_ok=True))
            raise
        finally:
            await asyncio.to_thread(file.close)


def _type_of(name: str) -> str:
    """The type that picks an icon. Images are not called so: the browser would ask for a file that has moved into the hub."""
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return guessed if guessed.startswith("text/") else "application/octet-stream"


async def _blocks(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while block := await asyncio.to_thread(file.read, _BLOCK):
            yield block
    finally:
        await asyncio.to_thread(file.close)


def _problem(status: HTTPStatus, detail: str) -> JSONResponse:
    return JSONResponse({"detail": detail}, status)
