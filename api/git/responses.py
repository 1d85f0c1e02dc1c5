"""The responses of the git surface: header order and texts are what git clients and git's own tests look for."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.types import Send

from hub_core import errors
from hub_core.errors import HubError

RETRY_SECONDS = 10

_NO_CACHE = (
    (b"expires", b"Fri, 01 Jan 1980 00:00:00 GMT"),
    (b"pragma", b"no-cache"),
    (b"cache-control", b"no-cache, max-age=0, must-revalidate"),
)

# From the particular to the general: the first class that fits decides.
_STATUSES: Sequence[tuple[type[HubError], int]] = (
    (errors.NotAuthenticated, 401),
    (errors.PermissionDenied, 403),
    (errors.ConfirmationRequired, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.TooLarge, 413),
    (errors.InvalidInput, 400),
    (errors.TooManyRequests, 429),
    (errors.Unsupported, 501),
    (errors.StorageFull, 507),
    (errors.Unavailable, 503),
    (HubError, 500),
)


def status_of(error: HubError) -> int:
    """The HTTP status for an error of the core."""
    return next(status for kind, status in _STATUSES if isinstance(error, kind))


async def start(send: Send, content_type: str) -> None:
    """Begin a successful response of the smart protocol."""
    headers = [*_NO_CACHE, (b"content-type", content_type.encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def refuse(send: Send, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
    """Send a whole response with a text; git shows plain text to its user."""
    body = f"{text}\n".encode()
    about = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*_NO_CACHE, *about, *headers]})
    await send({"type": "http.response.body", "body": body})


async def refuse_error(send: Send, error: HubError) -> None:
    """Send the response for an error of the core."""
    status = status_of(error)
    headers: list[tuple[bytes, bytes]] = []
    if status == 401:
        headers.append((b"www-authenticate", b'Basic realm="hubpilot", charset="UTF-8"'))
    if status in (429, 503):
        headers.append((b"retry-after", str(error.details.get("retry_after", RETRY_SECONDS)).encode()))
    await refuse(send, status, str(error), *headers)
