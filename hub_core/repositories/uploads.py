"""Staged uploads: bytes sent ahead of the commit that will use them."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterable, Sequence
from datetime import timedelta

from sqlalchemy import select

from hub_core.context import Access, Context
from hub_core.db.base import as_id, new_id, utcnow
from hub_core.errors import InvalidInput, NotAuthenticated, ScopeMissing, UploadNotFound
from hub_core.lfs.registry import LfsRegistry
from hub_core.objects.port import ObjectStore, StoredObject
from hub_core.repositories.schemas import UploadInfo
from hub_core.repositories.tables import Upload
from hub_core.run import Runner

_LIFETIME = timedelta(hours=24)


class UploadService:
    """Takes bytes in, before anybody knows which commit they belong to."""

    def __init__(self, runner: Runner, objects: ObjectStore, lfs: LfsRegistry, max_bytes: int) -> None:
        self._runner = runner
        self._objects = objects
        self._lfs = lfs
        self._max_bytes = max_bytes

    async def stage(
        self, ctx: Context, file_name: str, chunks: AsyncIterable[bytes], *, size: int | None = None, oid: str | None = None
    ) -> UploadInfo:
        """Store a stream and remember it for its sender for a day. Streams: opens its own transaction once the bytes are safe."""
        if ctx.actor.user_id is None:
            raise NotAuthenticated("Sign in to upload.")
        if ctx.actor.access < Access.WRITE:
            raise ScopeMissing("This access token cannot upload.", hint="Use one with write scope.")
        name = file_name.replace("\\", "/").rpartition("/")[2].strip()
        if not name or len(name) > 255 or any(ord(char) < 32 or char == "\x7f" for char in name):
            raise InvalidInput("The uploaded file needs a plain name.", hint="Nothing was stored.")
        stored = await self._objects.put(chunks, size=size, oid=oid, limit=self._max_bytes)
        async with self._runner.transaction(ctx) as inside:
            await self._lfs.remember(inside, stored)
            await self._lfs.confirm(stored.oid)
            row = Upload(
                id=new_id(), user_id=ctx.actor.user_id, file_name=name, oid=stored.oid, size=stored.size,
                created_at=utcnow(), expires_at=utcnow() + _LIFETIME,
            )
            inside.session.add(row)
        return UploadInfo(id=row.id, file_name=name, oid=row.oid, size=row.size, expires_at=row.expires_at)

    async def find(self, ctx: Context, file: str | None) -> Sequence[Upload]:
        """The caller's waiting uploads called `file` (name or id), the newest of each name; every one of them for None."""
        query = select(Upload).where(Upload.user_id == ctx.actor.user_id, Upload.expires_at > utcnow())
        if file is not None:
            query = query.where((Upload.file_name == file) | (Upload.id == as_id(file)))
        rows = (await ctx.session.scalars(query.order_by(Upload.created_at))).all()
        newest = {row.file_name: row for row in rows}
        if not newest:
            wanted = f"No attached file “{file}” waits" if file else "No attached file waits"
            raise UploadNotFound(f"{wanted} to be put anywhere.", hint="Attach the file to your message and ask again.")
        return list(newest.values())

    async def get(self, ctx: Context, upload_id: uuid.UUID) -> Upload:
        """One waiting upload of the caller."""
        row = await ctx.session.get(Upload, upload_id)
        if row is None or row.user_id != ctx.actor.user_id or row.expires_at <= utcnow():
            raise UploadNotFound(f"There is no upload {upload_id}, or it has expired.", hint="Upload the file again.")
        return row


def stored(row: Upload) -> StoredObject:
    """The object a staged upload is kept as."""
    return StoredObject(row.oid, row.size)
