"""Read spans off the tag probabilities: the most likely legal sequence of tags."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from models_local.heads import Probabilities
from models_local.labels import OUTSIDE
from models_local.text import Chunk, Shape


@dataclass(frozen=True, slots=True)
class Span:
    """Chunks `first` to `last` (inclusive) say the value of `slot`."""

    slot: str
    first: int
    last: int
    probability: float


def best_spans(tags: Probabilities, names: Sequence[str], allowed: Collection[str]) -> list[Span]:
    """The spans of the likeliest tag sequence that uses only the slots in `allowed`."""
    keep = [index for index, name in enumerate(names) if name == OUTSIDE or name[2:] in allowed]
    if not len(tags) or len(keep) == 1:
        return []
    kept = [names[index] for index in keep]
    scores = np.log(tags[:, keep] / tags[:, keep].sum(axis=1, keepdims=True) + 1e-9)
    moves = np.array([[0.0 if _may_follow(before, after) else -np.inf for after in kept] for before in kept])
    total = np.where([name.startswith("I-") for name in kept], -np.inf, scores[0])
    back = []
    for row in scores[1:]:
        candidates = total[:, None] + moves
        back.append(candidates.argmax(axis=0))
        total = candidates.max(axis=0) + row
    path = [int(total.argmax())]
    for choices in reversed(back):
        path.append(int(choices[path[-1]]))
    return _collect([kept[index] for index in reversed(path)], np.exp(scores), kept)


def _may_follow(before: str, after: str) -> bool:
    return not after.startswith("I-") or before[2:] == after[2:]


def _collect(sequence: Sequence[str], probabilities: Probabilities, names: Sequence[str]) -> list[Span]:
    spans: list[Span] = []
    column = {name: index for index, name in enumerate(names)}
    for index, name in enumerate(sequence):
        # Whether a chunk begins the value or goes on with it matters less than that it belongs to it.
        same = [place for other, place in column.items() if other[2:] == name[2:]]
        probability = float(probabilities[index, same].sum())
        if name.startswith("B-"):
            spans.append(Span(name[2:], index, index, probability))
        elif name.startswith("I-"):
            open_span = spans.pop()
            # The geometric mean treats every chunk of a long value alike.
            length = index - open_span.first
            together = (open_span.probability**length * probability) ** (1 / (length + 1))
            spans.append(Span(open_span.slot, open_span.first, index, together))
    return spans


def likeliest_chunk(
    tags: Probabilities, names: Sequence[str], chunks: Sequence[Chunk], slot: str, taken: Collection[int], *, least: float
) -> int | None:
    """The chunk that most likely says `slot` though the best sequence left it out: a value by shape, or a likely word."""
    column = names.index(f"B-{slot}") if f"B-{slot}" in names else None
    if column is None:
        return None
    best: tuple[float, int] | None = None
    for index, chunk in enumerate(chunks[: len(tags)]):
        if index in taken or not any(character.isalnum() for character in chunk.text):
            continue
        probability = float(tags[index, column])
        if probability >= (0.03 if chunk.shape and chunk.shape is not Shape.NUMBER else least) and (best is None or probability > best[0]):
            best = (probability, index)
    return best[1] if best else None
