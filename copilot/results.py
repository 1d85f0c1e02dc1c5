"""Tool results as models read them: JSON that says what is data, within a budget of characters."""

from __future__ import annotations

from typing import Any

import orjson

from hub_core.errors import HubError
from tools.call import ToolResult

MAX_CHARACTERS = 6000


def success(result: ToolResult) -> str:
    """A result. Everything a repository or a person wrote stands inside JSON strings under `data` and cannot leave them."""
    data = [{"title": found.title, "source": found.source, "text": found.text} for found in result.passages] or result.kept.data
    return fitted({"status": "ok", "summary": result.text, "data": data})


def failure(error: HubError) -> str:
    """An error, with the next step where there is one."""
    return fitted({"status": "error", "code": error.code, "message": error.message, "hint": error.hint})


def fitted(value: dict[str, Any], limit: int = MAX_CHARACTERS) -> str:
    """`value` as JSON of about `limit` characters at most: long texts and lists lose their ends, visibly."""
    for texts, items in ((limit, 200), (2000, 50), (500, 20), (120, 10), (60, 4)):
        encoded = orjson.dumps(_shortened(value, texts, items)).decode()
        if len(encoded) <= limit:
            break
    return encoded if len(encoded) <= limit else orjson.dumps({**value, "data": "too long to be shown"}).decode()


def _shortened(value: Any, texts: int, items: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= texts else f"{value[:texts]}… ({len(value)} characters in all)"
    if isinstance(value, dict):
        return {key: _shortened(item, texts, items) for key, item in value.items()}
    if isinstance(value, list):
        shown = [_shortened(item, texts, items) for item in value[:items]]
        return shown if len(value) <= items else [*shown, f"… ({len(value)} items in all)"]
    return value
