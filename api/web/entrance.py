"""Coming in and going out."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from api.auth import base_url, clear_session_cookie, hub_of, is_secure, session_secret_from_cookies, set_session_cookie
from api.errors import headers_of, status_of
from api.web.pages import HOME, PageRoute, form_of, local_path, page, person, redirect
from hub_core.context import system_context
from hub_core.errors import HubError, NotAuthenticated, TooManyRequests

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/")
async def home(request: Request) -> Response:
    """To the chat, to the sign-in page, or, on a hub without users, to a page that says how to begin."""
    hub = hub_of(request)
    async with hub.transaction(system_context("home"), write=False) as ctx:
        if await hub.services.accounts.needs_set_up(ctx.session):
            return page(request, "welcome.html", base=base_url(request.headers, request.url.scheme))
    return redirect(HOME)


@router.get("/sign-in")
async def sign_in_page(request: Request) -> Response:
    target = local_path(request.query_params.get("next"))
    try:
        await person(request)
    except NotAuthenticated:
        return page(request, "sign_in.html", name="", next=target, ended="ended" in request.query_params)
    return redirect(target)


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    hub = hub_of(request)
    form = await form_of(request)
    name, target = form.get("name", "").strip(), local_path(form.get("next"))
    try:
        secret = await hub.sign_in.sign_in(
            name, form.get("password", ""), address=request.client.host if request.client else "",
            user_agent=request.headers.get("user-agent", ""),
        )
    except (NotAuthenticated, TooManyRequests) as error:
        return _refused(request, error, name, target)
    response = redirect(target)
    set_session_cookie(response, hub, secret, secure=is_secure(request))
    return response


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    await form_of(request)
    hub = hub_of(request)
    if secret := session_secret_from_cookies(hub, request.cookies):
        await hub.sign_in.end_session(secret)
    response = redirect("/sign-in")
    clear_session_cookie(response)
    return response


def _refused(request: Request, error: HubError, name: str, target: str) -> Response:
    status = HTTPStatus(status_of(error))
    response = page(request, "sign_in.html", status=status, error=error, name=name, next=target, ended=False)
    if "retry_after" in error.details:
        response.headers["Retry-After"] = headers_of(error)["Retry-After"]
    return response
