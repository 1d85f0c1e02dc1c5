"""What the routes share: the caller, the repository of the path, page links."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Path, Request, Response
from pydantic import BaseModel, ValidationError

from api.auth import context, hub_of
from api.blobs import BlobResponse
from hub_core.context import Context
from hub_core.errors import InvalidInput
from hub_core.hub import Hub
from hub_core.names import TYPE_BY_PREFIX
from hub_core.paging import Page
from hub_core.repositories.contents import ContentService, OpenFile

Output = TypeVar("Output")


class Caller:
    """The hub and the context of one request: `await caller.run(Service.method, Input(...))`."""

    def __init__(self, request: Request, hub: Hub, ctx: Context) -> None:
        self.request = request
        self.hub = hub
        self.ctx = ctx

    async def run(self, method: Callable[[Any, Context, Any], Awaitable[Output]], request: BaseModel) -> Output:
        return await self.hub.run(method, self.ctx, request)


async def _caller(request: Request) -> Caller:
    return Caller(request, hub_of(request), await context(request))


CallerDep = Annotated[Caller, Depends(_caller)]

TypePrefix = Annotated[str, Path(description="models, datasets, spaces or codes", examples=["datasets"])]
Namespace = Annotated[str, Path(description="user that owns the repository", examples=["alice"])]
Name = Annotated[str, Path(description="name of the repository", examples=["iris"])]


def _repository(type_prefix: TypePrefix, namespace: Namespace, name: Name) -> str:
    if type_prefix not in TYPE_BY_PREFIX:
        raise InvalidInput(f"{type_prefix[:40]!a} is no type of repository.", hint="Use models, datasets, spaces or codes.")
    return f"{type_prefix}/{namespace}/{name}"


RepositoryDep = Annotated[str, Depends(_repository)]
PREFIX = "/api/v2"
REPOSITORY = "/repositories/{type_prefix}/{namespace}/{name}"


def link_next(caller: Caller, response: Response, page: Page[Any] | Any) -> None:
    """Point to the next page in a `Link` header (RFC 8288), as GitHub and Hugging Face do."""
    if page.next_cursor:
        # As the client wrote it: decoded, a path may hold what no header can.
        path = caller.request.scope["raw_path"].decode("latin-1")
        url = caller.request.url.include_query_params(cursor=page.next_cursor).replace(path=path)
        response.headers["Link"] = f'<{url}>; rel="next"'


def announced_length(request: Request) -> int | None:
    """Bytes of the body as its header says; None when it does not."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() else None


def serve_file(contents: ContentService, file: OpenFile) -> BlobResponse:
    """The bytes of a file at a commit, with ranges; named by content, so that a client can keep them."""
    return BlobResponse(
        lambda offset, length: contents.stream(file, offset, length), file.size, file.oid, file_name=file.path.rpartition("/")[2],
        cache_control="private, no-cache", headers={"x-repo-commit": file.commit_hash},
    )


def parse(model: type[BaseModel], values: dict[str, Any]) -> Any:
    """Validate values from a path, query or body as an operation's input; raises `InvalidInput` in plain words."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        issues = [f"{'.'.join(map(str, issue['loc'])) or 'input'}: {issue['msg']}" for issue in error.errors()[:5]]
        raise InvalidInput("; ".join(issues), hint="Nothing was changed.") from None
