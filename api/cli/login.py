"""`hubpilot login` and `hubpilot logout`."""

from __future__ import annotations

import sys

import typer

from api.cli.client import HubClient
from api.cli.connection import DEFAULT_URL, ClientSettings, Login, check_url, login_path, save_login


def sign_in(url: str | None, token: str | None) -> None:
    """Check a token with the hub and save both; raises what the hub answers with."""
    address = check_url(url or ClientSettings().url or DEFAULT_URL)
    token = (token or _ask_for_token(address)).strip()
    with HubClient(address, token) as hub:
        identity = hub.call("user.whoami", {})
    path = save_login(Login(address, token))
    typer.echo(f"Signed in to {address} as {identity['name']} ({identity['scope']}). Saved in {path}.")


def sign_out() -> None:
    """Forget the saved login."""
    path = login_path()
    if not path.exists():
        typer.echo("Nothing was saved.")
        return
    path.unlink()
    typer.echo(f"Removed {path}.")


def _ask_for_token(address: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline()
    return str(typer.prompt(f"Access token for {address}", hide_input=True, err=True))
