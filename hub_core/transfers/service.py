"""Sending large objects to repositories and fetching them, by the rules of Git LFS.

**Possession.** The hub stores equal bytes once, yet knowing a hash gives no right to the bytes: an object that the hub has, but that no
repository the caller may read holds, has to be sent in full before it is linked.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterable, Collection, Mapping
from dataclasses import replace

from sqlalchemy import or_, select

from hub_core.accounts.service import actor_of
from hub_core.accounts.tables import AccessToken, User, WebSession
from hub_core.context import ANONYMOUS, Access, Actor, Context
from hub_core.db.base import utcnow
from hub_core.errors import Conflict, InvalidContent, ObjectNotFound, PermissionDenied, RepositoryNotFound, TooLarge
from hub_core.lfs.registry import LfsRegistry
from hub_core.lfs.tables import LfsObject, LfsRepositoryObject
from hub_core.names import RepositoryRef, RepositoryType
from hub_core.objects.port import ObjectStore, StoredObject, check_oid, is_oid
from hub_core.permissions import Permission
from hub_core.repositories.lookup import OpenRepository, open_repository, reopen, visible
from hub_core.repositories.tables import Repository, Upload
from hub_core.run import Runner
from hub_core.transfers.grants import GRANT_SECONDS, Grant, GrantSigner, TransferOperation
from hub_core.transfers.schemas import (
    HASH_ALGORITHM,
    MAX_BATCH_OBJECTS,
    BatchRequest,
    BatchResponse,
    TransferAction,
    TransferAnswer,
    TransferError,
    TransferObject,
)
from hub_core.units import human_size

_PERMISSION = {TransferOperation.UPLOAD: Permission.WRITE, TransferOperation.DOWNLOAD: Permission.READ}
_ACCESS = {TransferOperation.UPLOAD: Access.WRITE, TransferOperation.DOWNLOAD: Access.READ}


class LfsService:
    """What an LFS server does. Opens its own short transactions, none while bytes travel.

    A repository is given by its URL path, `[prefix/]namespace/name[.git]`; without a prefix a model is meant if several types fit.
    Every method raises `RepositoryNotFound` and what `permissions.require` raises.
    """

    def __init__(self, runner: Runner, objects: ObjectStore, registry: LfsRegistry, secret_key: str, max_bytes: int) -> None:
        self._runner = runner
        self._objects = objects
        self._registry = registry
        self._signer = GrantSigner(secret_key)
        self._max_bytes = max_bytes

    async def batch(self, ctx: Context, repository: str, request: BatchRequest, base_url: str) -> BatchResponse:
        """Tell for each object how to transfer it. `base_url` is the repository's `…/info/lfs` as the client reaches it.

        Raises `Conflict` for another hash algorithm than sha256 and `TooLarge` for too many objects; what is wrong with a single object is
        its answer.
        """
        if request.hash_algo != HASH_ALGORITHM:
            raise Conflict("This hub names objects by sha256 only.", hint="Send hash_algo sha256.")
        if len(request.objects) > MAX_BATCH_OBJECTS:
            raise TooLarge(f"A batch has at most {MAX_BATCH_OBJECTS} objects.", limit=MAX_BATCH_OBJECTS)
        operation = TransferOperation(request.operation)
        uploads = operation is TransferOperation.UPLOAD
        oids = [entry.oid for entry in request.objects if is_oid(entry.oid)]
        async with self._runner.transaction(ctx, write=uploads) as inside:
            opened = await _open(inside, repository, _PERMISSION[operation])
            held = await self._registry.linked(inside, opened.row.id, oids)
            if uploads:
                held |= await self._adopt(inside, opened, [oid for oid in oids if oid not in held])
        if uploads:
            held = await self._intact(held)
        links = _Links(self._signer, base_url, operation, opened.row.id, ctx.actor)
        answer = self._upload_answer if uploads else _download_answer
        return BatchResponse(objects=[_refusal(entry) or answer(entry, held, links) for entry in request.objects])

    async def upload(
        self, ctx: Context, repository: str, oid: str, chunks: AsyncIterable[bytes], *, size: int | None = None
    ) -> StoredObject:
        """Store an object and let the repository hold it; durable when this returns.

        Raises what `ObjectStore.put` raises; the permission is checked before the first chunk is taken.
        """
        check_oid(oid)
        async with self._runner.transaction(ctx, write=False) as inside:
            opened = await _open(inside, repository, Permission.WRITE)
        stored = await self._objects.put(chunks, oid=oid, size=size, limit=self._max_bytes)
        async with self._runner.transaction(ctx) as inside:
            here = await reopen(inside.session, opened.row.id) is not None
            if here:
                await self._registry.link(inside, opened.row.id, stored)
                await self._registry.confirm(oid)
            else:
                # Its bytes are nobody's, unless others hold the same: with a row they go as all do.
                await self._registry.remember(inside, stored)
                await self._registry.drop_if_unused(inside, oid, (Upload,))
        if not here:
            raise RepositoryNotFound(f"{opened.path} was deleted while the object was on its way.")
        return stored

    async def find(self, ctx: Context, repository: str, oid: str) -> StoredObject:
        """An object that the repository holds, for download; raises `ObjectNotFound`."""
        async with self._runner.transaction(ctx, write=False) as inside:
            opened = await _open(inside, repository, Permission.READ)
            held = await self._registry.linked(inside, opened.row.id, [check_oid(oid)])
        if oid not in held:
            raise ObjectNotFound(f"{opened.path} does not hold object {oid}.")
        return StoredObject(oid, held[oid])

    async def verify(self, ctx: Context, repository: str, oid: str, size: int) -> None:
        """Return if the repository holds the object in this size; raises `ObjectNotFound` or `InvalidContent`."""
        stored = await self.find(ctx, repository, oid)
        if stored.size != size:
            raise InvalidContent(f"The object has {stored.size} bytes, not {size}.", kind="size", expected=size, actual=stored.size)

    async def missing(self, ctx: Context, repository_id: uuid.UUID, pointers: Mapping[str, int]) -> list[str]:
        """The oids of `pointers` (oid to size in bytes) that the repository does not hold in that size.

        The hub itself asks this, when it decides about a push or a commit: the caller has checked the permission.
        """
        async with self._runner.transaction(ctx, write=False) as inside:
            held = await self._registry.linked(inside, repository_id, pointers)
        return [oid for oid, size in pointers.items() if held.get(oid) != size]

    async def redeem(self, ctx: Context, text: str, repository: str, oid: str, operation: TransferOperation) -> tuple[Context, int]:
        """The context a signed link stands for, and the object's size in bytes; raises `PermissionDenied`.

        User and credential are looked up again: a link outlives neither the account nor its rights, nor the token it was asked for with.
        """
        grant = self._signer.read(text)
        async with self._runner.transaction(ctx, write=False) as inside:
            actor = await _actor(inside, grant)
            granted = replace(ctx, actor=actor)
            opened = await _open(replace(inside, actor=actor), repository, _PERMISSION[operation])
        if (grant.operation, grant.repository_id, grant.oid) != (operation, opened.row.id, oid):
            raise PermissionDenied("This transfer link is for something else.", hint="Ask for a new one.")
        return granted, grant.size

    async def _adopt(self, ctx: Context, opened: OpenRepository, oids: Collection[str]) -> dict[str, int]:
        """Let the repository hold those of `oids` that the caller may read elsewhere; returns them with their sizes."""
        readable = await _readable(ctx, oids)
        for stored in readable:
            await self._registry.link(ctx, opened.row.id, stored)
        return {stored.oid: stored.size for stored in readable}

    async def _intact(self, held: Mapping[str, int]) -> dict[str, int]:
        """Those of `held` whose bytes are there. What the disk has lost counts as absent, so that the next push heals it."""
        found = await asyncio.gather(*(self._objects.stat(oid) for oid in held))
        return {stored.oid: stored.size for stored in found if stored is not None and stored.size == held[stored.oid]}

    def _upload_answer(self, entry: TransferObject, held: Mapping[str, int], links: _Links) -> TransferAnswer:
        if entry.oid in held:
            return _sized(entry, held[entry.oid]) or TransferAnswer(oid=entry.oid, size=entry.size)
        if entry.size > self._max_bytes:
            return _error(entry, 422, f"The object is larger than the {human_size(self._max_bytes)} allowed here.")
        # Clients that find no type guess one from the bytes, and strict servers in between then refuse it.
        upload = links.action(entry, "", {"Content-Type": "application/octet-stream"})
        return TransferAnswer(
            oid=entry.oid, size=entry.size, authenticated=True, actions={"upload": upload, "verify": links.action(entry, "/verify", {})}
        )


class _Links:
    """Makes the signed links of one batch."""

    def __init__(
        self, signer: GrantSigner, base_url: str, operation: TransferOperation, repository_id: uuid.UUID, actor: Actor
    ) -> None:
        self._signer = signer
        self._base_url = base_url
        self._operation = operation
        self._repository_id = repository_id
        self._actor = actor

    def action(self, entry: TransferObject, suffix: str, header: dict[str, str]) -> TransferAction:
        grant = Grant(
            self._operation, self._repository_id, entry.oid, entry.size, self._actor.user_id, self._actor.credential_id
        )
        href = f"{self._base_url}/objects/{entry.oid}{suffix}?grant={self._signer.sign(grant)}"
        return TransferAction(href=href, header=header, expires_in=GRANT_SECONDS)


def _download_answer(entry: TransferObject, held: Mapping[str, int], links: _Links) -> TransferAnswer:
    if entry.oid not in held:
        return _error(entry, 404, "The repository does not hold this object.")
    return _sized(entry, held[entry.oid]) or TransferAnswer(
        oid=entry.oid, size=entry.size, authenticated=True, actions={"download": links.action(entry, "", {})}
    )


def _refusal(entry: TransferObject) -> TransferAnswer | None:
    if not is_oid(entry.oid):
        return _error(entry, 422, "An oid is the 64 lower-case hexadecimal digits of a sha256.")
    if entry.size < 0:
        return _error(entry, 422, "A size is not negative.")
    return None


def _sized(entry: TransferObject, size: int) -> TransferAnswer | None:
    return None if entry.size == size else _error(entry, 422, f"The object has {size} bytes, not {entry.size}.")


def _error(entry: TransferObject, code: int, message: str) -> TransferAnswer:
    # git-lfs's schema of the answer allows no negative size, so one that was asked about is not repeated.
    return TransferAnswer(oid=entry.oid, size=max(entry.size, 0), error=TransferError(code=code, message=message))


async def _open(ctx: Context, repository: str, permission: Permission) -> OpenRepository:
    ref = RepositoryRef.parse(repository)
    if ref.namespace is None:
        raise RepositoryNotFound("There is no such repository, or none that you may see.", hint="Write namespace/name.")
    return await open_repository(ctx, ref, permission, prefer=RepositoryType.MODEL)


async def _readable(ctx: Context, oids: Collection[str]) -> list[StoredObject]:
    """Those of `oids` that some repository holds which the caller may read."""
    if not oids:
        return []
    repositories = visible(ctx).with_only_columns(Repository.id)
    rows = await ctx.session.execute(
        select(LfsObject.oid, LfsObject.size)
        .join(LfsRepositoryObject, LfsRepositoryObject.oid == LfsObject.oid)
        .where(LfsObject.oid.in_(oids), LfsRepositoryObject.repository_id.in_(repositories))
        .distinct()
        .order_by(LfsObject.oid)  # two batches at once lock rows in the same order
    )
    return [StoredObject(oid, size) for oid, size in rows]


async def _actor(ctx: Context, grant: Grant) -> Actor:
    if grant.user_id is None:
        return ANONYMOUS
    user = await ctx.session.get(User, grant.user_id)
    if user is None or not user.is_active:
        raise PermissionDenied("The account this transfer link was made for is gone.")
    if grant.credential_id is not None and not await _is_good(ctx, grant.credential_id):
        raise PermissionDenied("The access token or session this transfer link was made with has ended.", hint="Ask for a new link.")
    return actor_of(user, _ACCESS[grant.operation], "transfer-link", grant.credential_id)


async def _is_good(ctx: Context, credential_id: uuid.UUID) -> bool:
    for table in (AccessToken, WebSession):
        row = select(table.id).where(table.id == credential_id, or_(table.expires_at.is_(None), table.expires_at > utcnow()))
        if await ctx.session.scalar(row) is not None:
            return True
    return False
