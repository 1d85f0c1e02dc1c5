"""Which repository a page is about."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from hub_core.errors import InvalidName
from hub_core.names import RESERVED_NAMESPACES, TYPE_BY_WORD, RepositoryRef


def page_repository(page: object) -> str | None:
    """The repository of an open page, given as a reference, a URL or its path, or an object with `repository`, `path` or `url`."""
    if isinstance(page, Mapping):
        return next(filter(None, (page_repository(page.get(key)) for key in ("repository", "path", "url"))), None)
    if not isinstance(page, str) or not page.strip():
        return None
    address = urlsplit(page.strip())
    parts = [part for part in unquote(address.path).split("/") if part]
    is_reference = not (address.scheme or page.strip().startswith("/"))
    prefixed = bool(parts) and parts[0].lower() in TYPE_BY_WORD
    wanted = parts[: 3 if prefixed else 2]
    if not is_reference and (len(wanted) < (3 if prefixed else 2) or (not prefixed and wanted[0].lower() in RESERVED_NAMESPACES)):
        return None
    try:
        return str(RepositoryRef.parse("/".join(wanted)))
    except InvalidName:
        return None
