"""What a hub tidies up after it was killed. Here its leftovers are made by hand; `tests/torture` kills real hubs."""

from __future__ import annotations

import base64
import os
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub_core.bootstrap import build_hub
from hub_core.context import Context, system_context
from hub_core.hub import Hub
from hub_core.lfs.tables import LfsObject
from hub_core.marker import RunMarker
from hub_core.migrations import upgrade
from hub_core.names import RepositoryType
from hub_core.objects.port import StoredObject
from hub_core.repositories.schemas import CreateCommit, CreateRepository, FileWrite, GetRepository, RepositoryInfo
from hub_core.repositories.service import RepositoryService
from hub_core.settings import Settings
from tests.conftest import settled


async def chunks(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def store(hub: Hub, data: bytes) -> tuple[StoredObject, Path]:
    """Bytes without a row."""
    stored = await hub.objects.put(chunks(data))
    path = hub.objects.local_path(stored.oid)
    assert path is not None
    return stored, path


async def tidy_up(hub: Hub) -> None:
    """As after a run of the last hour that was killed."""
    await hub._reconciler.ask(system_context("test"), time.time() - 3600, time.time() + 1)
    await settled(hub)


async def repository(hub: Hub, owner: Context) -> RepositoryInfo:
    return await hub.run(RepositoryService.create, owner, CreateRepository(type=RepositoryType.MODEL, name="iris", license="mit"))


async def test_bytes_that_never_got_a_row_are_freed(hub: Hub) -> None:
    _, path = await store(hub, b"cut off")
    _, old = await store(hub, b"older than the killed run")
    os.utime(old, (time.time() - 86400,) * 2)
    await tidy_up(hub)
    assert (path.exists(), old.exists()) == (False, True)


async def test_a_row_that_nothing_speaks_of_goes(hub: Hub) -> None:
    async with hub.transaction(system_context("test")) as ctx:
        ctx.session.add(LfsObject(oid="a" * 64, size=7))
    await tidy_up(hub)
    async with hub.transaction(system_context("test"), write=False) as ctx:
        assert await ctx.session.get(LfsObject, "a" * 64) is None


async def test_what_somebody_needs_stays(hub: Hub, alice: Context) -> None:
    upload = await hub.uploads.stage(alice, "weights.bin", chunks(b"weights"))
    info = await repository(hub, alice)
    await tidy_up(hub)
    assert await hub.objects.stat(upload.oid)
    assert await hub.git.exists(info.id.hex)


async def test_a_repository_without_a_row_goes(hub: Hub) -> None:
    key, old = uuid.uuid4().hex, uuid.uuid4().hex
    for name in (key, old):
        await hub.git.create(name, "main")
    folder = next((hub.settings.data_dir / "git").glob(f"*/*/{old}.git"))
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (time.time() - 86400,) * 2)
    await tidy_up(hub)
    assert (await hub.git.exists(key), await hub.git.exists(old)) == (False, True)


async def test_a_repository_that_was_locked_can_be_written_and_its_row_catches_up(hub: Hub, alice: Context) -> None:
    info = await repository(hub, alice)
    folder = next((hub.settings.data_dir / "git").glob(f"*/*/{info.id.hex}.git"))
    await settled(hub)
    for name in ("refs/heads/main.lock", "packed-refs.lock", "objects/pack/tmp_pack_x", "objects/incoming-x/pack/y"):
        left = folder / name
        left.parent.mkdir(parents=True, exist_ok=True)
        left.touch()
    (folder / "refs/heads/other").write_bytes((folder / "refs/heads/main").read_bytes())
    (folder / "HEAD").write_text("ref: refs/heads/other\n")
    await tidy_up(hub)
    assert not [path for path in folder.rglob("*") if path.name.endswith((".lock", "_x", "-x"))]
    fresh = await hub.run(RepositoryService.get, alice, GetRepository(repository="iris"))
    assert fresh.default_branch == "other"


async def test_a_commit_whose_rows_were_cut_off_is_whole(hub: Hub, alice: Context) -> None:
    info = await repository(hub, alice)
    write = [FileWrite(path="weights.bin", base64=base64.b64encode(b"weights").decode()), FileWrite(path="empty.bin", base64="")]
    with pytest.raises(ZeroDivisionError):
        async with hub.transaction(alice) as ctx:
            await hub.services.commits.create(ctx, CreateCommit(repository="iris", message="Add weights", write=write))
            raise ZeroDivisionError
    pointers = await hub.git.lfs_pointers(info.id.hex, ("--all",))
    assert list(pointers.values()) == [len(b"weights")]
    assert await hub.lfs.missing(alice, info.id, pointers) == []
    await tidy_up(hub)
    assert (await hub.run(RepositoryService.get, alice, GetRepository(repository="iris"))).file_count == 4


async def test_only_a_run_that_was_killed_is_tidied_up_after(tmp_path: Path) -> None:
    marker = RunMarker(tmp_path / "running")
    assert marker.begin(1000.0) is None
    marker.end()
    assert marker.begin(2000.0) is None
    assert marker.begin(3000.0) == 2000.0
    assert marker.begin(4000.0) == 2000.0  # killed before it could ask
    marker.tidied(4000.0)
    assert marker.begin(5000.0) == 4000.0


async def test_a_hub_that_ends_well_leaves_no_marker(settings: Settings) -> None:
    hub = build_hub(settings)
    await upgrade(hub.database)
    async with hub.started():
        assert (settings.data_dir / "running").exists()
    assert not (settings.data_dir / "running").exists()
