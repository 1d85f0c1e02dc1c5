"""Git LFS over HTTP: batch API, basic transfers, verify. Every route answers errors in the protocol's own form.

Contract: git-lfs `docs/api/batch.md`, `docs/api/basic-transfers.md`; `huggingface_hub/lfs.py` for clients that send no header but the link.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.convertors import Convertor, register_url_convertor

from api.auth import base_url, context, hub_of
from api.blobs import BlobResponse
from api.errors import request_id_of
from api.lfs.errors import LfsJsonResponse, error_response
from api.rest.common import announced_length
from api.streams import body_stream, upload_slots
from hub_core.context import ANONYMOUS, Context, Surface
from hub_core.errors import HubError, InvalidContent, InvalidInput, NotAuthenticated, NotFound, RepositoryNotFound, TooLarge
from hub_core.names import TYPE_BY_PREFIX
from hub_core.transfers.grants import TransferOperation
from hub_core.transfers.schemas import BatchRequest, TransferObject

# A thousand objects with room to spare.
_MAX_JSON_BYTES = 1 << 20

Body = TypeVar("Body", bound=BaseModel)


class _RepositoryPath(Convertor[str]):
    """`[prefix/]namespace/name[.git]`: no more segments, so that a file `info/lfs/…` inside a repository keeps its own URL."""

    regex = f"(?:(?:{'|'.join(TYPE_BY_PREFIX)})/)?[^/]+/[^/]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("repository", _RepositoryPath())


class _LfsRoute(APIRoute):
    """Answers errors as LFS clients read them."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_lfs(request: Request) -> Response:
            try:
                return await handle(request)
            except HubError as error:
                return error_response(_for_strangers(request, error), request_id_of(request))

        return handle_lfs


router = APIRouter(prefix="/{repository:repository}/info/lfs", route_class=_LfsRoute, include_in_schema=False)


@router.post("/objects/batch")
async def batch(request: Request, repository: str) -> Response:
    """Tell how to transfer each of a list of objects."""
    ctx = await context(request, Surface.LFS)
    asked = await _body(request, BatchRequest)
    address = base_url(request.headers, request.url.scheme) + request.url.path.removesuffix("/objects/batch")
    answer = await hub_of(request).lfs.batch(ctx, repository, asked, address)
    return LfsJsonResponse(answer.model_dump(mode="json", exclude_none=True))


@router.put("/objects/{oid}")
async def upload(request: Request, repository: str, oid: str) -> Response:
    """Store an object. Authorised before the first byte is read, so that a refusal costs no upload."""
    ctx, announced = await _transfer(request, repository, oid, TransferOperation.UPLOAD)
    length = announced_length(request)
    length = announced if length is None else length
    if announced is not None and length != announced:
        raise InvalidContent(
            f"{length} bytes were sent where {announced} had been announced.", kind="size", expected=announced, actual=length
        )
    with upload_slots(request).one():
        await hub_of(request).lfs.upload(ctx, repository, oid, body_stream(request), size=length)
    return Response(status_code=200)


@router.api_route("/objects/{oid}", methods=["GET", "HEAD"])
async def download(request: Request, repository: str, oid: str) -> Response:
    """Send an object, or the part of it that is asked for."""
    ctx, _ = await _transfer(request, repository, oid, TransferOperation.DOWNLOAD)
    hub = hub_of(request)
    stored = await hub.lfs.find(ctx, repository, oid)
    return BlobResponse(partial(hub.objects.read, oid), stored.size, oid)


@router.post("/objects/{oid}/verify")
async def verify(request: Request, repository: str, oid: str) -> Response:
    """Confirm that an object arrived."""
    ctx, _ = await _transfer(request, repository, oid, TransferOperation.UPLOAD)
    asked = await _body(request, TransferObject)
    if asked.oid != oid:
        raise InvalidInput("The object in the body is not the one in the URL.")
    await hub_of(request).lfs.verify(ctx, repository, oid, asked.size)
    return LfsJsonResponse({})


@router.api_route("/locks{rest:path}", methods=["GET", "POST"])
async def locks() -> Response:
    """File locks are not offered; clients take 404 for that and go on."""
    raise NotFound("This hub does not offer file locks.")


async def _transfer(request: Request, repository: str, oid: str, operation: TransferOperation) -> tuple[Context, int | None]:
    """Who transfers, and the size in bytes if a signed link says it. The link counts even when credentials come along."""
    grant = request.query_params.get("grant")
    if grant is None:
        return await context(request, Surface.LFS), None
    stranger = Context(ANONYMOUS, Surface.LFS, request_id_of(request))
    return await hub_of(request).lfs.redeem(stranger, grant, repository, oid, operation)


async def _body(request: Request, form: type[Body]) -> Body:
    received = bytearray()
    async for chunk in body_stream(request):
        received += chunk
        if len(received) > _MAX_JSON_BYTES:
            raise TooLarge(f"The request is larger than the {_MAX_JSON_BYTES} bytes allowed here.", limit=_MAX_JSON_BYTES)
    try:
        return form.model_validate_json(bytes(received))
    except ValidationError as error:
        issue = error.errors()[0]
        where = ".".join(str(part) for part in issue["loc"])
        raise InvalidInput(f"The request cannot be understood: {where or 'JSON'}: {issue['msg']}.") from None


def _for_strangers(request: Request, error: HubError) -> HubError:
    """Clients ask for credentials on 401 only, so a repository nobody may see looks to strangers like one to sign in for."""
    if isinstance(error, RepositoryNotFound) and "authorization" not in request.headers and "grant" not in request.query_params:
        return NotAuthenticated("Sign in to use this repository, if it exists.")
    return error
