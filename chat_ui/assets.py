"""What Chainlit expects around it, put into the hub's data folder: it looks for its settings, texts and public files in one place only."""

from __future__ import annotations

import json
import shutil
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_SHIPPED = Path(__file__).parent / "assets"
_FORGOTTEN_AFTER_SECONDS = 86_400


def install(root: Path) -> None:
    """Write configuration, translations and public files below `root`, replacing those of an earlier version, and clear old uploads."""
    configuration = root / ".chainlit"
    translations = configuration / "translations"
    translations.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copyfile(_SHIPPED / "config.toml", configuration / "config.toml")
    _translate(translations)
    public = root / "public"
    shutil.rmtree(public, ignore_errors=True)
    shutil.copytree(_SHIPPED / "public", public)
    _assemble_elements(public / "elements")
    _forget_uploads(root / ".files")


def _assemble_elements(target: Path) -> None:
    target.mkdir()
    elements = {path.name: path.read_text() for path in (_SHIPPED / "elements").glob("*.jsx")}
    shared = elements.pop("shared.jsx")
    for name, text in elements.items():
        (target / name).write_text(f"{shared}\n{text}")


def _translate(target: Path) -> None:
    """Chainlit's own translations with our words laid over them; those under `*` hold in every language."""
    chainlit = find_spec("chainlit")
    assert chainlit is not None  # noqa: S101  # a dependency of the project
    ours: dict[str, Any] = json.loads((_SHIPPED / "texts.json").read_text())
    for path in (Path(folder) for folder in chainlit.submodule_search_locations or ()):
        for file in (path / "translations").glob("*.json"):
            texts = json.loads(file.read_text())
            for words in (ours["*"], ours.get(file.stem, {})):
                _lay_over(texts, words)
            (target / file.name).write_text(json.dumps(texts, ensure_ascii=False))


def _lay_over(texts: dict[str, Any], words: dict[str, Any]) -> None:
    for key, value in words.items():
        if isinstance(value, dict):
            _lay_over(texts.setdefault(key, {}), value)
        else:
            texts[key] = value


def _forget_uploads(files: Path) -> None:
    """Remove what sessions of a process that was killed left behind; another replica's are younger than a day."""
    limit = time.time() - _FORGOTTEN_AFTER_SECONDS
    for folder in files.glob("*"):
        if folder.stat().st_mtime < limit:
            shutil.rmtree(folder, ignore_errors=True)
