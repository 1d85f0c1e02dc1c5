"""The hub's own HTML pages: signing in and out, first set-up, access tokens. They work without JavaScript."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from api.web import entrance, setup, tokens


def install_web(app: FastAPI) -> None:
    """Add the pages and their files to the hub's application."""
    for module in (entrance, setup, tokens):
        app.include_router(module.router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
