"""What the heads distinguish: tools and outcomes, slots, constant values, and the words that are never values."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

OUTSIDE = "O"


@dataclass(frozen=True, slots=True)
class Labels:
    """The classes of every head, in the order of its outputs.

    `constants` are the values an argument takes without being quoted from the utterance (class 0 of its head is
    "absent"); `literals` the hyphenated words of ordinary language.
    """

    tools: tuple[str, ...]
    slots: tuple[str, ...]
    constants: Mapping[str, tuple[str, ...]]
    literals: frozenset[str] = frozenset()

    @property
    def tags(self) -> tuple[str, ...]:
        """The span tags: outside, then begin and inside of every slot."""
        return (OUTSIDE, *(f"{mark}-{slot}" for slot in self.slots for mark in "BI"))

    def save(self, path: Path) -> None:
        """Write the labels as JSON."""
        data = {**asdict(self), "literals": sorted(self.literals)}
        path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Labels":
        """Read labels that `save` wrote."""
        data = json.loads(path.read_text(encoding="utf-8"))
        constants: dict[str, Sequence[str]] = data["constants"]
        return cls(
            tuple(data["tools"]),
            tuple(data["slots"]),
            {name: tuple(values) for name, values in constants.items()},
            frozenset(data["literals"]),
        )
