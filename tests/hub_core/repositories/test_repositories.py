"""Repositories, their contents and their commits, through the services."""

from __future__ import annotations

import asyncio
import base64

import pytest

from hub_core.context import ANONYMOUS, Context, Surface
from hub_core.errors import (
    AmbiguousName,
    Conflict,
    EntryNotFound,
    InvalidContent,
    InvalidInput,
    InvalidPath,
    NotAuthenticated,
    PermissionDenied,
    RefAlreadyExists,
    RepositoryAlreadyExists,
    RepositoryNotFound,
    RevisionNotFound,
    StaleParent,
    UploadNotFound,
)
from hub_core.git.pointers import parse_pointer
from hub_core.names import RepositoryType
from hub_core.repositories.commits import CommitService
from hub_core.repositories.contents import ContentService
from hub_core.repositories.refs import RefService
from hub_core.repositories.schemas import (
    CreateCommit,
    CreateRef,
    CreateRepository,
    CreateTag,
    DeleteFile,
    DeleteRef,
    DeleteRepository,
    FileWrite,
    GetRepository,
    ListCommits,
    ListFiles,
    ListRefs,
    ListRepositories,
    ReadFile,
    RepositorySort,
    UpdateRepository,
    UploadFile,
    Visibility,
    WriteFile,
)
from hub_core.repositories.service import RepositoryService
from tests.conftest import settled

DATASET = RepositoryType.DATASET


async def create(hub, ctx, name="iris", kind=DATASET, **values):
    return await hub.run(RepositoryService.create, ctx, CreateRepository(type=kind, name=name, **values))


async def write(hub, ctx, repository="iris", path="a.txt", content="hello", **values):
    return await hub.run(CommitService.write_file, ctx, WriteFile(repository=repository, path=path, content=content, **values))


async def stage(hub, ctx, name, data):
    async def chunks():
        for start in range(0, len(data), 1 << 16):
            yield data[start : start + (1 << 16)]

    return await hub.uploads.stage(ctx, name, chunks(), size=len(data))


async def listed(hub, ctx, **values):
    return [info.full_name for info in (await hub.run(RepositoryService.list, ctx, ListRepositories(**values))).items]


async def test_names_are_taken_whatever_their_case_but_per_type(hub, alice, bob):
    await create(hub, alice)
    with pytest.raises(RepositoryAlreadyExists):
        await create(hub, alice, "IRIS")
    await create(hub, alice, kind=RepositoryType.MODEL)
    await create(hub, bob)
    assert await listed(hub, alice) == ["alice/iris", "alice/iris"]


async def test_only_ones_own_namespace_takes_new_repositories(hub, alice):
    with pytest.raises(RepositoryNotFound, match="alice"):
        await create(hub, alice, "bob/iris")
    with pytest.raises(NotAuthenticated):
        await hub.services.repositories.create(Context(ANONYMOUS, Surface.REST), CreateRepository(type=DATASET, name="x"))


async def test_a_bare_name_means_ones_own_then_the_only_visible_one(hub, alice, bob):
    await create(hub, bob, visibility=Visibility.PUBLIC)
    assert (await hub.run(RepositoryService.get, alice, GetRepository(repository="iris"))).full_name == "bob/iris"
    await create(hub, alice)
    assert (await hub.run(RepositoryService.get, alice, GetRepository(repository="Iris"))).full_name == "alice/iris"
    await create(hub, alice, kind=RepositoryType.MODEL)
    with pytest.raises(AmbiguousName, match="datasets/alice/iris, models/alice/iris"):
        await hub.run(RepositoryService.get, alice, GetRepository(repository="iris"))
    assert (await hub.run(RepositoryService.get, alice, GetRepository(repository="models/iris"))).type is RepositoryType.MODEL


async def test_readers_of_public_repositories_may_not_change_them(hub, alice, bob):
    await create(hub, alice, visibility=Visibility.PUBLIC)
    with pytest.raises(PermissionDenied):
        await write(hub, bob, "alice/iris")
    with pytest.raises(PermissionDenied):
        await hub.run(RepositoryService.update, bob, UpdateRepository(repository="alice/iris", visibility=Visibility.PRIVATE))
    with pytest.raises(PermissionDenied):
        await hub.run(RepositoryService.delete, bob, DeleteRepository(repository="alice/iris"))


