"""What is in the objects that a push brings: LFS pointers, and plain blobs that are too large."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

from hub_core.errors import InvalidContent, RevisionNotFound, TooLarge
from hub_core.git.bare import BareRepository
from hub_core.git.pointers import MAX_POINTER_BYTES, LfsPointer, parse_pointer
from hub_core.git.port import PushRules
from hub_core.git.process import GitProcess
from hub_core.git.reading import resolve

_LISTED_AT_MOST = 20


async def lfs_pointers(
    repository: BareRepository, revisions: Sequence[str], exclude: Sequence[str]
) -> dict[str, int]:
    """Every LFS pointer reachable from `revisions` and not from `exclude`; see `GitBackend.lfs_pointers`."""
    options = ["--all"] if "--all" in revisions else []
    starts = [await resolve(repository, revision) for revision in revisions if revision != "--all"]
    ends = ["^" + await resolve(repository, revision) for revision in exclude]
    if not options and not starts:
        return {}
    found: dict[str, int] = {}
    async with aclosing(_pointers(repository, [*starts, *ends], options, {})) as pointers:
        async for _, pointer in pointers:
            found[pointer.oid] = pointer.size
    return found


async def check_new_objects(
    repository: BareRepository, new: Sequence[str], environment: dict[str, str], rules: PushRules, max_blob_bytes: int
) -> None:
    """Check what is reachable from the commits `new` and from no ref yet.

    `environment` makes git see the quarantine they lie in. Raises `TooLarge` for a plain blob above `max_blob_bytes`, `InvalidContent`
    for LFS pointers whose objects the hub does not have.
    """
    await _check_blob_sizes(repository, new, environment, max_blob_bytes)
    if rules.check_pointers is None:
        return
    paths: dict[str, str] = {}
    sizes: dict[str, int] = {}
    async with aclosing(_pointers(repository, new, _NEW_ONLY, environment)) as pointers:
        async for path, pointer in pointers:
            if sizes.setdefault(pointer.oid, pointer.size) != pointer.size:
                raise InvalidContent(f"Two LFS pointers give different sizes for the same object {pointer.oid}; one is {path!r}.")
            paths.setdefault(pointer.oid, path)
    missing = await rules.check_pointers(sizes) if sizes else ()
    if missing:
        listed = [f"  {paths.get(oid, '')}  (sha256 {oid})" for oid in missing[:_LISTED_AT_MOST]]
        if len(missing) > _LISTED_AT_MOST:
            listed.append(f"  and {len(missing) - _LISTED_AT_MOST} more")
        raise InvalidContent(
            f"{len(missing)} LFS file(s) of this push are not in this repository's storage; nothing was changed.\n" + "\n".join(listed),
            hint="\nUpload them with 'git lfs push --all origin', then push again.",
        )


async def _check_blob_sizes(
    repository: BareRepository, new: Sequence[str], environment: dict[str, str], max_blob_bytes: int
) -> None:
    large = []
    async with _objects(
        repository, new, [*_NEW_ONLY, "--filter=object:type=blob"], environment,
        "--batch-check=%(objecttype) %(objectsize) %(rest)",
    ) as process:
        async for line in process.records(b"\n"):
            kind, size, path = line.decode(errors="replace").split(" ", 2)
            if kind == "blob" and int(size) > max_blob_bytes:
                large.append(f"  {path}  ({int(size) / (1 << 20):.1f} MiB)")
    if large:
        listed = large[:_LISTED_AT_MOST] + ([f"  and {len(large) - _LISTED_AT_MOST} more"] if len(large) > _LISTED_AT_MOST else [])
        raise TooLarge(
            f"{len(large)} file(s) of this push are larger than {max_blob_bytes / (1 << 20):g} MiB, too large for plain git; "
            "nothing was changed.\n" + "\n".join(listed),
            hint="\nStore them with LFS: 'git lfs migrate import --include=\"*.EXTENSION\"' for commits that are made already, "
            "'git lfs track \"*.EXTENSION\"' for the ones to come. Then push again.",
        )


_NEW_ONLY = ["--not", "--all"]


async def _pointers(
    repository: BareRepository, revisions: Sequence[str], options: Sequence[str], environment: dict[str, str]
) -> AsyncGenerator[tuple[str, LfsPointer], None]:
    """Path and content of every LFS pointer among the listed objects."""
    filters = [f"--filter=blob:limit={MAX_POINTER_BYTES}", "--filter=object:type=blob", "--filter-provided-objects"]
    async with _objects(
        repository, revisions, [*options, *filters], environment, "--batch=%(objectname) %(objecttype) %(objectsize) %(rest)"
    ) as process:
        while True:
            try:
                header = await process.read_line()
            except asyncio.IncompleteReadError:
                return
            _, kind, size, path = header.decode(errors="replace").split(" ", 3)
            content = (await process.read_exactly(int(size) + 1))[:-1]
            pointer = parse_pointer(content) if kind == "blob" else None
            if pointer is not None:
                yield path, pointer


@asynccontextmanager
async def _objects(
    repository: BareRepository, revisions: Sequence[str], options: Sequence[str], environment: dict[str, str], form: str
) -> AsyncIterator[GitProcess]:
    """`cat-file` about every object that `rev-list` finds; the one writes straight into the other."""
    reading_end, writing_end = os.pipe()
    try:
        async with repository.open(
            "rev-list", "--objects", "--stdin", *options,
            environment=environment, stdin=asyncio.subprocess.PIPE, stdout=writing_end,
        ) as listing, repository.open(
            "cat-file", "--buffer", form, environment=environment, stdin=reading_end
        ) as process:
            os.close(reading_end)
            os.close(writing_end)
            reading_end = writing_end = -1
            await listing.write("".join(f"{revision}\n" for revision in revisions).encode())
            listing.end_input()
            yield process
            for command, running in (("rev-list", listing), ("cat-file", process)):
                if returncode := await running.wait():
                    raise _walk_failed(repository, command, returncode, running.stderr)
    finally:
        for descriptor in (reading_end, writing_end):
            if descriptor >= 0:
                os.close(descriptor)


def _walk_failed(repository: BareRepository, command: str, returncode: int, stderr: str) -> Exception:
    if "bad object" in stderr:
        return RevisionNotFound("A commit of the request is not in this repository.", hint="List its branches and tags.")
    return repository.failure(command, returncode, stderr)
