"""What every page has in common: its template, its headers, its form, and how an error looks."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import structlog
from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.auth import check_csrf, csrf_token, hub_of, remember_visitor, session_secret_from_cookies
from api.errors import headers_of, logged_path, request_id_of, status_of
from hub_core.context import Context, Surface
from hub_core.errors import HubError, InvalidInput, NotAuthenticated, TooLarge

HOME = "/chat"
_MAX_FORM_BYTES = 64 << 10
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True,
)
log = structlog.get_logger(__name__)


class PageRoute(APIRoute):
    """A route whose errors are pages, and whose answers no other site may frame and no cache may keep."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                response = await handle(request)
            except NotAuthenticated:
                response = sign_in_first(request)
            except HubError as error:
                response = error_page(request, error)
            response.headers.update(_HEADERS)
            return response

        return guarded


def page(request: Request, template: str, *, status: int = HTTPStatus.OK, **values: Any) -> HTMLResponse:
    """The page of a template; forms on it find `csrf` and `error` set."""
    values = {"csrf": csrf_token(request), "error": None, "user": None, **values}
    response = HTMLResponse(_templates.get_template(template).render(values), status)
    remember_visitor(request, response)
    return response


def error_page(request: Request, error: HubError) -> HTMLResponse:
    """An error as a page with its next step."""
    status = status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("request_failed", code=error.code, message=error.message, path=logged_path(request.scope))
    response = page(request, "error.html", status=status, error=error, request_id=request_id_of(request))
    response.headers.update(headers_of(error))
    return response


def redirect(path: str) -> RedirectResponse:
    """Send the browser to a page of this hub with GET."""
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)


def sign_in_first(request: Request) -> RedirectResponse:
    """Send somebody who is not signed in to sign in and come back."""
    return redirect(f"/sign-in?next={quote(request.url.path if request.method == 'GET' else HOME, safe='/')}")


def local_path(target: str | None) -> str:
    """`target` if it is a path on this hub, else the home page: a link must not lead from our sign-in page to another site."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target or not target.isprintable():
        return HOME
    parts = urlsplit(target)
    return HOME if parts.scheme or parts.netloc else target


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form that one of our pages sent. Raises `PermissionDenied` for other forms and `TooLarge` for endless ones."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            raise TooLarge("This form is too long.", hint="Nothing was changed.")
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50))
    except ValueError:
        raise InvalidInput("This form cannot be read.", hint="Nothing was changed.") from None
    check_csrf(request, fields.get("csrf"))
    return fields


async def person(request: Request) -> Context:
    """The context of somebody who is signed in with a browser; raises `NotAuthenticated`."""
    hub = hub_of(request)
    secret = session_secret_from_cookies(hub, request.cookies)
    actor = await hub.sign_in.actor_of_session(secret) if secret else None
    if actor is None:
        raise NotAuthenticated("Sign in first.")
    return Context(actor, Surface.WEB, request_id_of(request))