async def test_listing_filters_sorts_and_pages(hub, alice, bob):
    for name, description in (("iris", "Flowers of 1936"), ("wine", "Chemistry 100%"), ("titanic", "Passengers")):
        await create(hub, alice, name, description=description, visibility=Visibility.PUBLIC)
    await create(hub, alice, "hidden")
    await create(hub, alice, "llm", kind=RepositoryType.MODEL, license="mit")
    assert await listed(hub, alice, sort=RepositorySort.NAME) == [f"alice/{name}" for name in ("hidden", "iris", "llm", "titanic", "wine")]
    assert await listed(hub, bob, sort=RepositorySort.NAME) == ["alice/iris", "alice/titanic", "alice/wine"]
    assert await listed(hub, bob, search="FLOWERS 1936") == ["alice/iris"]
    assert await listed(hub, bob, search="100%") == ["alice/wine"]
    assert await listed(hub, alice, search="_") == []
    assert await listed(hub, alice, owner="me", visibility=Visibility.PRIVATE, type=DATASET) == ["alice/hidden"]
    assert await listed(hub, alice, license="MIT") == ["alice/llm"]
    for sort in RepositorySort:
        seen, cursor = [], None
        for _ in range(3):
            page = await hub.run(RepositoryService.list, alice, ListRepositories(sort=sort, limit=2, cursor=cursor))
            seen += [info.name for info in page.items]
            cursor = page.next_cursor
        assert cursor is None
        assert len(seen) == len(set(seen)) == 5, sort


async def test_an_empty_repository_is_no_error(hub, alice):
    await create(hub, alice)
    assert (await hub.run(ContentService.list_files, alice, ListFiles(repository="iris"))).items == []
    assert (await hub.run(ContentService.list_commits, alice, ListCommits(repository="iris"))).items == []
    assert await hub.run(RefService.list_branches, alice, ListRefs(repository="iris")) == []
    with pytest.raises(EntryNotFound, match="empty"):
        await hub.run(ContentService.read_file, alice, ReadFile(repository="iris", path="README.md"))
    with pytest.raises(RevisionNotFound, match="no commit yet"):
        await hub.run(RefService.create_tag, alice, CreateTag(repository="iris", name="v1"))


async def test_files_are_written_read_listed_and_removed(hub, alice):
    await create(hub, alice)
    first = await write(hub, alice, path="données/été 1.txt", content="Grüße\n")
    await write(hub, alice, path="b.txt")
    read = await hub.run(ContentService.read_file, alice, ReadFile(repository="iris", path="données/été 1.txt"))
    assert (read.text, read.lfs, read.truncated) == ("Grüße\n", False, False)
    listing = await hub.run(ContentService.list_files, alice, ListFiles(repository="iris"))
    assert [(entry.path, entry.kind) for entry in listing.items] == [(".gitattributes", "file"), ("b.txt", "file"), ("données", "folder")]
    await hub.run(CommitService.delete_file, alice, DeleteFile(repository="iris", path="données"))
    with pytest.raises(EntryNotFound):
        await hub.run(ContentService.read_file, alice, ReadFile(repository="iris", path="données/été 1.txt"))
    old = ReadFile(repository="iris", path="données/été 1.txt", revision=first.commit_hash)
    assert (await hub.run(ContentService.read_file, alice, old)).text == "Grüße\n"
    with pytest.raises(EntryNotFound):
        await hub.run(CommitService.delete_file, alice, DeleteFile(repository="iris", path="nothing"))


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../b", ".git/config", "a/.GIT/x", "a\x00b", "a//b", "x/."])
async def test_paths_cannot_escape(hub, alice, path):
    await create(hub, alice)
    with pytest.raises(InvalidPath):
        await write(hub, alice, path=path)
    assert await hub.run(RefService.list_branches, alice, ListRefs(repository="iris")) == []


async def test_one_commit_changes_many_files_or_none(hub, alice):
    await create(hub, alice)
    base = await write(hub, alice, path="old.txt")
    request = CreateCommit(
        repository="iris", parent=base.commit_hash, message="Many\n\nat once",
        write=[FileWrite(path="a/1.txt", text="one"), FileWrite(path="b.bin", base64=base64.b64encode(bytes(300)).decode())],
        delete=["old.txt"],
    )
    made = await hub.run(CommitService.create, alice, request)
    listing = await hub.run(ContentService.list_files, alice, ListFiles(repository="iris", recursive=True))
    assert [entry.path for entry in listing.items] == [".gitattributes", "a", "a/1.txt", "b.bin"]
    assert listing.items[3].lfs
    assert listing.items[3].size == 300
    with pytest.raises(StaleParent) as caught:
        await hub.run(CommitService.create, alice, request)
    assert caught.value.details["head"] == made.commit_hash
    for broken in (
        [FileWrite(path="x", text="1"), FileWrite(path="x", text="2")],
        [FileWrite(path="x", text="1"), FileWrite(path="x/y", text="2")],
    ):
        with pytest.raises(InvalidPath):
            await hub.run(CommitService.create, alice, CreateCommit(repository="iris", message="m", write=broken))
    garbled = CreateCommit(repository="iris", message="m", write=[FileWrite(path="x", base64="%%%")])
    with pytest.raises(InvalidContent, match="base64"):
        await hub.run(CommitService.create, alice, garbled)
    assert (await hub.run(RefService.list_branches, alice, ListRefs(repository="iris")))[0].commit_hash == made.commit_hash


