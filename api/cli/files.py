"""`hubpilot files upload` and `download`: bytes of any size, streamed, with a progress bar for people."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from api.cli.output import print_json, record
from hub_core.errors import Conflict, InvalidContent, InvalidInput
from hub_core.units import human_count, human_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.cli.client import HubClient

_BLOCK = 1 << 20

Repository = Annotated[str, typer.Argument(help="The repository: name, namespace/name, or with its type in front.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def upload(
    repository: Repository,
    local_path: Annotated[Path, typer.Argument(help="A file, or a folder with all it holds.", exists=True, readable=True, show_default=False)],
    path: Annotated[str | None, typer.Option(help="Where to put it: a file, or a folder ending in /.", show_default="the same name, at the top")] = None,
    message: Annotated[str | None, typer.Option(help="What the commit says about the change.", show_default=False)] = None,
    branch: Annotated[str | None, typer.Option(help="The branch to commit to.", show_default="the default branch")] = None,
    as_json: AsJson = False,
) -> None:
    """Upload a file or a folder as one commit. Large files go to LFS by themselves."""
    from api.cli.client import API, HubClient  # noqa: PLC0415  # help does without

    sources = _sources(local_path, path or "")
    with HubClient() as hub:
        found = hub.call("repository.get", {"repository": repository})["path"]
        total = sum(source.stat().st_size for source, _ in sources)
        with _progress(f"Uploading {human_count(len(sources), 'file')}", total) as advance:
            write = [{"path": target, "upload_id": _stage(hub, source, advance)} for source, target in sources]
        body = {"message": message or f"Upload {path or local_path.name}", "branch": branch, "write": write}
        commit = hub.request("POST", f"{API}/repositories/{quote(found)}/commits", json=body)
    (print_json if as_json else record)(commit)


def download(
    repository: Repository,
    path: Annotated[str, typer.Argument(help="The file in the repository.", show_default=False)],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to put it; - for standard output.", show_default="its name, in this folder")
    ] = None,
    revision: Annotated[str | None, typer.Option(help="Branch, tag or commit hash.", show_default="the default branch")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Download a file. What arrives is checked against the hub's hash before it gets its name."""
    from api.cli.client import API, HubClient  # noqa: PLC0415  # help does without

    target = output or Path(path.rstrip("/").rpartition("/")[2])
    if target.is_dir():
        target /= path.rpartition("/")[2]
    to_pipe = output == Path("-")
    if not to_pipe and target.exists() and not force:
        raise Conflict(f"{target} is there already.", hint="Add --force to replace it, or choose another name with -o.")
    with HubClient() as hub:
        found = hub.call("repository.get", {"repository": repository})["path"]
        url = f"{API}/repositories/{quote(found)}/raw/{quote(path.strip('/'))}"
        with hub.stream("GET", url, params={"revision": revision} if revision else {}, headers={"accept-encoding": "identity"}) as answer:
            size, oid = int(answer.headers["content-length"]), answer.headers["etag"].strip('"')
            with _progress(f"Downloading {path}", size) as advance:
                blocks = _checked(answer.iter_bytes(_BLOCK), size, oid, path, advance)
                if to_pipe:
                    _copy(blocks, sys.stdout.buffer)
                else:
                    _save(blocks, target)
    if not to_pipe:
        typer.echo(f"{target}  {human_size(size)}", err=True)


def _sources(local: Path, target: str) -> list[tuple[Path, str]]:
    """The files to send and their paths in the repository."""
    if local.is_file():
        return [(local, target + local.name if not target or target.endswith("/") else target)]
    prefix = target.strip("/") + "/" if target.strip("/") else ""
    files = sorted(file for file in local.rglob("*") if file.is_file() and ".git" not in file.relative_to(local).parts)
    if not files:
        raise InvalidInput(f"The folder {local} holds no files.", hint="Nothing was uploaded.")
    return [(file, prefix + file.relative_to(local).as_posix()) for file in files]


def _stage(hub: HubClient, source: Path, advance: Callable[[int], None]) -> str:
    """Send one file; returns the id a commit takes it by. What is sent and not committed the hub drops after a day."""
    from api.cli.client import API  # noqa: PLC0415  # help does without

    def blocks(file: IO[bytes]) -> Iterator[bytes]:
        while block := file.read(_BLOCK):
            yield block
            advance(len(block))

    with source.open("rb") as file:
        size = source.stat().st_size
        answer = hub.request(
            "POST", f"{API}/uploads", params={"name": source.name}, content=blocks(file), headers={"content-length": str(size)}
        )
    return str(answer["id"])


def _checked(
    blocks: Iterator[bytes], size: int, oid: str, path: str, advance: Callable[[int], None]
) -> Iterator[bytes]:
    """The same blocks; after the last one `InvalidContent` is raised if they are not the bytes the hub named.

    `oid` is the sha256 of a large file or, with 40 digits, the hash git gives a file: sha1 over a header and the content.
    """
    digest: Any = hashlib.sha256() if len(oid) == 64 else hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    for block in blocks:
        digest.update(block)
        yield block
        advance(len(block))
    if digest.hexdigest() != oid:
        raise InvalidContent(f"What arrived of {path} is not what the hub holds.", hint="Nothing was kept. Try again.")


def _save(blocks: Iterator[bytes], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.part")
    try:
        with partial.open("wb") as file:
            _copy(blocks, file)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _copy(blocks: Iterator[bytes], file: IO[bytes]) -> None:
    for block in blocks:
        file.write(block)
    file.flush()


@contextmanager
def _progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error while the block runs, if a person looks; gives the function that moves it by some bytes."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415  # pipes do without
    from rich.markup import escape  # noqa: PLC0415
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(escape(title), total=total)
        yield lambda count: bar.update(task, advance=count)
