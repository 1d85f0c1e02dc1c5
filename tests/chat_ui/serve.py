"""A hub with its pages and a scripted chat, in a process of its own: Chainlit keeps its state in globals.

Usage: python -m tests.chat_ui.serve DATA_DIR PORT
"""

from __future__ import annotations

import asyncio
import os
import sys
from functools import partial
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from api.auth import session_secret_from_cookies
from api.errors import install_error_handlers
from api.web import install_web
from chat_ui.mount import mount_chat
from hub_core.bootstrap import build_hub
from hub_core.settings import Settings
from tests.chat_ui.scripted import ScriptedCopilot

MAX_UPLOAD = 3_000_000


async def serve(data_dir: Path, port: int) -> None:
    hub = build_hub(Settings(data_dir=data_dir, max_upload_bytes=MAX_UPLOAD))
    app = FastAPI()
    app.state.hub = hub
    install_error_handlers(app)
    install_web(app)
    mount_chat(app, hub, ScriptedCopilot(), session_secret=partial(session_secret_from_cookies, hub))
    await uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning")).serve()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
    os._exit(0)
