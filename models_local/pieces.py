"""Turn chunks into the encoder's piece ids: word pieces for words, one placeholder piece for a value."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from tokenizers import Tokenizer

from models_local.text import Chunk, Shape

# The placeholders take the place of pieces that the published vocabulary leaves unused.
FIRST_PLACEHOLDER = 1
PLACEHOLDER_WORDS = {
    Shape.REPOSITORY: "repository name owner",
    Shape.IDENTIFIER: "identifier name",
    Shape.FILE: "file document",
    Shape.FOLDER: "folder directory",
    Shape.URL: "link address website",
    Shape.NUMBER: "number five ten",
    Shape.VERSION: "version number release",
    Shape.COMMIT: "commit code hash",
    Shape.QUOTED: "quote title name",
}
ATTACHMENT_WORDS = "attached file attachment"
ATTACHMENT = FIRST_PLACEHOLDER + len(PLACEHOLDER_WORDS)
START, END = 101, 102
LONGEST = 256


class Pieces:
    """The tokenizer of the encoder, applied chunk by chunk."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._placeholders = {shape: FIRST_PLACEHOLDER + index for index, shape in enumerate(PLACEHOLDER_WORDS)}
        self.of_word = lru_cache(maxsize=65536)(self._of_word)

    @classmethod
    def load(cls, path: Path) -> "Pieces":
        """Read a `tokenizer.json`."""
        return cls(Tokenizer.from_file(str(path)))

    def _of_word(self, word: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(word, add_special_tokens=False).ids)

    def encode_text(self, text: str) -> list[int]:
        """Piece ids of running text, with start and end marks, cut to the encoder's length."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return [START, *ids[: LONGEST - 2], END]

    def encode(self, chunks: Sequence[Chunk], *, attached: bool = False) -> tuple[list[int], list[int]]:
        """Piece ids with start and end marks, and for each chunk the index of its first piece.

        Chunks beyond the encoder's length are left out, so the second list may be shorter than `chunks`.
        """
        ids, firsts = [START], []
        if attached:
            ids.append(ATTACHMENT)
        for chunk in chunks:
            pieces = (self._placeholders[chunk.shape],) if chunk.shape else self.of_word(chunk.text)
            if len(ids) + len(pieces) + 1 > LONGEST:
                break
            firsts.append(len(ids) if pieces else len(ids) - 1)
            ids.extend(pieces)
        return [*ids, END], firsts
