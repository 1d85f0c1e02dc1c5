"""Reading commits, trees and blobs with git's plumbing commands."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime, timedelta, timezone

from hub_core.errors import EntryNotFound, RevisionNotFound
from hub_core.git.bare import BareRepository
from hub_core.git.paths import readable_path
from hub_core.git.port import EntryKind, GitCommit, GitEntry, Signature
from hub_core.git.process import BLOCK_BYTES
from hub_core.git.refnames import BRANCHES, HIDDEN, TAGS, is_ref_name

_HASH = re.compile(r"[0-9a-f]{40}")
_ABBREVIATED = re.compile(r"[0-9a-fA-F]{4,40}")
_FATAL = 128
_KINDS = {"040000": EntryKind.FOLDER, "120000": EntryKind.SYMLINK, "160000": EntryKind.SUBMODULE}
# Lines of a commit up to its message, which is all the rest: %B may hold any line.
_LOG_FORMAT = "%H%n%P%n%an%n%ae%n%ad%n%cn%n%ce%n%cd%n%B"


def is_hash(text: str) -> bool:
    """Whether `text` is a whole object id."""
    return _HASH.fullmatch(text) is not None


def check_hash(text: str) -> str:
    """Return `text` when it is a whole object id; raises `RevisionNotFound`."""
    if not is_hash(text):
        raise RevisionNotFound(f"{text[:100]!r} is no commit hash.", hint="Give all 40 hexadecimal digits.")
    return text


async def resolve(repository: BareRepository, revision: str) -> str:
    """The commit hash of a branch, a tag, a full ref, or a whole or abbreviated hash, looked for in this order.

    Only a whole hash goes before names: no branch or tag can be called so.
    """
    candidates = _candidates(revision)
    if not candidates:
        raise _unknown_revision(revision)
    # One process answers all candidates, and stdin cannot be read as options.
    answer = await repository.run(
            "cat-file", "--batch-check=%(objectname)", stdin="".join(f"{c}^{{commit}}\n" for c in candidates).encode()
    )
    for line in answer.stdout.decode().splitlines():
        if is_hash(line):
            return line
    _require_storage(repository)
    raise _unknown_revision(revision)


def _candidates(revision: str) -> list[str]:
    if is_hash(revision):
        return [revision]
    if not is_ref_name(revision) or revision.startswith(HIDDEN):
        return []
    if revision.startswith("refs/"):
        return [revision]
    names = ["HEAD"] if revision == "HEAD" else [BRANCHES + revision, TAGS + revision]
    return [*names, revision] if _ABBREVIATED.fullmatch(revision) else names


def _unknown_revision(revision: str) -> RevisionNotFound:
    return RevisionNotFound(
        f"There is no branch, tag or commit {revision[:200]!r} in this repository.", hint="List its branches and tags.",
        revision=revision[:200],
    )


def _require_storage(repository: BareRepository) -> None:
    """Raise the right error when nothing was found because the repository itself is not there."""
    if error := repository.not_there():
        raise error


async def entry(repository: BareRepository, commit_hash: str, path: str) -> GitEntry:
    """The tree entry at `path`; the empty path is the root folder."""
    check_hash(commit_hash)
    if not path:
        return await _root(repository, commit_hash)
    if readable_path(path):
        listed = await repository.run(
            "ls-tree", "-z", "-l", "--full-tree", commit_hash, "--", path, expect=(0, _FATAL)
        )
        if listed.returncode:
            raise await _missing_commit(repository, commit_hash, listed.stderr)
        for record in listed.stdout.split(b"\0")[:-1]:
            return _parse_entry(record, "")
    raise _unknown_path(path)


async def _root(repository: BareRepository, commit_hash: str) -> GitEntry:
    answer = await repository.run(
            "cat-file", "--batch-check=%(objectname)", stdin=f"{commit_hash}^{{tree}}\n".encode()
    )
    oid = answer.stdout.decode().strip()
    if not is_hash(oid):
        raise await _missing_commit(repository, commit_hash, "no such tree")
    return GitEntry("", EntryKind.FOLDER, oid, None)


async def tree(
    repository: BareRepository, commit_hash: str, path: str, *, recursive: bool, after: str | None, limit: int | None
) -> list[GitEntry]:
    """Entries of the folder `path` in git's order behind the entry `after`, at most `limit`; see `GitBackend.tree`."""
    check_hash(commit_hash)
    if not readable_path(path) and path:
        raise _unknown_path(path)
    flags = ("-r", "-t") if recursive else ()
    prefix = f"{path}/" if path else ""
    entries: list[GitEntry] = []
    if limit is not None and limit <= 0:
        return entries
    skipping = after is not None
    async with repository.open(
            "ls-tree", "-z", "-l", "--full-tree", *flags, f"{commit_hash}:{path}"
    ) as process:
        async for record in process.records():
            found = _parse_entry(record, prefix)
            if not skipping:
                entries.append(found)
                if len(entries) == limit:
                    return entries
            elif found.path == after:
                skipping = False
        returncode = await process.wait()
    if returncode:
        await entry(repository, commit_hash, path)
        raise EntryNotFound(f"{path!r} is a file, not a folder.", hint="Ask for the entry itself.", path=path)
    if skipping:
        raise EntryNotFound(f"The listing cannot go on behind {after!r}: there is no such entry.", hint="Start it again.")
    return entries


