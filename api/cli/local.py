"""What commands need that work on the data folder of this machine."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from pydantic import ValidationError

from api.cli.errors import invalid
from hub_core.errors import StorageUnavailable
from hub_core.settings import Settings


def load_settings(**given: Any) -> Settings:
    """The hub's settings, with what was given on the command line before the environment; raises `InvalidInput`."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        names = {name: f"--{name.replace('_', '-')}" if given.get(name) is not None else f"HUBPILOT_{name.upper()}" for name in Settings.model_fields}
        raise invalid(error, names) from None


def prepare_data_dir(settings: Settings) -> None:
    """Make the data folder if it is missing; raises `StorageUnavailable` when this user cannot write there."""
    folder = settings.data_dir.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StorageUnavailable(
            f"The data folder {folder} cannot be written: {os.strerror(error.errno or 0)}.",
            hint="Choose another one with --data-dir or HUBPILOT_DATA_DIR, or let this user write there.",
        ) from error
