"""Files, commits and data files in few words."""

from __future__ import annotations

import posixpath

from hub_core.datasets.schemas import DatasetRows, DatasetSchema, DescribeDataset, PreviewDataset
from hub_core.git.port import EntryKind
from hub_core.repositories.schemas import (
    CommitCreated,
    CommitListing,
    DeleteFile,
    FileContent,
    FileListing,
    ListCommits,
    ListFiles,
    ReadFile,
    UploadFile,
    WriteFile,
)
from hub_core.units import human_count, human_size
from tools.present import Presented
from tools.present.words import moment, plain, quoted, say, short, some, steps, strong

_TABLES = (".parquet", ".csv", ".tsv", ".jsonl", ".json", ".ndjson", ".arrow", ".feather")


def files(_request: ListFiles, result: FileListing) -> Presented:
    place = f"{strong(result.path)} of {strong(result.repository)}" if result.path else strong(result.repository)
    title = posixpath.join(result.repository, result.path)
    if result.commit_hash is None:
        return Presented(f"{place} is empty: nothing has been committed yet.", "files", title, steps(say("how do I push to {}?", result.repository)))
    found = [entry for entry in result.items if entry.kind is EntryKind.FILE]
    folders = [entry for entry in result.items if entry.kind is EntryKind.FOLDER]
    counts = " and ".join(filter(None, [
        human_count(len(folders), "folder") if folders else "", human_count(len(found), "file") if found or not folders else "",
    ]))
    names = [f"{entry.path}/" for entry in folders] + [f"{entry.path} ({human_size(entry.size or 0)})" for entry in found]
    more = ", with more to come" if result.next_cursor else ""
    listing = f": {some(names)}" if names else ""
    table = next((entry.path for entry in found if entry.path.endswith(_TABLES)), None)
    text = next((entry.path for entry in found if entry.path.lower().endswith((".md", ".txt", ".py"))), None)
    return Presented(
        f"{place} at {plain(result.revision)} ({short(result.commit_hash)}) has {counts}{more}{listing}.", "files", title,
        steps(
            say("show {} of {}", text, result.repository) if text else None,
            say("preview {} of {}", table, result.repository) if table else None,
            say("who changed {} last?", result.repository),
        ),
    )


def file(_request: ReadFile, result: FileContent) -> Presented:
    what = f"{strong(result.path)} of {strong(result.repository)} at {short(result.commit_hash)}"
    if result.text is None:
        return Presented(
            f"{what} is no text: {human_size(result.size)}{' kept as a large file' if result.lfs else ''}.", "file", result.path,
            steps(say("preview {} of {}", result.path, result.repository) if result.path.endswith(_TABLES) else None),
        )
    shown = "its beginning is shown" if result.truncated else human_count(len(result.text.splitlines()), "line")
    return Presented(
        f"{what}: {human_size(result.size)}, {shown}.", "file", result.path,
        steps(say("who changed {} of {} last?", result.path, result.repository), say("show the files of {}", result.repository)),
    )


def commits(request: ListCommits, result: CommitListing) -> Presented:
    what = f"{strong(request.path)} of {strong(result.repository)}" if request.path else strong(result.repository)
    title = f"History of {result.repository}"
    if not result.items:
        return Presented(f"{what} has no commits yet.", "commits", title, steps(say("how do I push to {}?", result.repository)))
    last = result.items[0]
    told = f"{plain(last.author)} on {moment(last.at)}: {quoted(last.title)} ({short(last.commit_hash)})"
    if len(result.items) == 1:
        kind = "last change" if result.next_cursor or request.limit == 1 else "only commit"
        text = f"The {kind} of {what} at {plain(result.revision)} was by {told}."
    else:
        count = f"The latest {len(result.items)} commits" if result.next_cursor else human_count(len(result.items), "commit")
        text = f"{count} of {what} at {plain(result.revision)}. The last was by {told}."
    return Presented(text, "commits", title, steps(say("show the files of {}", result.repository), say("list the tags of {}", result.repository)))


def written(_request: WriteFile, result: CommitCreated) -> Presented:
    return _committed(result, f"Wrote {some(result.paths, 3)}", say("show {} of {}", result.paths[0], result.repository))


def uploaded(_request: UploadFile, result: CommitCreated) -> Presented:
    table = next((path for path in result.paths if path.endswith(_TABLES)), None)
    return _committed(
        result, f"Uploaded {some(result.paths, 3)}", say("preview {} of {}", table, result.repository) if table else None
    )


def file_deleted(_request: DeleteFile, result: CommitCreated) -> Presented:
    presented = _committed(result, f"Removed {some(result.paths, 3)}", None)
    kept = f" Commit {short(result.parent)} still has it." if result.parent else ""
    return Presented(presented.text + kept, presented.kind, presented.title, presented.next_steps)


def rows(_request: PreviewDataset, result: DatasetRows) -> Presented:
    total = f", {human_count(result.row_count, 'row')} in all" if result.row_count is not None else ", more follow" if result.has_more else ""
    return Presented(
        f"{human_count(len(result.rows), 'row')} of {strong(result.path)} of {strong(result.repository)} at {plain(result.revision)} "
        f"({short(result.commit_hash)}){total}.",
        "table", f"{result.path} at {result.revision} ({short(result.commit_hash)})",
        steps(say("describe {} of {}", result.path, result.repository), say("show 50 rows of {} of {}", result.path, result.repository)),
    )


def columns(_request: DescribeDataset, result: DatasetSchema) -> Presented:
    count = human_count(result.row_count, "row") if result.row_count is not None else "an unknown number of rows"
    names = [f"{column.name} ({column.type})" for column in result.columns]
    return Presented(
        f"{strong(result.path)} of {strong(result.repository)} at {plain(result.revision)} ({short(result.commit_hash)}) has {count} and "
        f"{human_count(len(names), 'column')}: {some(names)}.",
        "schema", f"{result.path} at {result.revision} ({short(result.commit_hash)})",
        steps(say("preview {} of {}", result.path, result.repository)),
    )


def _committed(result: CommitCreated, done: str, look: str | None) -> Presented:
    return Presented(
        f"{done} in {strong(result.repository)} (commit {short(result.commit_hash)} on {plain(result.branch)}).", "commit",
        f"Commit {short(result.commit_hash)} of {result.repository}",
        steps(look, say("show the files of {}", result.repository), say("who changed {} last?", result.repository)),
    )
