"""Which hub commands talk to, and as whom: the environment first, then what `hubpilot login` saved."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import typer
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from hub_core.errors import InvalidInput

DEFAULT_URL = "http://localhost:8000"


class ClientSettings(BaseSettings):
    """What a person can set for commands that talk to a hub."""

    model_config = SettingsConfigDict(env_prefix="HUBPILOT_", env_file=None, extra="ignore")

    url: str | None = None
    token: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """A hub and an access token for it."""

    url: str
    token: str


def login_path() -> Path:
    """The file of the saved login, in the user's configuration folder."""
    return Path(typer.get_app_dir("hubpilot")) / "login.json"


def load_login() -> Login | None:
    """The saved login; None when there is none that can be read."""
    try:
        saved = json.loads(login_path().read_text())
        return Login(str(saved["url"]), str(saved["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def save_login(login: Login) -> Path:
    """Keep `login` for later commands in a file only its owner can read; returns the file's path."""
    path = login_path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(login), file)
    fresh.replace(path)
    return path


def check_url(url: str) -> str:
    """`url` without a trailing slash; raises `InvalidInput` unless it is an http or https address."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidInput(f"{url[:200]!a} is not the address of a hub.", hint=f"Write it like {DEFAULT_URL}.")
    return url.rstrip("/")


def connection() -> tuple[str, str | None]:
    """The hub to talk to and the token to send, if there is one.

    A saved token goes only to the hub it was saved for, wherever `HUBPILOT_URL` points.
    """
    settings, saved = ClientSettings(), load_login()
    url = check_url(settings.url or (saved.url if saved else DEFAULT_URL))
    if settings.token is not None and settings.token.get_secret_value():
        return url, settings.token.get_secret_value()
    return url, saved.token if saved and saved.url == url else None
