"""Reading and moving branches and tags."""

from __future__ import annotations

import asyncio
import calendar
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub_core.errors import Conflict, HubError, InvalidInput, RefAlreadyExists, RevisionNotFound, StaleParent
from hub_core.git.bare import BareRepository
from hub_core.git.port import ZERO_OID, GitRef, Signature
from hub_core.git.process import GitProcess
from hub_core.git.reading import is_hash, resolve
from hub_core.git.refnames import BRANCHES, HIDDEN, TAGS, check_full_ref, check_ref_name

_FIELDS = 6
_FORMAT = (
    "%(refname)%00%(objectname)%00%(objecttype)%00%(*objectname)%00%(*objecttype)%00"
    "%(if:equals=tag)%(objecttype)%(then)%(contents)%(end)%00"
)


async def refs(repository: BareRepository, prefix: str) -> list[GitRef]:
    """Refs under `prefix` that lead to a commit, sorted by name; the hub's own are left out."""
    pattern = prefix.rstrip("/") or "refs"
    if not pattern.startswith("refs"):
        raise InvalidInput(f"{prefix!r} is no prefix of refs.", hint="Start it with refs/.")
    listed = await repository.run("for-each-ref", f"--format={_FORMAT}", pattern)
    fields = listed.stdout.decode(errors="replace").split("\0")
    found = []
    for start in range(0, len(fields) - 1, _FIELDS):
        name, oid, kind, peeled, peeled_kind, message = fields[start : start + _FIELDS]
        name = name.removeprefix("\n")
        if name.startswith(HIDDEN):
            continue
        commit_hash: str | None = {kind: oid, peeled_kind: peeled}.get("commit")
        if commit_hash is None and peeled_kind == "tag":
            commit_hash = await _peel(repository, name)
        if commit_hash is not None:
            found.append(GitRef(name, oid, commit_hash, message.removesuffix("\n") if kind == "tag" else None))
    return found


async def _peel(repository: BareRepository, name: str) -> str | None:
    """The commit at the end of a chain of tags; None when it ends in a tree or a blob."""
    try:
        return await resolve(repository, name)
    except RevisionNotFound:
        return None


async def update_ref(repository: BareRepository, ref: str, new: str, old: str) -> None:
    """Set `ref` from `old` to `new`; see `GitBackend.update_ref`."""
    if new != ZERO_OID:
        check_full_ref(ref)
    if not (is_hash(new) and is_hash(old)) or new == old:
        raise InvalidInput("A ref moves from one whole hash to another.", hint="Look the ref up again.")
    async with ref_transaction(repository, ref, new, old):
        pass


@asynccontextmanager
async def ref_transaction(
    repository: BareRepository, ref: str, new: str, old: str, environment: dict[str, str] | None = None
) -> AsyncIterator[None]:
    """Lock `ref` at `old` for the length of a `with` block, and move it to `new` when the block ends well.

    Raises `StaleParent` when the ref is not at `old`, `RefAlreadyExists` when its name cannot be taken.
    """
    arguments = ("update-ref", "--stdin", "-z", "-m", "hub")
    async with repository.open(
            *arguments, environment=environment, stdin=asyncio.subprocess.PIPE
    ) as process:
        change = f"delete {ref}\0{old}\0" if new == ZERO_OID else f"update {ref}\0{new}\0{old}\0"
        await _command(repository, process, ref, f"start\0{change}prepare\0", "prepare: ok")
        yield
        await _command(repository, process, ref, "commit\0", "commit: ok")


async def _command(repository: BareRepository, process: GitProcess, ref: str, command: str, expected: str) -> None:
    await process.write(command.encode())
    answer = ""
    while answer != expected:
        try:
            answer = (await process.read_line()).decode()
        except asyncio.IncompleteReadError:
            raise _refused(repository, ref, await process.wait(), process.stderr) from None


def _refused(repository: BareRepository, ref: str, returncode: int, stderr: str) -> HubError:
    name = ref.removeprefix(BRANCHES).removeprefix(TAGS)
    if "exists; cannot create" in stderr or "cannot process" in stderr:
        return RefAlreadyExists(
            f"{name!r} cannot be created beside a branch or tag that is a folder of it, or lies in it.", hint="Choose another name."
        )
    moved = ("but expected", "reference already exists", "unable to resolve reference", "reference is missing")
    if any(words in stderr for words in moved):
        return StaleParent(
            f"{name!r} has moved meanwhile; nothing was changed.", hint="Read it again and repeat the change on top of it.", ref=ref
        )
    if "trying to write non-commit object" in stderr or "nonexistent object" in stderr:
        return RevisionNotFound("The commit is not in this repository; nothing was changed.", hint="List its commits.")
    if ".lock': File exists" in stderr:
        return Conflict(f"{name!r} is being changed by somebody else; nothing was changed.", hint="Try again in a moment.")
    return repository.failure("update-ref", returncode, stderr)


async def create_annotated_tag(
    repository: BareRepository, name: str, commit_hash: str, message: str, tagger: Signature
) -> str:
    """Write a tag object and its ref; see `GitBackend.create_annotated_tag`."""
    check_ref_name(name)
    if "\0" in message or not message.strip():
        raise InvalidInput("The message of the tag is empty, or contains a NUL.", hint="Write a line of text.")
    target = await resolve(repository, commit_hash)
    tag = f"object {target}\ntype commit\ntag {name}\ntagger {format_signature(tagger)}\n\n{message.rstrip()}\n"
    written = await repository.run("hash-object", "-t", "tag", "-w", "--stdin", stdin=tag.encode())
    oid = written.stdout.decode().strip()
    try:
        await update_ref(repository, TAGS + name, oid, ZERO_OID)
    except StaleParent:
        raise RefAlreadyExists(f"There is a tag {name!r} already; nothing was changed.", hint="Choose another name.") from None
    return oid


async def default_branch(repository: BareRepository) -> str:
    """Name of the branch HEAD points to."""
    head = await repository.run("symbolic-ref", "HEAD")
    return head.stdout.decode().strip().removeprefix(BRANCHES)


async def set_default_branch(repository: BareRepository, branch: str) -> None:
    """Point HEAD to `branch`."""
    await repository.run("symbolic-ref", "-m", "hub", "HEAD", BRANCHES + check_ref_name(branch))


def format_signature(signature: Signature) -> str:
    """A signature as commits and tags hold it. Characters that would end the name or the email are left out."""
    if signature.when.tzinfo is None:
        raise InvalidInput("The time of a signature needs a time zone.")
    minutes = round((signature.when.utcoffset() or signature.when - signature.when).total_seconds() / 60)
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"
    seconds = calendar.timegm(signature.when.utctimetuple())
    return f"{_clean(signature.name) or 'unknown'} <{_clean(signature.email)}> {max(seconds, 0)} {zone}"


def _clean(text: str) -> str:
    return "".join(c for c in text if c.isprintable() and c not in "<>").strip()
