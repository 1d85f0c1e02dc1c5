"""The account page: access tokens for git, scripts and the command line."""

from __future__ import annotations

from contextlib import suppress

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from api.auth import hub_of
from api.errors import status_of
from api.web.pages import PageRoute, form_of, page, person, redirect
from hub_core.accounts.schemas import AccessTokenCreated, CreateAccessToken, ListAccessTokens, RevokeAccessToken
from hub_core.accounts.service import AccountService
from hub_core.context import Context
from hub_core.errors import AccessTokenNotFound, AlreadyExists, HubError, InvalidInput

router = APIRouter(prefix="/account/tokens", route_class=PageRoute, include_in_schema=False)


@router.get("")
async def tokens_page(request: Request) -> Response:
    return await _page(request, await person(request))


@router.post("")
async def create(request: Request) -> Response:
    ctx = await person(request)
    form = await form_of(request)
    try:
        created = await hub_of(request).run(AccountService.create_access_token, ctx, _wish(form))
    except (InvalidInput, AlreadyExists) as error:
        return await _page(request, ctx, error=error, form=form)
    return await _page(request, ctx, created=created)


@router.post("/revoke")
async def revoke(request: Request) -> Response:
    ctx = await person(request)
    form = await form_of(request)
    # Pressed twice, or revoked in another window: it is gone, as was wished.
    with suppress(AccessTokenNotFound):
        await hub_of(request).run(AccountService.revoke_access_token, ctx, RevokeAccessToken(name=form.get("id", "")))
    return redirect("/account/tokens")


def _wish(form: dict[str, str]) -> CreateAccessToken:
    try:
        return CreateAccessToken.model_validate(
            {"name": form.get("name", "").strip(), "scope": form.get("scope"), "expires_in_days": form.get("days") or None}
        )
    except ValidationError:
        raise InvalidInput("A token needs a name of up to 96 characters, a scope and a duration.", hint="Nothing was created.") from None


async def _page(
    request: Request, ctx: Context, *, created: AccessTokenCreated | None = None, error: HubError | None = None,
    form: dict[str, str] | None = None,
) -> Response:
    tokens = await hub_of(request).run(AccountService.list_access_tokens, ctx, ListAccessTokens())
    return page(
        request, "tokens.html", status=status_of(error) if error else 200, user=ctx.actor.name, tokens=tokens, created=created, error=error,
        form=form or {},
    )