async def test_writers_at_once_all_land_and_none_is_lost(hub, alice):
    await create(hub, alice)
    await write(hub, alice, path="start.txt")
    await asyncio.gather(*(write(hub, alice, path=f"{number}.txt", content=str(number)) for number in range(4)))
    listing = await hub.run(ContentService.list_files, alice, ListFiles(repository="iris"))
    assert {f"{number}.txt" for number in range(4)} <= {entry.path for entry in listing.items}


async def test_attachments_go_where_they_belong(hub, alice):
    await create(hub, alice)
    with pytest.raises(UploadNotFound):
        await hub.run(CommitService.upload_file, alice, UploadFile(repository="iris"))
    await stage(hub, alice, "train.parquet", b"PAR1" * 1000)
    await stage(hub, alice, "/etc/notes.txt", b"hello")
    made = await hub.run(CommitService.upload_file, alice, UploadFile(repository="iris", path="data/"))
    assert sorted(made.paths) == ["data/notes.txt", "data/train.parquet"]
    listing = await hub.run(ContentService.list_files, alice, ListFiles(repository="iris", path="data"))
    assert [(entry.path, entry.lfs, entry.size) for entry in listing.items] == [
        ("data/notes.txt", False, 5), ("data/train.parquet", True, 4000),
    ]
    with pytest.raises(UploadNotFound):
        await hub.run(CommitService.upload_file, alice, UploadFile(repository="iris"))


async def test_attachments_are_their_senders_alone(hub, alice, bob):
    await create(hub, bob)
    upload = await stage(hub, alice, "a.txt", b"hello")
    for file in ("a.txt", str(upload.id)):
        with pytest.raises(UploadNotFound):
            await hub.run(CommitService.upload_file, bob, UploadFile(repository="iris", file=file))


async def test_a_large_file_becomes_an_lfs_object_by_itself(hub, alice):
    await create(hub, alice)
    await write(hub, alice)
    big = await stage(hub, alice, "big [1].txt", b"x" * (hub.settings.max_blob_bytes + 1))
    await hub.run(CommitService.upload_file, alice, UploadFile(repository="iris"))
    async with hub.transaction(alice, write=False) as ctx:
        file = await hub.services.contents.open(ctx, "iris", "big [1].txt", None)
    assert (file.lfs, file.oid, file.size) == (True, big.oid, big.size)
    rules = await hub.run(ContentService.read_file, alice, ReadFile(repository="iris", path=".gitattributes"))
    assert r"big[[:space:]]\[1\].txt filter=lfs" in (rules.text or "")
    entry = await hub.git.entry(file.repository.key, file.commit_hash, "big [1].txt")
    pointer = b"".join([block async for block in hub.git.read_blob(file.repository.key, entry.oid)])
    assert parse_pointer(pointer) is not None


async def test_the_card_is_indexed_after_a_change(hub, alice):
    await create(hub, alice)
    card = "---\nlicense: MIT\ntags: [flowers, Tabular]\nlanguage: en\ntask_categories: [tabular-classification]\n---\n# Iris\n"
    await write(hub, alice, path="README.md", content=card)
    await settled(hub)
    info = await hub.run(RepositoryService.get, alice, GetRepository(repository="iris"))
    assert (info.license, info.tags, info.languages, info.tasks) == ("MIT", ["flowers", "Tabular"], ["en"], ["tabular-classification"])
    assert info.file_count == 2
    assert info.size > 0
    assert await listed(hub, alice, tag="tabular") == ["alice/iris"]

    await write(hub, alice, path="README.md", content="---\nlicense: [\n---\n")
    await settled(hub)
    broken = await hub.run(RepositoryService.get, alice, GetRepository(repository="iris"))
    assert "not valid YAML in line" in (broken.card_error or "")
    assert broken.license == "MIT"


