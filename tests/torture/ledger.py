"""What clients were promised.

The state of a hub is a set of facts, each with a value (a digest, or `THERE`) or none. An operation changes several facts at once. While
it runs it is pending: after a crash all of its changes may be there, or none, but never a part of them.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

THERE = "there"

Value = str | None


@dataclass(frozen=True, slots=True)
class RepositoryFact:
    """A repository, by its path."""

    repository: str


@dataclass(frozen=True, slots=True)
class FileFact:
    """The sha256 of a file at the head of a branch."""

    repository: str
    branch: str
    path: str


@dataclass(frozen=True, slots=True)
class RefFact:
    """A branch or tag, by its full name."""

    repository: str
    name: str


@dataclass(frozen=True, slots=True)
class ObjectFact:
    """An LFS object that a repository holds."""

    repository: str
    oid: str


@dataclass(frozen=True, slots=True)
class UploadFact:
    """The sha256 of a staged upload, by its id."""

    id: str


@dataclass(frozen=True, slots=True)
class TokenFact:
    """An access token, by its name; the value is the secret."""

    name: str


Fact = RepositoryFact | FileFact | RefFact | ObjectFact | UploadFact | TokenFact
Changes = Mapping[Fact, Value]
Kind = TypeVar("Kind", RepositoryFact, FileFact, RefFact, ObjectFact, UploadFact, TokenFact)


class Refused(Exception):
    """The hub said no: nothing may have changed."""


class Interrupted(Exception):
    """Nobody knows whether the operation happened."""


class Ledger:
    """Facts that are certain, and operations whose outcome nobody has been told. Used by several clients at once."""

    def __init__(self) -> None:
        self.certain: dict[Fact, Value] = {}
        self.pending: list[dict[Fact, Value]] = []
        self.acknowledged: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.interrupted: Counter[str] = Counter()
        self.acknowledgement = threading.Condition(threading.RLock())

    @contextmanager
    def operation(self, kind: str, changes: Changes) -> Iterator[dict[Fact, Value]]:
        """Note an operation for the time of the block, which ends well only when the hub has acknowledged it.

        The block may add facts to what it is given, such as an id that the hub chose.
        """
        proposed = dict(changes)
        with self.acknowledgement:
            self.pending.append(proposed)
        try:
            yield proposed
        except Interrupted:
            self.interrupted[kind] += 1
            raise
        except Refused as error:
            with self.acknowledgement:
                self._forget(proposed)
                self.refused[f"{kind}: {error}"] += 1
        else:
            with self.acknowledgement:
                self._forget(proposed)
                self.certain.update(proposed)
                self.acknowledged[kind] += 1
                self.acknowledgement.notify_all()

    def _forget(self, proposed: dict[Fact, Value]) -> None:
        self.pending = [other for other in self.pending if other is not proposed]

    def facts_of(self, repository: str) -> list[Fact]:
        """Every fact about one repository that is certain or was tried."""
        return [fact for fact in self.known() if getattr(fact, "repository", None) == repository]

    def known(self) -> set[Fact]:
        """Every fact that is certain or was tried."""
        with self.acknowledgement:
            return {*self.certain, *(fact for changes in self.pending for fact in changes)}

    def there(self, kind: type[Kind]) -> list[Kind]:
        """Facts of a kind that certainly have a value, in the order in which they came."""
        with self.acknowledgement:
            return [fact for fact, value in self.certain.items() if isinstance(fact, kind) and value is not None]

    def settle(self, observed: Changes) -> list[str]:
        """Compare with what is there now; returns what is wrong. From now on certain is what was observed."""
        findings = []
        undecided: set[Fact] = set()
        for changes in self.pending:
            undecided.update(changes)
            seen = {fact: observed.get(fact) for fact in changes}
            if seen not in (changes, {fact: self.certain.get(fact) for fact in changes}):
                parts = [f"{fact}: was {self.certain.get(fact)}, tried {changes[fact]}, is {seen[fact]}" for fact in changes]
                findings.append("an operation without an answer happened in part: " + "; ".join(parts))
        findings += [
            f"{fact} should be {self.certain.get(fact)} and is {observed.get(fact)}"
            for fact in {**self.certain, **observed}
            if fact not in undecided and observed.get(fact) != self.certain.get(fact)
        ]
        self.pending.clear()
        self.certain = {fact: value for fact, value in observed.items() if value is not None}
        return findings
