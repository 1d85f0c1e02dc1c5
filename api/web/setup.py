"""One-time links: the first administrator of a hub, and the first password of everybody else."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.auth import hub_of, is_secure, set_session_cookie
from api.errors import status_of
from api.web.pages import HOME, PageRoute, form_of, page, redirect
from hub_core.accounts.secrets import MIN_PASSWORD_LENGTH
from hub_core.context import system_context
from hub_core.errors import AlreadyExists, HubError, InvalidInput

router = APIRouter(prefix="/setup", route_class=PageRoute, include_in_schema=False)


@router.get("/{secret}")
async def setup_page(request: Request, secret: str) -> Response:
    return _form(request, await _named(request, secret))


@router.post("/{secret}")
async def set_up(request: Request, secret: str) -> Response:
    hub = hub_of(request)
    form = await form_of(request)
    named = await _named(request, secret)
    name, password = named or form.get("name", "").strip(), form.get("password", "")
    try:
        if password != form.get("again"):
            raise InvalidInput("The two passwords are not the same.", hint="Type it twice again.")  # noqa: TRY301  # one place says what is wrong
        async with hub.transaction(system_context("set-up")) as ctx:
            user = await hub.services.accounts.redeem_link(ctx.session, secret, name, password)
    except (InvalidInput, AlreadyExists) as error:
        return _form(request, named, error=error, name=name)
    response = redirect(HOME)
    session = await hub.sign_in.start_session(user.id, user_agent=request.headers.get("user-agent", ""))
    set_session_cookie(response, hub, session, secure=is_secure(request))
    return response


async def _named(request: Request, secret: str) -> str | None:
    """The user a link is for, None for the hub's set-up; raises `NotFound` for a link that does not work."""
    hub = hub_of(request)
    async with hub.transaction(system_context("set-up"), write=False) as ctx:
        _, user = await hub.services.accounts.open_link(ctx.session, secret)
        return user.name if user else None


def _form(request: Request, named: str | None, *, error: HubError | None = None, name: str = "") -> Response:
    status = status_of(error) if error else 200
    return page(
        request, "setup.html", status=status, error=error, named=named, name=name, min_length=MIN_PASSWORD_LENGTH, action=request.url.path
    )