async def test_branches_and_tags(hub, alice):
    await create(hub, alice)
    made = await write(hub, alice)
    await hub.run(RefService.create_branch, alice, CreateRef(repository="iris", name="feature/x"))
    tag = await hub.run(RefService.create_tag, alice, CreateTag(repository="iris", name="v1", revision="feature/x", message="First"))
    assert tag.commit_hash == made.commit_hash
    with pytest.raises(RefAlreadyExists):
        await hub.run(RefService.create_tag, alice, CreateTag(repository="iris", name="v1"))
    with pytest.raises(RefAlreadyExists):
        await hub.run(RefService.create_branch, alice, CreateRef(repository="iris", name="main"))
    names = [ref.name for ref in await hub.run(RefService.list_branches, alice, ListRefs(repository="iris"))]
    assert names == ["feature/x", "main"]
    (listed_tag,) = await hub.run(RefService.list_tags, alice, ListRefs(repository="iris"))
    assert (listed_tag.name, listed_tag.commit_hash, listed_tag.message) == ("v1", made.commit_hash, "First")
    with pytest.raises(Conflict, match="default branch"):
        await hub.run(RefService.delete_branch, alice, DeleteRef(repository="iris", name="main"))
    await hub.run(RefService.delete_branch, alice, DeleteRef(repository="iris", name="feature/x"))
    await hub.run(RefService.delete_tag, alice, DeleteRef(repository="iris", name="v1"))
    with pytest.raises(RevisionNotFound):
        await hub.run(RefService.delete_tag, alice, DeleteRef(repository="iris", name="v1"))


async def test_history_pages_and_follows_a_path(hub, alice):
    await create(hub, alice)
    for number in range(5):
        await write(hub, alice, path=f"{number % 2}.txt", content=str(number), message=f"Change {number}")
    page = await hub.run(ContentService.list_commits, alice, ListCommits(repository="iris", limit=2))
    assert [commit.title for commit in page.items] == ["Change 4", "Change 3"]
    rest = await hub.run(ContentService.list_commits, alice, ListCommits(repository="iris", limit=10, cursor=page.next_cursor))
    assert [commit.title for commit in rest.items] == ["Change 2", "Change 1", "Change 0"]
    assert rest.items[-1].author == "alice"
    odd = await hub.run(ContentService.list_commits, alice, ListCommits(repository="iris", path="1.txt"))
    assert [commit.title for commit in odd.items] == ["Change 3", "Change 1"]
    with pytest.raises(InvalidInput):
        await hub.run(ContentService.list_commits, alice, ListCommits(repository="iris", cursor="forged"))


async def test_deleting_frees_the_disk_but_not_what_others_hold(hub, alice, bob):
    await create(hub, alice)
    await create(hub, bob)
    shared, own = b"PAR1 shared" * 100, b"PAR1 own" * 100
    for ctx, data, name in ((alice, shared, "s.parquet"), (alice, own, "o.parquet"), (bob, shared, "s.parquet")):
        await stage(hub, ctx, name, data)
        await hub.run(CommitService.upload_file, ctx, UploadFile(repository="iris", file=name))
    await settled(hub)
    objects = {stored.size async for stored in hub.objects.list()}
    assert objects == {len(shared), len(own)}
    key = (await hub.run(RepositoryService.get, alice, GetRepository(repository="iris"))).id.hex
    gone = await hub.run(RepositoryService.delete, alice, DeleteRepository(repository="alice/iris"))
    assert gone.commit_count == 2
    await settled(hub)
    assert not await hub.git.exists(key)
    assert {stored.size async for stored in hub.objects.list()} == {len(shared)}
    async with hub.transaction(bob, write=False) as ctx:
        file = await hub.services.contents.open(ctx, "bob/iris", "s.parquet", None)
    assert await hub.services.contents.read_bytes(file, 1 << 20) == shared


async def test_uploads_nobody_committed_go_away_in_time(hub, alice):
    await create(hub, alice)
    await stage(hub, alice, "a.parquet", b"PAR1" * 10)
    kept = await stage(hub, alice, "b.parquet", b"PAR2" * 10)
    async with hub.transaction(alice) as ctx:
        row = await hub.uploads.get(ctx, (await hub.uploads.find(ctx, "a.parquet"))[0].id)
        row.expires_at = row.created_at
        hub.services.jobs.enqueue(ctx, "upload.expire", {})
    await settled(hub)
    assert [stored.oid async for stored in hub.objects.list()] == [kept.oid]
    with pytest.raises(UploadNotFound):
        await hub.run(CommitService.upload_file, alice, UploadFile(repository="iris", file="a.parquet"))
