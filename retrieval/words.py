"""Ranking by the words that a question and a section share: BM25.

Questions about software carry exact words (`413`, `HUBPILOT_PORT`, `git lfs track`) that vectors blur. The whole index is one small
dictionary, so it is made anew at each start rather than kept.

Formula: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with Lucene's idf.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_SATURATION = 1.2
_LENGTH_WEIGHT = 0.75

_WORD = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
_COMMON = frozenset({
    "a", "an", "and", "are", "as", "at", "be", "best", "by", "can", "could", "did", "do", "does", "for", "from", "get", "got", "had",
    "has", "have", "how", "i", "if", "in", "into", "is", "it", "its", "just", "know", "like", "me", "my", "no", "not", "now",
    "of", "on", "or", "our", "please", "pls", "s", "say", "says", "so", "t", "tell", "than", "that", "the", "then", "there", "they", "thing",
    "things", "this", "to", "us", "want", "was", "way", "we", "what", "when", "where", "which", "who", "whom", "why", "will", "with",
    "would", "you", "your",
})  # fmt: skip
_SAME = {
    "big": "large", "huge": "large", "licence": "license", "make": "create", "postgres": "postgresql", "remove": "delete", "upgrade": "update",
}  # fmt: skip
_ENDINGS = (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""))
_SHORTEST_STEM = 3


class WordIndex:
    """The words of a list of texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(words_of(text)) for text in texts]
        lengths = np.array([sum(count.values()) for count in counts], dtype=np.float64)
        average = max(float(lengths.mean()), 1.0) if texts else 1.0
        self._size = len(texts)
        self._norms = _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * lengths / average)
        self._texts_with: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for position, count in enumerate(counts):
            for word, times in count.items():
                self._texts_with[word].append((position, times))

    def scores(self, query: str) -> NDArray[np.float64]:
        """For each text how much of the query it says, from 0 to 1. A word that no text has counts as one that this text lacks."""
        scores = np.zeros(self._size)
        most = 0.0
        for word in set(words_of(query)):
            found = self._texts_with.get(word, [])
            if not found and word.isdecimal():
                continue  # "a 30 GB file": how much is the example's, not the question's
            weight = math.log(1 + (self._size - len(found) + 0.5) / (len(found) + 0.5))
            most += weight * (_SATURATION + 1)
            for position, times in found:
                scores[position] += weight * times * (_SATURATION + 1) / (times + self._norms[position])
        return scores / most if most else scores


def words_of(text: str) -> list[str]:
    """The words of a text that carry meaning, without their endings."""
    return [_SAME_STEMS.get(stem := _stem(word), stem) for word in _WORD.findall(text.lower()) if word not in _COMMON]


def _stem(word: str) -> str:
    """`pushes`, `pushed` and `pushing` become `push`. Rough, and the same for question and text, which is all that counts."""
    for ending, replacement in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            word = word[: -len(ending)] + replacement
            break
    if len(word) > _SHORTEST_STEM and word[-1] == word[-2] and word[-1] not in "ls":
        word = word[:-1]
    return word.rstrip("e") if len(word) > _SHORTEST_STEM + 1 else word


_SAME_STEMS = {_stem(word): _stem(other) for word, other in _SAME.items()}
