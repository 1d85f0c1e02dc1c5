"""Operations by name: the door of the command line, which is generated from them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi import Body as BodyParameter
from pydantic import BaseModel

from api.auth import context, hub_of
from api.rest.common import parse
from hub_core.context import Surface
from hub_core.errors import NotFound

router = APIRouter(tags=["operations"])

Body = Annotated[dict[str, Any], BodyParameter(examples=[{"repository": "alice/iris"}])]


class OperationInfo(BaseModel):
    """An operation, with the JSON schema of its input."""

    name: str
    scope: str
    effect: str
    summary: str
    input: dict[str, Any]


@router.get("/operations")
async def list_operations(request: Request) -> list[OperationInfo]:
    """List everything the hub can do."""
    return [
        OperationInfo(
            name=operation.name, scope=operation.scope, effect=operation.effect.name.lower(), summary=operation.summary,
            input=operation.input.model_json_schema(),
        )
        for operation in hub_of(request).operations.values()
    ]


@router.post("/operations/{name}")
async def run_operation(request: Request, name: str, body: Body) -> Any:
    """Run an operation by name. Scripts should prefer the routes of the nouns: those do not change."""
    hub = hub_of(request)
    if name not in hub.operations:
        raise NotFound(f"There is no operation {name[:64]!a}.", hint="GET /api/v2/operations lists them.")
    ctx = await context(request, Surface.CLI if request.headers.get("x-hubpilot-surface") == "cli" else Surface.REST)
    return await hub.run(hub.method(name), ctx, parse(hub.operations[name].input, body))
