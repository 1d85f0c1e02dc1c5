"""From a request to a `Context`: session cookies, access tokens, CSRF."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from hashlib import sha256

from fastapi import Request, Response
from itsdangerous import BadSignature, URLSafeSerializer

from api.errors import request_id_of
from hub_core.context import ANONYMOUS, Actor, Context, Surface
from hub_core.errors import NotAuthenticated, PermissionDenied
from hub_core.hub import Hub

SESSION_COOKIE = "hubpilot_session"
CSRF_COOKIE = "hubpilot_csrf"
CSRF_HEADER = "x-csrf-token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def hub_of(request: Request) -> Hub:
    """The hub this application serves."""
    hub: Hub = request.app.state.hub
    return hub


def session_secret_from_cookies(hub: Hub, cookies: Mapping[str, str]) -> str | None:
    """The secret in the session cookie; None when there is no cookie or its signature is not ours."""
    try:
        secret = _serializer(hub).loads(cookies.get(SESSION_COOKIE, ""))
    except BadSignature:
        return None
    return secret if isinstance(secret, str) else None


def set_session_cookie(response: Response, hub: Hub, secret: str, *, secure: bool) -> None:
    """Sign a browser in. `secure` is whether the request came by https."""
    age = hub.settings.session_days * 86400
    response.set_cookie(
        SESSION_COOKIE, _serializer(hub).dumps(secret), max_age=age, httponly=True, samesite="lax", secure=secure, path="/"
    )
    response.set_cookie(CSRF_COOKIE, csrf_token_of(hub, secret), max_age=age, samesite="lax", secure=secure, path="/")


def clear_session_cookie(response: Response) -> None:
    """Sign a browser out."""
    for name in (SESSION_COOKIE, CSRF_COOKIE):
        response.delete_cookie(name, path="/")


def csrf_token_of(hub: Hub, secret: str) -> str:
    """The token that proves a request was made by a page of ours: bound to the session, worthless in another."""
    return hmac.new(hub.secret_key.encode(), b"csrf:" + secret.encode(), sha256).hexdigest()


def csrf_token(request: Request) -> str:
    """The token for forms of this browser; before signing in it is bound to the visitor's own CSRF cookie."""
    return csrf_token_of(hub_of(request), _csrf_subject(request))


def check_csrf(request: Request, token: str | None) -> None:
    """Raise `PermissionDenied` unless `token` is this browser's."""
    if not token or not hmac.compare_digest(token.encode(), csrf_token(request).encode()):
        raise PermissionDenied(
            "This request did not come from a page of this hub, or the page is too old.", hint="Reload the page and try again."
        )


def remember_visitor(request: Request, response: Response) -> None:
    """Give a browser that is not signed in the cookie its forms' CSRF token is bound to; call it on every page with a form."""
    if session_secret_from_cookies(hub_of(request), request.cookies) is None and CSRF_COOKIE not in request.cookies:
        response.set_cookie(CSRF_COOKIE, _visitor(request), httponly=True, samesite="lax", secure=is_secure(request), path="/")


def _csrf_subject(request: Request) -> str:
    return session_secret_from_cookies(hub_of(request), request.cookies) or "visitor:" + _visitor(request)


def _visitor(request: Request) -> str:
    known = request.cookies.get(CSRF_COOKIE) or getattr(request.state, "visitor", None)
    request.state.visitor = known or secrets.token_urlsafe(32)
    return str(request.state.visitor)


async def actor_of_headers(hub: Hub, headers: Mapping[str, str]) -> Actor | None:
    """Who an `Authorization` header stands for; None without one. Bearer, or Basic with the token as password.

    Raises `NotAuthenticated` when the header is there and wrong.
    """
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if not scheme:
        return None
    if scheme.lower() == "bearer":
        return await hub.sign_in.actor_of_token(value.strip())
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise NotAuthenticated("The Authorization header cannot be read.") from None
        return await hub.sign_in.actor_of_token(password or user)
    raise NotAuthenticated(f"The authorization scheme {scheme[:20]!a} is not known here.", hint="Use Bearer or Basic.")


async def context(request: Request, surface: Surface = Surface.REST) -> Context:
    """The context of a request. A cookie counts only together with its CSRF token where something could change."""
    hub = hub_of(request)
    actor = await actor_of_headers(hub, request.headers)
    if actor is None:
        secret = session_secret_from_cookies(hub, request.cookies)
        actor = await hub.sign_in.actor_of_session(secret) if secret else None
        if actor is not None and request.method not in _SAFE_METHODS:
            check_csrf(request, request.headers.get(CSRF_HEADER))
    return Context(actor or ANONYMOUS, surface, request_id_of(request))


def is_secure(request: Request) -> bool:
    """Whether the browser sees https, also behind a proxy."""
    return request.url.scheme == "https"


def base_url(headers: Mapping[str, str], scheme: str) -> str:
    """The address the client used, without a trailing slash; every URL the hub emits begins with it."""
    return f"{scheme}://{headers.get('host', 'localhost')}"


def _serializer(hub: Hub) -> URLSafeSerializer:
    return URLSafeSerializer(hub.secret_key, salt="session")