def _parse_entry(record: bytes, prefix: str) -> GitEntry:
    facts, _, name = record.partition(b"\t")
    mode, _, oid, size = facts.decode("ascii").split()
    kind = _KINDS.get(mode, EntryKind.FILE)
    # A path that is no UTF-8 is shown as well as it can be, so that the rest of its folder stays readable.
    return GitEntry(prefix + name.decode(errors="replace"), kind, oid, None if size == "-" else int(size))


def _unknown_path(path: str) -> EntryNotFound:
    return EntryNotFound(f"There is no {path[:500]!r} at this revision.", hint="List the folder above it.", path=path[:500])


async def _missing_commit(repository: BareRepository, commit_hash: str, stderr: str) -> Exception:
    _require_storage(repository)
    answer = await repository.run("cat-file", "-t", commit_hash, expect=(0, _FATAL))
    return repository.failure("ls-tree", _FATAL, stderr) if answer.returncode == 0 else _unknown_revision(commit_hash)


async def read_blob(
    repository: BareRepository, oid: str, offset: int, length: int | None
) -> AsyncGenerator[bytes, None]:
    """The bytes of a blob from `offset`, at most `length` of them, in blocks."""
    if not is_hash(oid):
        raise _unknown_blob(oid)
    left = length
    async with repository.open("cat-file", "blob", oid) as process:
        while block := await process.read(BLOCK_BYTES):
            if offset:
                skipped = min(offset, len(block))
                offset -= skipped
                block = block[skipped:]
            if left is not None:
                block = block[:left]
                left -= len(block)
            if block:
                yield block
            if left == 0:
                return
        if returncode := await process.wait():
            await blob_size(repository, oid)
            raise repository.failure("cat-file", returncode, process.stderr)


async def blob_size(repository: BareRepository, oid: str) -> int:
    """Size of a blob in bytes; raises `EntryNotFound`."""
    if is_hash(oid):
        answer = await repository.run(
            "cat-file", "--batch-check=%(objecttype) %(objectsize)", stdin=f"{oid}\n".encode()
        )
        kind, _, size = answer.stdout.decode().strip().partition(" ")
        if kind == "blob":
            return int(size)
        _require_storage(repository)
    raise _unknown_blob(oid)


def _unknown_blob(oid: str) -> EntryNotFound:
    return EntryNotFound(f"There is no file content {oid[:100]!r} in this repository.", hint="Look the file up again.")


async def log(
    repository: BareRepository, revision: str, *, path: str | None, skip: int, limit: int
) -> list[GitCommit]:
    """History from `revision` backwards, newest first; see `GitBackend.log`."""
    commit_hash = await resolve(repository, revision)
    if path and not readable_path(path):
        raise _unknown_path(path)
    listed = await repository.run(
            "log", "-z", f"--format={_LOG_FORMAT}", "--date=raw", "--no-color", "--encoding=UTF-8",
        f"--skip={max(skip, 0)}", f"--max-count={max(limit, 0)}", commit_hash, "--", *([path] if path else []),
    )
    return list(_parse_log(listed.stdout))


def _parse_log(output: bytes) -> Iterator[GitCommit]:
    for record in output.split(b"\0"):
        if not record:
            continue
        commit_hash, parents, author, author_email, authored, committer, committer_email, committed, message = (
            record.decode(errors="replace").split("\n", 8)
        )
        yield GitCommit(
            commit_hash,
            tuple(parents.split()),
            message.removesuffix("\n"),
            Signature(author, author_email, parse_date(authored)),
            Signature(committer, committer_email, parse_date(committed)),
        )


def parse_date(raw: str) -> datetime:
    """A date in git's raw form, `SECONDS +HHMM`; what no calendar can hold, as old tools wrote it, becomes 1970."""
    try:
        seconds, zone = raw.split()
        minutes = int(zone[1:3]) * 60 + int(zone[3:5])
        offset = timezone(timedelta(minutes=-minutes if zone.startswith("-") else minutes))
        return datetime.fromtimestamp(int(seconds), offset)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


async def count_commits(repository: BareRepository, revision: str) -> int:
    """Number of commits reachable from `revision`, or from every ref when it is `--all`."""
    start = revision if revision == "--all" else await resolve(repository, revision)
    counted = await repository.run("rev-list", "--count", start)
    return int(counted.stdout)
