"""The hub's errors in the words of Git LFS: git-lfs `docs/api/batch.md` and `docs/api/basic-transfers.md`, "Response Errors"."""

from __future__ import annotations

from starlette.responses import JSONResponse

from hub_core.errors import (
    ConfirmationRequired,
    Conflict,
    HubError,
    Internal,
    InvalidContent,
    InvalidInput,
    InvalidName,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    StorageFull,
    TooLarge,
    TooManyRequests,
    Unavailable,
    Unsupported,
)

MEDIA_TYPE = "application/vnd.git-lfs+json"

STATUS: dict[type[HubError], int] = {
    InvalidInput: 422,
    InvalidName: 404,
    # Bytes that arrived damaged are worth sending again; git-lfs gives up on 422 and repeats on 400.
    InvalidContent: 400,
    NotAuthenticated: 401,
    PermissionDenied: 403,
    NotFound: 404,
    Conflict: 409,
    ConfirmationRequired: 403,
    TooLarge: 413,
    TooManyRequests: 429,
    Unsupported: 501,
    Unavailable: 503,
    StorageFull: 507,
    Internal: 500,
}

_RETRY_SECONDS = 10


class LfsJsonResponse(JSONResponse):
    """JSON under the media type of Git LFS."""

    media_type = MEDIA_TYPE


def status_of(error: HubError) -> int:
    """The HTTP status of an error: its nearest class in `STATUS`; content of the wrong size is 422, which clients do not repeat."""
    if isinstance(error, InvalidContent) and error.details.get("kind") == "size":
        return 422
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def error_response(error: HubError, request_id: str) -> LfsJsonResponse:
    """The answer to a request that failed."""
    status = status_of(error)
    headers = {}
    if status == 401:
        # Not WWW-Authenticate: browsers must not open a password window over a failing download.
        headers["LFS-Authenticate"] = 'Basic realm="Git LFS"'
    if status in (429, 503):
        headers["Retry-After"] = str(error.details.get("retry_after", _RETRY_SECONDS))
    return LfsJsonResponse({"message": str(error), "request_id": request_id}, status, headers)
