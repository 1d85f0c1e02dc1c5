"""The shipped model on what strangers say: 400 utterances by somebody who knew the tools and never saw a phrase it learned from."""

from __future__ import annotations

import json
from pathlib import Path

from copilot.plan import plan_line
from hub_core.errors import InvalidName
from hub_core.names import RepositoryRef

STRANGERS = Path(__file__).parents[1] / "models_local" / "strangers_en.jsonl"


def same(said: object, meant: object) -> bool:
    """Whether two values of an argument are the same: references in any spelling, texts in any case."""
    try:
        return RepositoryRef.parse(str(said).lower()) == RepositoryRef.parse(str(meant).lower())
    except InvalidName:
        return str(said).strip().lower() == str(meant).strip().lower()


def exact(wanted: dict, plan: dict) -> bool:
    if wanted["outcome"] == "ask":
        return plan["calls"] == [] and bool(plan.get("ask"))
    if [call["tool"] for call in wanted["calls"]] != [call["tool"] for call in plan["calls"]]:
        return False
    return all(
        made["tool"] == "search_documentation"
        or (
            made["arguments"].keys() == meant["arguments"].keys()
            and all(same(made["arguments"][name], value) for name, value in meant["arguments"].items())
        )
        for meant, made in zip(wanted["calls"], plan["calls"], strict=True)
    )


def test_strangers_are_understood():
    rows = [json.loads(line) for line in STRANGERS.read_text().splitlines()]
    assert len(rows) == 400
    said = [{key: row[key] for key in row if key not in ("calls", "outcome")} for row in rows]
    right = [exact(row, plan_line(json.dumps(line))) for row, line in zip(rows, said, strict=True)]
    assert sum(right) / len(right) >= 0.95
