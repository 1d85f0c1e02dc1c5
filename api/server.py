"""Running the application with uvicorn."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

import structlog
import uvicorn

from api.app import create_app
from hub_core.bootstrap import build_hub
from hub_core.migrations import upgrade
from hub_core.settings import Settings


class Server(uvicorn.Server):
    """A uvicorn server that says when it is ready."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[int], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Start listening, then tell the port, which matters when the system chose it."""
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.started and self.servers:
            self._on_ready(self.servers[0].sockets[0].getsockname()[1])


async def serve(settings: Settings, announce: Callable[[str, str | None], None]) -> None:
    """Migrate, prepare and run a hub until it is told to stop.

    `announce` gets the hub's URL and, while there is no administrator, the URL of the one-time set-up page.
    """
    configure_logging(settings.log_level)
    hub = build_hub(settings)
    await upgrade(hub.database)
    set_up_path = await hub.set_up()

    def ready(port: int) -> None:
        host = "localhost" if settings.host in {"127.0.0.1", "0.0.0.0", "::"} else settings.host  # noqa: S104  # compared, not bound
        url = f"http://{host}:{port}"
        announce(url, url + set_up_path if set_up_path else None)

    config = uvicorn.Config(
        create_app(hub, chat=True), host=settings.host, port=settings.port, loop="asyncio", http="httptools", ws="websockets-sansio", log_config=None,
        access_log=False, proxy_headers=True, timeout_graceful_shutdown=10, server_header=False,
    )
    await Server(config, ready).serve()


def configure_logging(level: str) -> None:
    """One line of JSON an event on standard error; the standard library's loggers join in."""
    logging.basicConfig(level=level.upper(), format="%(message)s")
    for noisy in ("httpx", "chainlit", "socketio", "engineio", "uvicorn.error", "alembic", "dbos"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, getattr(logging, level.upper())))
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
