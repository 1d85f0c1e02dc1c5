"""Puts the chat into the hub's web application."""

from __future__ import annotations

import logging
import os
import secrets
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.types import ASGIApp

from hub_core.hub import Hub

if TYPE_CHECKING:
    from chat_ui.port import Assistant
    from chat_ui.sessions import SecretOf

PATH = "/chat"


def mount_chat(app: FastAPI, hub: Hub, copilot: Assistant, *, session_secret: SecretOf, path: str = PATH) -> None:
    """Serve the chat below `path`; see `build_chat`."""
    app.mount(path, build_chat(hub, copilot, session_secret=session_secret, path=path))


def build_chat(hub: Hub, copilot: Assistant, *, session_secret: SecretOf, path: str = PATH) -> ASGIApp:
    """The chat as an application to be mounted at `path`. `session_secret` reads the secret of the hub's web session from cookies.

    Imports Chainlit, which takes about two seconds and 50 MB, and keeps its state in globals: a process can do this once.
    """
    root = hub.settings.data_dir.absolute() / "chat"
    _prepare(root_path=path, app_root=str(root))
    # Chainlit reads its environment and its folder while it is imported, so both have to be there before.
    from chat_ui import assets  # noqa: PLC0415

    assets.install(root)
    from chainlit.config import config  # noqa: PLC0415
    from chainlit.server import app as chainlit  # noqa: PLC0415

    from chat_ui.app import ChatApp  # noqa: PLC0415
    from chat_ui.gate import ChatGate  # noqa: PLC0415
    from chat_ui.page import ChatPage  # noqa: PLC0415
    from chat_ui.sessions import Sessions  # noqa: PLC0415
    from chat_ui.uploads import Uploads  # noqa: PLC0415

    if config.features.spontaneous_file_upload is not None:
        config.features.spontaneous_file_upload.max_size_mb = -(-hub.settings.max_upload_bytes // 1_000_000)
    sessions, uploads = Sessions(hub, session_secret), Uploads(hub)
    ChatApp(copilot, sessions, uploads, sign_in=f"/sign-in?next={path}").register()
    return ChatGate(chainlit, sessions, uploads, ChatPage(path))


def _prepare(*, root_path: str, app_root: str) -> None:
    os.environ.update({
        "CHAINLIT_APP_ROOT": app_root,
        "CHAINLIT_ROOT_PATH": root_path,
        # It would load a .env file of the working directory into the environment of the whole hub.
        "CHAINLIT_ENV_FILE": os.devnull,
        # Signs what the gate tells Chainlit about each request; it never leaves this process.
        "CHAINLIT_AUTH_SECRET": secrets.token_urlsafe(48),
        "CHAINLIT_AUTH_COOKIE_NAME": "hubpilot_chat",
        "CHAINLIT_COOKIE_SAMESITE": "strict",
    })
    # Its warnings are about files it does without, once for every page.
    logging.getLogger("chainlit").setLevel(logging.ERROR)
