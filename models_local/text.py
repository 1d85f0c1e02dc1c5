"""Cut an utterance into chunks and recognise, by rule, the chunks that are values rather than words.

A chunk is a word, a punctuation mark, or a value that must be taken as one piece: a repository reference, an
identifier, a file path, a URL, a number, a version, a commit hash, a quoted text. Values of a recognisable shape are
shown to the encoder as one placeholder piece per shape, so that the model decides from the sentence around a name and
never from its spelling. The same code prepares the training data and the utterances at run time.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """What a chunk looks like; each shape has one placeholder piece in the encoder's vocabulary."""

    REPOSITORY = "repository"
    IDENTIFIER = "identifier"
    FILE = "file"
    FOLDER = "folder"
    URL = "url"
    NUMBER = "number"
    VERSION = "version"
    COMMIT = "commit"
    QUOTED = "quoted"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the utterance: `utterance[start:end] == text`; `shape` is None for an ordinary word or mark."""

    text: str
    start: int
    end: int
    shape: Shape | None = None


_EXTENSION_LIST = """
    arrow avro bat bib bin bmp bz2 c cc cfg ckpt conf cpp cs css csv db dockerfile doc docx feather flac gif gguf go gz h5 hdf5
    html ini ipynb jar java jpeg jpg js json jsonl jsx jinja kt lock log lz4 md mdx mjs mov mp3 mp4 msgpack ndjson npy npz odt
    onnx orc parquet pb pdf pickle pkl png pp ppt pptx properties pt pth py pyi pyx r rb rmd rs rst safetensors sh sqlite
    sql svg tar tex tflite tgz tif tiff toml ts tsv tsx txt wav webm webp whl xls xlsx xml yaml yml zip zst
    gitignore gitattributes env editorconfig
    """
_EXTENSIONS = frozenset(_EXTENSION_LIST.split())
_QUOTES = (('"', '"'), ("“", "”"), ("«", "»"), ("`", "`"), ("‘", "’"), ("「", "」"), ("『", "』"))
_QUOTED = "|".join(
    [rf"{re.escape(left)}[^{re.escape(left + right)}\n]+{re.escape(right)}" for left, right in _QUOTES]
    + [r"(?<![\w'])'(?:[^'\n]|(?<=\w)'(?=\w))+'(?![\w'])"]
)
_PIECE = re.compile(
    rf"(?P<quoted>{_QUOTED})"
    r"|(?P<url>(?:https?|ssh|git|s3)://[^\s\"'<>，。、]+|git@[\w.-]+:[\w./-]+)"
    r"|(?P<grouped>\d{1,3}(?:,\d{3})+(?!\w|,\d))"
    r"|(?P<run>[^\s\"“”«»`「」『』()\[\]{}<>,;!?…=|，。！？、；：（）#*]+)"
    r"|(?P<mark>\S)"
)
_POSSESSIVE = re.compile(r"['’](?:s|S)$")
_NUMBER = re.compile(r"\d+(?:[kK]|[dwy]|days?|weeks?|mo|months?|years?)?")
_VERSION = re.compile(r"v?\d+(?:\.\d+)+(?:[-+.]?[0-9a-z]+)*|v\d+[0-9a-z]*|\d{4}-(?:q[1-4]|\d{2}(?:-\d{2})?)|rc-?\d+", re.IGNORECASE)
_COMMIT = re.compile(r"(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}")
_PATH = re.compile(r"@?[\w.~+-]+(?:/[\w.@+-]+)+")
_CAMEL = re.compile(r"[a-z][A-Z]|[A-Z]{2,}[a-z]{2,}")
_ALPHABETIC = re.compile(r"[^\W\d_]+(?:[-/][^\W\d_]+)+")


def segment(utterance: str, literals: Collection[str] = ()) -> list[Chunk]:
    """Cut `utterance` into chunks in reading order.

    `literals` are lower-case words such as `read-only` that look like identifiers but are ordinary language.
    """
    chunks: list[Chunk] = []
    for match in _PIECE.finditer(utterance):
        kind, start, end = match.lastgroup, match.start(), match.end()
        if kind == "quoted":
            chunks.append(Chunk(utterance[start + 1 : end - 1], start + 1, end - 1, Shape.QUOTED))
        elif kind == "url":
            while utterance[end - 1] in ".,;:!?)":
                end -= 1
            chunks.append(Chunk(utterance[start:end], start, end, Shape.URL))
        elif kind == "grouped":
            chunks.append(Chunk(match.group(), start, end, Shape.NUMBER))
        elif kind == "mark":
            chunks.append(Chunk(match.group(), start, end))
        else:
            chunks.extend(_split_run(match.group(), start, literals))
    return chunks


def _split_run(run: str, offset: int, literals: Collection[str]) -> Iterator[Chunk]:
    """Detach marks, a possessive ending and the divider of `key:value` and `name@revision` from a run of characters without spaces."""
    lead = len(run) - len(run.lstrip("-—–'’:~^&+/")) if not re.match(r"~/\w", run) else 0
    body = run[lead:]
    core = body.rstrip(".:'’—–~&^%$") if not re.fullmatch(r"\.+", body) else body
    core = core.removesuffix("-") if not core.endswith("--") else core.rstrip("-")
    tail_start = lead + len(core)
    if lead:
        yield Chunk(run[:lead], offset, offset + lead)
    if core:
        yield from _split_core(core, offset + lead, literals)
    if tail_start < len(run):
        yield Chunk(run[tail_start:], offset + tail_start, offset + len(run))


def _split_core(core: str, start: int, literals: Collection[str]) -> Iterator[Chunk]:
    possessive = _POSSESSIVE.search(core)
    ending = possessive.group() if possessive and len(core) > len(possessive.group()) else ""
    core = core[: len(core) - len(ending)]
    divider = re.search(r"(?<=.)(?:(?<!\d):|:(?!\d)|@)(?=.)", core)
    if divider:
        at = divider.start()
        yield from _split_core(core[:at], start, literals)
        yield Chunk(core[at], start + at, start + at + 1)
        yield from _split_core(core[at + 1 :], start + at + 1, literals)
    else:
        yield Chunk(core, start, start + len(core), shape_of(core, literals))
    if ending:
        yield Chunk(ending, start + len(core), start + len(core) + len(ending))


def shape_of(word: str, literals: Collection[str] = ()) -> Shape | None:
    """The shape of one unquoted chunk, or None when it is an ordinary word."""
    lower = word.lower()
    if _NUMBER.fullmatch(word):
        return Shape.NUMBER
    if _VERSION.fullmatch(word):
        return Shape.VERSION
    if _COMMIT.fullmatch(lower):
        return Shape.COMMIT
    if _ALPHABETIC.fullmatch(word) and lower in literals:
        return None
    if word.endswith("/") and len(word) > 1:
        return Shape.FOLDER
    if "." in word and lower.rpartition(".")[2] in _EXTENSIONS:
        return Shape.FILE
    if _PATH.fullmatch(word):
        return Shape.REPOSITORY
    if not any(character.isalnum() for character in word):
        return None
    return Shape.IDENTIFIER if _is_identifier(word) else None


def _is_identifier(word: str) -> bool:
    inner = word.lstrip("@")
    if "_" in inner or _CAMEL.search(inner):
        return True
    if any(mark in inner[1:-1] for mark in "-./+@\\"):
        return len(inner) > 2 and not re.fullmatch(r"(?:[a-zA-Z]\.)+[a-zA-Z]?", inner)
    has_digit = any(character.isdigit() for character in inner)
    return has_digit and not re.fullmatch(r"\d+(?:st|nd|rd|th)", inner.lower())


def literal_words(templates: Collection[str]) -> frozenset[str]:
    """The hyphenated words that the phrase templates use as ordinary language (`read-only`)."""
    words = {"and/or", "read/write"}
    for template in templates:
        for chunk in segment(template):
            if _ALPHABETIC.fullmatch(chunk.text) and "/" not in chunk.text:
                words.add(chunk.text.lower())
    return frozenset(words)
