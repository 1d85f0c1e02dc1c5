"""What can be wrong with a local model, said so that a person can act on it."""

from pathlib import Path

from hub_core.errors import ModelUnavailable

_STILL_WORKS = "Everything but the built-in language model still works: pages, REST, git and the command line."
_REMEDY = "Restore the file from the project's repository, or rebuild it with `make train-model`."


class ModelFileMissing(ModelUnavailable):
    """A file of the model is not there."""


class ModelFileDamaged(ModelUnavailable):
    """A file of the model is there and is not what it should be."""


def missing(path: Path) -> ModelFileMissing:
    """The error that says there is no file at `path`."""
    return ModelFileMissing(f"The language model's file {path} is missing. {_STILL_WORKS}", hint=_REMEDY, path=str(path))


def damaged(path: Path) -> ModelFileDamaged:
    """The error that says `path` does not hold the model that was shipped."""
    return ModelFileDamaged(
        f"The language model's file {path} is damaged: it is not the file that was shipped. {_STILL_WORKS}", hint=_REMEDY, path=str(path)
    )
