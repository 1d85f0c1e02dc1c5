"""The one table between the core's errors and HTTP, and their form on the wire: problem details (RFC 9457)."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import Scope

from hub_core import errors

# A class not named here answers like its nearest ancestor that is.
STATUS: dict[type[errors.HubError], int] = {
    errors.HubError: 500,
    errors.InvalidInput: 422,
    errors.NotAuthenticated: 401,
    errors.PermissionDenied: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.ConfirmationRequired: 428,
    errors.TooLarge: 413,
    errors.TooManyRequests: 429,
    errors.Unsupported: 415,
    errors.Unavailable: 503,
    errors.StorageFull: 507,
    errors.Internal: 500,
}

log = structlog.get_logger(__name__)


def status_of(error: errors.HubError) -> int:
    """The HTTP status an error of the core answers with."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(status: int, code: str, detail: str, *, hint: str | None = None, request_id: str = "", **extra: Any) -> dict[str, Any]:
    """Problem details; `code` is stable, `detail` and `hint` are for people."""
    body = {"type": f"urn:hubpilot:error:{code}", "title": code.replace("_", " "), "status": status, "code": code, "detail": detail}
    if hint:
        body["hint"] = hint
    if request_id:
        body["request_id"] = request_id
    return {**body, **extra}


def headers_of(error: errors.HubError) -> dict[str, str]:
    """Headers an error brings along."""
    headers: dict[str, str] = {}
    if isinstance(error, errors.NotAuthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="hubpilot"'
    if "retry_after" in error.details:
        headers["Retry-After"] = str(error.details["retry_after"])
    return headers


def install_error_handlers(app: FastAPI) -> None:
    """Let every error of the application leave as problem details."""

    @app.exception_handler(errors.HubError)
    async def hub_error(request: Request, error: errors.HubError) -> JSONResponse:
        status = status_of(error)
        if status >= 500:
            log.error("request_failed", code=error.code, message=error.message, path=logged_path(request.scope))
        body = problem(status, error.code, error.message, hint=error.hint, request_id=request_id_of(request), **error.details)
        return _json(body, headers_of(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        issues = [
            {"field": ".".join(str(part) for part in issue["loc"] if part != "body"), "message": issue["msg"]} for issue in error.errors()
        ]
        detail = "; ".join(f"{issue['field']}: {issue['message']}" if issue["field"] else issue["message"] for issue in issues[:5])
        return _json(problem(422, "invalid_input", detail, request_id=request_id_of(request), issues=issues))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        code = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}.get(error.status_code, "http_error")
        return _json(problem(error.status_code, code, str(error.detail), request_id=request_id_of(request)), dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def crash(request: Request, error: Exception) -> JSONResponse:
        log.error("request_crashed", path=logged_path(request.scope), exc_info=error)
        detail = "The hub made a mistake. Its log has the details under this request id."
        return _json(problem(500, "internal", detail, request_id=request_id_of(request)))


def request_id_of(request: Request) -> str:
    """The id the request was given when it came in."""
    return str(request.scope.get("hubpilot.request_id", ""))


def logged_path(scope: Scope) -> str:
    """The path as it may stand in a log: that of a one-time link is a secret until somebody has used it."""
    path: str = scope["path"]
    return "/setup/…" if path.startswith("/setup/") else path


def _json(body: dict[str, Any], headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(body, body["status"], headers, media_type="application/problem+json")
