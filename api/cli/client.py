"""Talking to a running hub over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import httpx

from api.cli.connection import connection
from api.cli.errors import error_of
from hub_core.errors import Unavailable

API = "/api/v2"
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
# A proxy that is set for the internet must not stand between this machine and itself.
_NO_PROXY = {f"all://{host}": None for host in ("localhost", "127.0.0.1", "[::1]")}


class HubClient:
    """A connection to the hub a person chose; use it as a context manager.

    Every method raises the core's error the hub answered with, or `Unavailable` when no hub answers.
    """

    def __init__(self, url: str | None = None, token: str | None = None) -> None:
        if url is None:
            url, token = connection()
        self.url = url
        headers = {"x-hubpilot-surface": "cli"} | ({"authorization": f"Bearer {token}"} if token else {})
        self._http = httpx.Client(base_url=url, headers=headers, timeout=_TIMEOUT, mounts=_NO_PROXY, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.close()

    def call(self, operation: str, arguments: dict[str, Any]) -> Any:
        """Run an operation; returns its output as JSON values."""
        return self.request("POST", f"{API}/operations/{operation}", json=arguments)

    def request(self, method: str, path: str, **options: Any) -> Any:
        """Send a request and return the JSON of the answer."""
        with self.stream(method, path, **options) as response:
            response.read()
            try:
                return response.json()
            except ValueError:
                raise self._not_a_hub() from None

    @contextmanager
    def stream(self, method: str, path: str, **options: Any) -> Iterator[httpx.Response]:
        """Send a request; the body of the answer is still to be read."""
        try:
            with self._http.stream(method, path, **options) as response:
                if not response.is_success:
                    raise self._problem(response)
                yield response
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise Unavailable(
                f"No hub answers at {self.url}.", hint="Start one with “hubpilot up”, or name another with HUBPILOT_URL or “hubpilot login --url”."
            ) from None
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise Unavailable(f"The connection to {self.url} broke: {error or type(error).__name__}.", hint="Try again.") from error

    def _problem(self, response: httpx.Response) -> Exception:
        response.read()
        try:
            problem = response.json()
        except ValueError:
            problem = None
        if not isinstance(problem, dict) or "code" not in problem:
            return self._not_a_hub(response.status_code)
        return error_of(response.status_code, problem)

    def _not_a_hub(self, status: int = 200) -> Unavailable:
        return Unavailable(f"{self.url} answers (status {status}), but not as a hub does.", hint="Check HUBPILOT_URL.")
