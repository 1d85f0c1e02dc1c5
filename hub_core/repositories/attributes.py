"""Which paths a repository keeps in LFS: the `filter=lfs` lines of its top `.gitattributes`.

Specification: https://git-scm.com/docs/gitattributes. Patterns follow the rules of gitignore, so the same matcher reads them.
"""

from __future__ import annotations

from pathspec import GitIgnoreSpec

ATTRIBUTES_PATH = ".gitattributes"
MAX_ATTRIBUTES_BYTES = 1 << 20

# What a fresh repository keeps in LFS: formats of weights, data, archives and media, which git can neither compress nor compare.
_DEFAULT_SUFFIXES = ["7z", "arrow", "avi", "bin", "bz2", "ckpt", "duckdb", "feather", "flac", "ftz", "gguf", "gif", "gz", "h5", "jpeg", "jpg", "joblib", "keras", "lz4", "mlmodel", "model", "mov", "mp3", "mp4", "msgpack", "npy", "npz", "ogg", "onnx", "ot", "parquet", "pb", "pickle", "pkl", "png", "pt", "pth", "rar", "safetensors", "sqlite", "tar", "tflite", "tgz", "wasm", "wav", "webm", "webp", "xz", "zip", "zst"]


class LfsRules:
    """The rules of one `.gitattributes`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._rules: list[tuple[GitIgnoreSpec, bool]] = []
        for line in text.splitlines():
            pattern, *attributes = line.split() or [""]
            if not pattern or pattern.startswith(("#", "[attr]")):
                continue
            chosen = [attribute for attribute in attributes if attribute.lstrip("-!").partition("=")[0] == "filter"]
            if chosen:
                self._rules.append((_spec(pattern), chosen[-1] == "filter=lfs"))

    def matches(self, path: str) -> bool:
        """Whether `path` belongs in LFS; the last matching rule counts."""
        return next((lfs for spec, lfs in reversed(self._rules) if spec.match_file(path)), False)

    def with_path(self, path: str) -> LfsRules:
        """The same rules and one for exactly `path`."""
        pattern = "".join(f"\\{char}" if char in "*?[]\\" else "[[:space:]]" if char == " " else char for char in path)
        before = self._text if not self._text or self._text.endswith("\n") else self._text + "\n"
        return LfsRules(f"{before}/{pattern} filter=lfs diff=lfs merge=lfs -text\n")

    def __str__(self) -> str:
        return self._text


def default_rules() -> LfsRules:
    """The rules a repository starts with."""
    return LfsRules("".join(f"*.{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in _DEFAULT_SUFFIXES))


def _spec(pattern: str) -> GitIgnoreSpec:
    # git writes a space in a pattern as [[:space:]]; the matcher does not know that class.
    return GitIgnoreSpec.from_lines([pattern.strip('"').replace("[[:space:]]", " ")])
