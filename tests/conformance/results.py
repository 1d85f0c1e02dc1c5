"""What came out of the suites, judged by what is known not to apply to the hub, and shown as a table."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

NOT_APPLICABLE = Path(__file__).with_name("not_applicable.toml")


class Outcome(StrEnum):
    """How a case ended. Suites skip what this machine lacks, or what is slow, by themselves."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a suite, by the name the suite gives it."""

    name: str
    outcome: Outcome
    reason: str = ""


@dataclass(slots=True)
class SuiteResult:
    """A suite after judgement. `faults` is what fails the run: sentences, each about one case or the suite itself."""

    suite: str
    passed: int = 0
    not_applicable: int = 0
    skipped: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def known_not_to_apply(path: Path = NOT_APPLICABLE) -> dict[str, dict[str, str]]:
    """Per suite, the cases that cannot pass against the hub, each with its reason."""
    with path.open("rb") as file:
        return tomllib.load(file)


def judge(suite: str, cases: Sequence[Case], reasons: Mapping[str, str]) -> SuiteResult:
    """Count the cases. One that `reasons` lists must be there and fail; one that it does not list must not fail."""
    result = SuiteResult(suite)
    for case in cases:
        if case.outcome is Outcome.SKIPPED:
            result.skipped[case.name] = case.reason
        elif case.outcome is Outcome.FAILED and case.name in reasons:
            result.not_applicable += 1
        elif case.outcome is Outcome.FAILED:
            result.faults.append(f"{case.name}: failed")
        elif case.name in reasons:
            result.faults.append(f"{case.name}: passes, though {NOT_APPLICABLE.name} says that it does not apply")
        else:
            result.passed += 1
    gone = set(reasons) - {case.name for case in cases}
    result.faults += [f"{name}: {NOT_APPLICABLE.name} lists it, but there is no such case" for name in sorted(gone)]
    return result


def table(results: Sequence[SuiteResult]) -> str:
    """The results in Markdown."""
    rows: list[tuple[str, ...]] = [("Suite", "Passed", "Not applicable", "Skipped", "Failed")]
    rows += [
        (f"`{result.suite}`", str(result.passed), str(result.not_applicable), str(len(result.skipped)), str(len(result.faults)))
        for result in results
    ]
    total = [sum(int(row[column]) for row in rows[1:]) for column in range(1, 5)]
    rows.append(("**all**", *(f"**{number}**" for number in total)))
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|---|---:|---:|---:|---:|", *lines[1:]])


def notes(results: Sequence[SuiteResult], reasons: Mapping[str, Mapping[str, str]]) -> str:
    """In Markdown, the cases that do not apply and those that were skipped, with the reasons."""
    listed = [f"- `{r.suite}`, {name}: {why}" for r in results for name, why in reasons.get(r.suite, {}).items()]
    skipped = [f"- `{r.suite}`, {name}: {why}" for r in results for name, why in r.skipped.items()]
    blocks = [("Not applicable, each checked to fail still:", listed), ("Skipped by the suites themselves:", skipped)]
    return "\n\n".join(f"{title}\n\n" + "\n".join(lines) for title, lines in blocks if lines)
