"""Which file of a dataset a person means by "show me its rows"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from hub_core.datasets.formats.detection import DataFormat, named_format

_METADATA_NAMES = frozenset({
    "dataset_infos.json", "dataset_info.json", "dataset_dict.json", "state.json", "croissant.json", "metadata.json", "package.json",
    "package-lock.json", "composer.json", "tsconfig.json", "jsconfig.json", "config.json", "manifest.json", "tokenizer.json", "vocab.json",
    "added_tokens.json", "special_tokens_map.json", "modules.json", "model_index.json", "citation.json", "zenodo.json", "datapackage.json",
    "license.json", "readme.json", "schema.json",
})  # fmt: skip
_METADATA_ENDINGS = ("_config.json", ".config.json", ".index.json", ".schema.json", ".lock.json")
_TOOL_FOLDERS = frozenset({"node_modules", "__pycache__", "venv", "site-packages"})
_SPLITS = {"train": 0, "training": 0, "validation": 2, "valid": 2, "val": 2, "dev": 2, "eval": 2, "test": 3, "testing": 3}
_NO_SPLIT = 1
_FORMATS = {
    DataFormat.PARQUET: 0, DataFormat.CSV: 1, DataFormat.TSV: 2, DataFormat.JSONL: 3, DataFormat.JSON: 4,
    DataFormat.ARROW_FILE: 5, DataFormat.ARROW_STREAM: 5,
}  # fmt: skip
_MAIN_CONFIGS = frozenset({"default", "main", "plain_text"})
_WORD = re.compile(r"[a-z]+|[0-9]+")


def choose_data_file(paths: Sequence[tuple[str, int]]) -> str | None:
    """The path to preview among `(path, size in bytes)` pairs, or None when no file has a preview.

    The train split comes first, then files of no split, validation, test; then files under `data/`; then parquet, csv, tsv, JSON lines,
    JSON, arrow; then a configuration named like `default`; then shards in order. Hidden files, empty files and metadata are no data.
    """
    candidates = [path for path, size in paths if size > 0 and _is_data(path)]
    return min(candidates, key=_rank, default=None)


def _is_data(path: str) -> bool:
    parts = PurePosixPath(path.lower()).parts
    if not parts or named_format(path) is None:
        return False
    if any(part.startswith(".") for part in parts) or _TOOL_FOLDERS.intersection(parts):
        return False
    return parts[-1] not in _METADATA_NAMES and not parts[-1].endswith(_METADATA_ENDINGS)


def _rank(path: str) -> tuple[int, bool, int, bool, int, list[tuple[int, str]], str]:
    named = named_format(path)
    parts = PurePosixPath(path.lower()).parts
    return (
        _split(parts),
        "data" not in parts[:-1],
        _FORMATS[named.format] if named else len(_FORMATS),
        _MAIN_CONFIGS.isdisjoint(parts[:-1]),
        len(parts),
        # train-2 before train-10: numbers by their value, words by their letters.
        [(int(word), "") if word.isdigit() else (-1, word) for word in _WORD.findall(path.lower())],
        path,
    )


def _split(parts: Sequence[str]) -> int:
    """The split that the file's name says, or else the nearest folder's."""
    for part in reversed(parts):
        for word in _WORD.findall(part):
            if word in _SPLITS:
                return _SPLITS[word]
    return _NO_SPLIT
