"""The documentation is held to the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi import FastAPI

from api.errors import status_of
from api.rest import PREFIX
from api.rest import router as rest
from hub_core import errors
from hub_core.names import RESERVED_NAMESPACES
from hub_core.settings import Settings
from retrieval.documents import DOCUMENTATION, unique_anchor

PAGES = {path.name: path.read_text() for path in sorted(DOCUMENTATION.glob("*.md"))}
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def _anchors(page: str) -> set[str]:
    seen: dict[str, int] = {}
    return {unique_anchor(heading, seen) for heading in _HEADING.findall(_FENCE.sub("", page))}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", _FENCE.sub("", PAGES[name])):
        path, _, fragment = target.partition("#")
        if target.startswith(("http://", "https://")):
            continue
        page = DOCUMENTATION / path if path else DOCUMENTATION / name
        if not page.exists() or (fragment and page.suffix == ".md" and fragment not in _anchors(page.read_text())):
            broken.append(target)
    assert broken == []


def test_every_setting_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `HUBPILOT_([A-Z_]+)` \| `?(.*?)`? \|", PAGES["operations.md"], re.MULTILINE))
    fields = Settings.model_fields

    assert rows == {name.upper(): "" if field.default is None else str(field.default) for name, field in fields.items()}


def test_no_other_setting_is_mentioned() -> None:
    known = {f"HUBPILOT_{name.upper()}" for name in Settings.model_fields}
    # The command line is a program of its own, with its own two.
    known |= {"HUBPILOT_URL", "HUBPILOT_TOKEN"}

    mentioned = {setting for page in PAGES.values() for setting in re.findall(r"\bHUBPILOT_[A-Z_]+[A-Z]", page)}
    assert mentioned <= known


def test_every_error_code_is_documented_with_its_status() -> None:
    table = re.findall(r"^\| (\d{3}) \| ([^|]+) \|", PAGES["rest-api.md"], re.MULTILINE)
    documented = {code: int(status) for status, codes in table for code in re.findall(r"`([a-z_]+)`", codes)}
    classes = [errors.HubError]
    for kind in classes:
        classes += kind.__subclasses__()

    assert documented == {"method_not_allowed": 405} | {kind.code: status_of(kind("")) for kind in classes}


def test_every_documented_route_exists() -> None:
    app = FastAPI()
    app.include_router(rest)
    routes = [
        (method.upper(), re.compile(re.sub(r"\\\{.*?\\\}", ".*", re.escape(path))))
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    ]
    repository = f"{PREFIX}/repositories/datasets/alice/weather"
    page = PAGES["rest-api.md"]
    calls = [
        (method, path.replace("{repo}", repository) if path.startswith("{repo}") else PREFIX + path)
        for methods, path in re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE)(?:`, `(?:GET|POST|PUT|PATCH|DELETE))?) ((?:\{repo\}|/)[^`?\s]*)", page)
        for method in methods.split("`, `")
        if not path.startswith("/api/")
    ]

    assert len(calls) > 25
    assert [call for call in calls if not any(call[0] == method and pattern.fullmatch(call[1]) for method, pattern in routes)] == []


def test_no_example_uses_a_reserved_owner() -> None:
    owners = {owner for page in PAGES.values() for owner in re.findall(r"/(?:models|datasets|spaces|codes)/([a-z]+)/[a-z]", page)}

    assert owners
    assert not owners & RESERVED_NAMESPACES


def test_licence_is_complete() -> None:
    licence = Path(DOCUMENTATION.parent / "LICENSE").read_text()

    assert licence.lstrip().startswith("Apache License")
    assert "END OF TERMS AND CONDITIONS" in licence
