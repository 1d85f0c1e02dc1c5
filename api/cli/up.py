"""`hubpilot up`: the whole hub in this process."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import socket
from pathlib import Path

import typer

import models_local
from api.cli.local import load_settings, prepare_data_dir
from hub_core.errors import Unavailable
from hub_core.settings import Settings


def run_hub(*, port: int | None, host: str | None, data_dir: str | None) -> None:
    """Run a hub until Ctrl-C or SIGTERM.

    Raises `InvalidInput` for settings that make no sense, and `Unavailable` with the remedy when this machine lacks something.
    """
    settings = load_settings(port=port, host=host, data_dir=data_dir)
    check_git()
    check_address(settings)
    prepare_data_dir(settings)
    warn_without_model(settings)
    from api.server import serve  # noqa: PLC0415  # seconds of imports, after the checks that need none

    announced = False

    def announce(url: str, set_up_url: str | None) -> None:
        nonlocal announced
        announced = True
        typer.echo(welcome(url, set_up_url, settings))

    try:
        asyncio.run(serve(settings, announce))
    except KeyboardInterrupt:
        typer.echo("\nStopped.")
        return
    if not announced:
        raise Unavailable("The hub could not start.", hint="The lines above say why.")
    typer.echo("\nStopped.")


def welcome(url: str, set_up_url: str | None, settings: Settings) -> str:
    """What a person reads once the hub listens: where it is, and the first step."""
    lines = ["", f"  hubpilot is running at {url}", f"  Its data is in {settings.data_dir.absolute()}", ""]
    if set_up_url:
        lines += ["  First time here? Open this link to make the administrator. It works once:", f"      {set_up_url}", ""]
    else:
        lines += ["  Forgot a password? “hubpilot users link NAME” makes a one-time link for a new one.", ""]
    return "\n".join([*lines, "  Stop with Ctrl-C.", ""])


def check_git() -> None:
    """Raise `Unavailable` unless git is installed."""
    if shutil.which("git") is None:
        raise Unavailable("git is missing, and repositories are kept with it.", hint="Install it: apt-get install git")


def check_address(settings: Settings) -> None:
    """Raise `Unavailable` unless the hub could listen there now."""
    where = f"{settings.host} port {settings.port}"
    try:
        kind, _, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(kind, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            free = settings.port + 1 if settings.port < 65535 else 0
            raise Unavailable(
                f"Another program listens on {where}.", hint=f"Stop it, or take another port: hubpilot up --port {free}"
            ) from error
        if error.errno == errno.EACCES:
            raise Unavailable(f"This user may not listen on {where}.", hint="Take a port from 1024 up: hubpilot up --port 8000") from error
        reason = error.strerror or os.strerror(error.errno or 0)
        raise Unavailable(f"The hub cannot listen on {where}: {reason}.", hint="Check --host or HUBPILOT_HOST.") from error


def warn_without_model(settings: Settings) -> None:
    """Say at once, rather than at the first question, that the language model is not there. All else works without it."""
    if settings.llm is None:
        path = Path(models_local.__file__).parent / "weights" / "encoder.gguf"
    elif settings.llm.lower().endswith(".gguf"):
        path = Path(settings.llm)
    else:
        return
    if path.is_file():
        return
    hint = "Restore it with “git checkout models_local/weights”." if settings.llm is None else "Check HUBPILOT_LLM, or unset it for the shipped one."
    typer.echo(f"warning: the language model {path} is missing, so the Copilot cannot answer. {hint}", err=True)
