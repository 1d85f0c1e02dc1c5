"""`LocalGitBackend` on a real disk with the real git."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from hub_core.errors import (
    EntryNotFound,
    InvalidContent,
    InvalidInput,
    InvalidName,
    InvalidPath,
    RefAlreadyExists,
    RevisionNotFound,
    StaleParent,
    StorageFull,
    StorageUnavailable,
    TooLarge,
)
from hub_core.git.gitcli import LocalGitBackend
from hub_core.git.pointers import LfsPointer
from hub_core.git.port import ZERO_OID, Change, EntryKind, GitBackend, GitService, PutFile, RemovePath, Signature

ANN = Signature("Ann", "ann@example.org", datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=9))))
MIB = 1 << 20
ODD_NAMES = [
    "a b.txt", '"quoted".txt', "tab-free 'single'", "back`tick", "-rf", "--help", "*", ":(top)x", "데이터.csv", "日本/語.txt", "emoji 🙂",
    "e\u0301", "#x", "$(id)", "a;b", "%2e%2e", "C:x", "deep/er/and/deeper.txt",
]


def put(path: str, content: bytes = b"x\n", *, executable: bool = False) -> PutFile:
    async def stream() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 65536):
            yield content[start : start + 65536]

    return PutFile(path, len(content), stream(), executable)


async def each(*changes: Change) -> AsyncIterator[Change]:
    for change in changes:
        yield change


@pytest.fixture
async def git(tmp_path: Path) -> LocalGitBackend:
    backend = LocalGitBackend(tmp_path, max_blob_bytes=MIB)
    await backend.create("r", "main")
    return backend


def folder(git: LocalGitBackend, key: str = "r") -> Path:
    return git._folders.path(key)


async def commit(git: LocalGitBackend, *changes: Change, parent: str | None = None, branch: str = "main", message: str = "change") -> str:
    return await git.commit("r", branch, parent, each(*changes), message, ANN)


async def read(git: LocalGitBackend, oid: str, offset: int = 0, length: int | None = None) -> bytes:
    async with aclosing(git.read_blob("r", oid, offset, length)) as blocks:
        return b"".join([block async for block in blocks])


def plain_git(git: LocalGitBackend, *arguments: str) -> str:
    done = subprocess.run(["git", "--git-dir", str(folder(git)), *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def test_it_is_a_git_backend(git: LocalGitBackend) -> None:
    backend: GitBackend = git
    assert backend is git


class TestLifeOfARepository:
    async def test_created_twice_and_deleted_twice(self, git: LocalGitBackend) -> None:
        first = await commit(git, put("a"))
        await git.create("r", "other")
        assert await git.resolve("r", "main") == first
        assert await git.default_branch("r") == "main"
        assert await git.exists("r")
        assert await git.disk_size("r") > 0
        await git.delete("r")
        await git.delete("r")
        assert not await git.exists("r")
        assert not list(folder(git).parent.iterdir())

    async def test_created_by_many_at_once(self, git: LocalGitBackend) -> None:
        await asyncio.gather(*(git.create("new", "main") for _ in range(8)))
        assert [path.name for path in folder(git, "new").parent.iterdir()] == ["new.git"]

    @pytest.mark.parametrize("key", ["", "..", "a/b", "../x", ".x", "a\0", "a\n", "-x", "x" * 129])
    async def test_strange_keys(self, git: LocalGitBackend, key: str) -> None:
        with pytest.raises(InvalidInput):
            await git.create(key, "main")

    async def test_missing_storage_is_named_as_such(self, git: LocalGitBackend) -> None:
        for work in (git.resolve("no", "main"), git.refs("no"), git.tree("no", "1" * 40), git.log("no", "main"), git.default_branch("no")):
            with pytest.raises(StorageUnavailable) as caught:
                await work
            assert caught.value.hint
            assert "fatal" not in str(caught.value)
        with pytest.raises(StorageUnavailable):
            await git.commit("no", "main", None, each(put("a")), "m", ANN)

    def test_missing_git(self, tmp_path: Path) -> None:
        with pytest.raises(StorageUnavailable, match="not on this machine"):
            LocalGitBackend(tmp_path, program="no-such-git")

    async def test_default_branch_of_an_empty_repository(self, git: LocalGitBackend) -> None:
        await git.set_default_branch("r", "trunk")
        assert await git.default_branch("r") == "trunk"
        assert await git.refs("r") == []
        assert await git.count_commits("r") == 0
        with pytest.raises(RevisionNotFound):
            await git.resolve("r", "trunk")


class TestCommit:
    async def test_files_folders_and_history(self, git: LocalGitBackend) -> None:
        first = await commit(git, put("README.md", b"hi\n"), put("run.sh", b"#!\n", executable=True), message="first\n\nwith a body\n")
        second = await commit(git, put("README.md", b"ho\n"), put("d/e/f", b"1"), RemovePath("run.sh"), parent=first, message="second")
        assert [entry.path for entry in await git.tree("r", second, recursive=True)] == ["README.md", "d", "d/e", "d/e/f"]
        log = await git.log("r", "main")
        assert [(c.commit_hash, c.parents, c.message) for c in log] == [(second, (first,), "second"), (first, (), "first\n\nwith a body")]
        assert log[0].author == ANN
        assert log[0].committer.when.utcoffset() == timedelta(hours=9)
        assert await git.count_commits("r") == 2
        assert (await git.entry("r", first, "run.sh")).kind is EntryKind.FILE
        assert plain_git(git, "ls-tree", first, "run.sh").startswith("100755")
        plain_git(git, "fsck", "--strict")

    @pytest.mark.parametrize("path", ODD_NAMES)
    async def test_odd_names_come_back_as_they_were(self, git: LocalGitBackend, path: str) -> None:
        commit_hash = await commit(git, put(path, path.encode()), put("other"))
        found = await git.entry("r", commit_hash, path)
        assert (found.path, found.size) == (path, len(path.encode()))
        assert await read(git, found.oid) == path.encode()
        assert path in [entry.path for entry in await git.tree("r", commit_hash, recursive=True)]
        assert [c.commit_hash for c in await git.log("r", "main", path=path)] == [commit_hash]
        removed = await commit(git, RemovePath(path), parent=commit_hash)
        with pytest.raises(EntryNotFound):
            await git.entry("r", removed, path)

    async def test_stale_parent_leaves_the_branch_and_the_disk_alone(self, git: LocalGitBackend) -> None:
        first = await commit(git, put("a"))
        second = await commit(git, put("b"), parent=first)
        before = sorted(folder(git).rglob("*"))
        for parent in (first, None, "1" * 40):
            with pytest.raises(StaleParent):
                await commit(git, put("c"), parent=parent)
        assert await git.resolve("r", "main") == second
        assert sorted(folder(git).rglob("*")) == before

    async def test_of_many_writers_one_wins(self, git: LocalGitBackend) -> None:
        first = await commit(git, put("a"))
        results = await asyncio.gather(*(commit(git, put(f"f{n}"), parent=first) for n in range(6)), return_exceptions=True)
        won = [result for result in results if isinstance(result, str)]
        assert len(won) == 1
        assert sum(isinstance(result, StaleParent) for result in results) == 5
        assert await git.resolve("r", "main") == won[0]

    async def test_first_commits_race_too(self, git: LocalGitBackend) -> None:
        results = await asyncio.gather(*(commit(git, put(f"f{n}")) for n in range(4)), return_exceptions=True)
        assert sum(isinstance(result, str) for result in results) == 1

    async def test_thousands_of_files_in_one_commit(self, git: LocalGitBackend) -> None:
        commit_hash = await commit(git, *(put(f"data/{n % 50}/{n}.txt", str(n).encode()) for n in range(3000)))
        assert sum(entry.kind is EntryKind.FILE for entry in await git.tree("r", commit_hash, recursive=True)) == 3000

    async def test_nothing_changed_is_refused(self, git: LocalGitBackend) -> None:
        first = await commit(git, put("a"))
        for changes in ((), (put("a"),), (put("b"), RemovePath("b"))):
            with pytest.raises(InvalidInput, match="change nothing"):
                await commit(git, *changes, parent=first)
        with pytest.raises(InvalidInput, match="change nothing"):
            await commit(git, branch="new")

    async def test_the_last_file_can_go(self, git: LocalGitBackend) -> None:
        first = await commit(git, put("a/b"))
        assert await git.tree("r", await commit(git, RemovePath("a"), parent=first)) == []

    @pytest.mark.parametrize("path", ["nope", "a/nope", "a/b/c", "", ".", "../x"])
    async def test_what_is_not_there_cannot_be_removed(self, git: LocalGitBackend, path: str) -> None:
        first = await commit(git, put("a/b"))
        with pytest.raises(EntryNotFound):
            await commit(git, RemovePath(path), parent=first)

    async def test_files_do_not_replace_folders_nor_folders_files(self, git: LocalGitBackend) -> None:
        first = await commit(git, put("a/b"), put("f"))
        for change in (put("a"), put("f/x")):
            with pytest.raises(InvalidPath):
                await commit(git, change, parent=first)
        with pytest.raises(InvalidPath):
            await commit(git, put("n"), put("n/x"), parent=first)
        swapped = await commit(git, RemovePath("a"), put("a"), RemovePath("f"), put("f/x"), parent=first)
        assert [entry.path for entry in await git.tree("r", swapped, recursive=True)] == ["a", "f", "f/x"]
        with pytest.raises(InvalidPath):
            await commit(git, put("z/1"), RemovePath("z"), put("z"), put("z/2"), parent=first)

    @pytest.mark.parametrize("size", [0, 2, 4])
    async def test_a_stream_must_have_its_size(self, git: LocalGitBackend, size: int) -> None:
        with pytest.raises(InvalidContent):
            await commit(git, PutFile("a", size, put("a", b"123").content))

    async def test_large_plain_files_belong_to_lfs(self, git: LocalGitBackend) -> None:
        with pytest.raises(TooLarge):
            await commit(git, put("big", bytes(MIB + 1)))
        commit_hash = await commit(git, put("big", os.urandom(MIB)))
        assert (await git.entry("r", commit_hash, "big")).size == MIB

    @pytest.mark.parametrize("path", [".gitmodules", ".GITMODULES", "gitmod~1"])
    async def test_unsafe_gitmodules_are_refused_as_in_a_push(self, git: LocalGitBackend, path: str) -> None:
        harmless = b'[submodule "a"]\n\tpath = a\n\turl = https://example.org/a.git\n'
        first = await commit(git, put(path, harmless), put("b"))
        with pytest.raises(InvalidContent, match="unsafe"):
            await commit(git, put(path, harmless.replace(b"https://", b"-u./payload")), parent=first)
        assert await git.resolve("r", "main") == first

    @pytest.mark.parametrize(("branch", "error"), [("HEAD", InvalidName), ("-x", InvalidName), ("a..b", InvalidName), ("main/x", RefAlreadyExists)])
    async def test_bad_branches(self, git: LocalGitBackend, branch: str, error: type[Exception]) -> None:
        await commit(git, put("a"))
        with pytest.raises(error):
            await commit(git, put("b"), branch=branch)

    @pytest.mark.parametrize("message", ["", "  \n", "a\0b"])
    async def test_bad_messages(self, git: LocalGitBackend, message: str) -> None:
        with pytest.raises(InvalidInput):
            await commit(git, put("a"), message=message)

    async def test_names_cannot_break_out_of_the_signature(self, git: LocalGitBackend) -> None:
        evil = Signature("Ann <x>\nparent 123", "a>b\n\0c", datetime.now(UTC))
        await git.commit("r", "main", None, each(put("a")), "m", evil)
        found = (await git.log("r", "main"))[0]
        assert (found.author.name, found.author.email, found.parents) == ("Ann xparent 123", "abc", ())

    async def test_a_failing_stream_leaves_nothing(self, git: LocalGitBackend) -> None:
        async def broken() -> AsyncIterator[bytes]:
            yield b"12"
            raise ConnectionResetError

        with pytest.raises(ConnectionResetError):
            await commit(git, PutFile("a", 4, broken()))
        assert await git.refs("r") == []
        assert not list((folder(git) / "objects").glob("incoming-*"))

    async def test_a_cancelled_commit_leaves_nothing(self, git: LocalGitBackend) -> None:
        started = asyncio.Event()

        async def endless() -> AsyncIterator[bytes]:
            yield b"1"
            started.set()
            await asyncio.sleep(60)

        task = asyncio.create_task(commit(git, PutFile("a", 2, endless())))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not list((folder(git) / "objects").glob("incoming-*"))


class TestReading:
    async def test_resolve(self, git: LocalGitBackend) -> None:
        first = await commit(git, put("a"))
        tag = await git.create_annotated_tag("r", "v1", "main", "the first", ANN)
        for revision in ("main", "refs/heads/main", "v1", "refs/tags/v1", "HEAD", first, first[:7], tag):
            assert await git.resolve("r", revision) == first
        for revision in ("", "nope", "-n", "--all", "main~0", "main^{tree}", "main:a", "@", "a b", "a\nmain", "1" * 40, "refs/hub/x", "x\0", "../main"):
            with pytest.raises(RevisionNotFound):
                await git.resolve("r", revision)

    async def test_a_branch_goes_before_an_abbreviated_hash(self, git: LocalGitBackend) -> None:
        first = await commit(git, put("a"))
        second = await commit(git, put("b"), parent=first)
        await git.update_ref("r", f"refs/heads/{first[:8]}", second, ZERO_OID)
        assert await git.resolve("r", first[:8]) == second

    async def test_entry(self, git: LocalGitBackend) -> None:
        first = await commit(git, put("a/b", b"12345"))
        assert (await git.entry("r", first, "")).kind is EntryKind.FOLDER
        assert (await git.entry("r", first, "a")).size is None
        assert (await git.entry("r", first, "a/b")).size == 5
        for path in ("b", "a/", "a/c", "/a", "a/../a", "a//b", "a\0", "*", "\udc80"):
            with pytest.raises(EntryNotFound):
                await git.entry("r", first, path)
        for commit_hash in ("1" * 40, "main", "--help"):
            for path in ("", "a"):
                with pytest.raises(RevisionNotFound):
                    await git.entry("r", commit_hash, path)

    async def test_tree_in_pages(self, git: LocalGitBackend) -> None:
        first = await commit(git, *(put(f"d/{n:03}") for n in range(25)), put("d-file"), put("d.txt"), put("z"))
        assert [entry.path for entry in await git.tree("r", first)] == ["d-file", "d.txt", "d", "z"]
        for recursive, path in ((True, ""), (True, "d"), (False, "d"), (False, "")):
            whole = await git.tree("r", first, path, recursive=recursive)
            paged, after = [], None
            while page := await git.tree("r", first, path, recursive=recursive, after=after, limit=7):
                assert len(page) <= 7
                paged += page
                after = page[-1].path
            assert paged == whole
        with pytest.raises(EntryNotFound):
            await git.tree("r", first, after="nope")
        for path in ("z", "nope", "d/nope", "..", "d/"):
            with pytest.raises(EntryNotFound):
                await git.tree("r", first, path)
        with pytest.raises(RevisionNotFound):
            await git.tree("r", "2" * 40)

    async def test_symlinks_submodules_and_names_that_are_no_utf8(self, git: LocalGitBackend) -> None:
        first = await commit(git, put("a"))
        blob = (await git.entry("r", first, "a")).oid
        listing = f"120000 blob {blob}\tlink\0" f"160000 commit {first}\tsub\0".encode() + f"100644 blob {blob}\tlatin-".encode() + b"\xe9\0"
        tree = subprocess.run(
            ["git", "--git-dir", folder(git), "mktree", "-z"], input=listing, capture_output=True, check=True
        ).stdout.decode().strip()
        odd = plain_git(git, "-c", "user.name=x", "-c", "user.email=x", "commit-tree", "-m", "odd", tree).strip()
        entries = {entry.path: entry.kind for entry in await git.tree("r", odd)}
        assert entries == {"latin-\ufffd": EntryKind.FILE, "link": EntryKind.SYMLINK, "sub": EntryKind.SUBMODULE}
        assert (await git.entry("r", odd, "link")).kind is EntryKind.SYMLINK

    async def test_blobs_in_parts(self, git: LocalGitBackend) -> None:
        content = os.urandom(900_000)
        first = await commit(git, put("a", content), put("empty", b""))
        oid = (await git.entry("r", first, "a")).oid
        assert await git.blob_size("r", oid) == len(content)
        for offset, length in ((0, None), (1, 2), (300_000, 300_000), (899_999, None), (900_000, None), (2_000_000, 5), (0, 0), (5, 900_000)):
            expected = content[offset:] if length is None else content[offset : offset + length]
            assert await read(git, oid, offset, length) == expected
        assert await read(git, (await git.entry("r", first, "empty")).oid) == b""
        for wrong in ("1" * 40, first, "--help", "", "main"):
            with pytest.raises(EntryNotFound):
                await read(git, wrong)
            with pytest.raises(EntryNotFound):
                await git.blob_size("r", wrong)

    async def test_log_of_a_path_in_pages(self, git: LocalGitBackend) -> None:
        head = None
        for number in range(6):
            head = await commit(git, put("even" if number % 2 == 0 else "odd", b"%d" % number), parent=head, message=f"m{number}")
        assert [c.message for c in await git.log("r", "main", skip=1, limit=2)] == ["m4", "m3"]
        assert [c.message for c in await git.log("r", "main", path="odd")] == ["m5", "m3", "m1"]
        assert await git.log("r", "main", path="nope") == []
        assert await git.count_commits("r", "main") == 6
        assert await git.log("r", "main", path=":(top)") == []
        for path in ("..", "/etc"):
            with pytest.raises(EntryNotFound):
                await git.log("r", "main", path=path)

    async def test_dates_that_no_calendar_holds(self, git: LocalGitBackend) -> None:
        first = await commit(git, put("a"))
        tree = plain_git(git, "rev-parse", f"{first}^{{tree}}").strip()
        raw = f"tree {tree}\nauthor A <a> 99999999999999999 +9959\ncommitter A <a> 5 -0330\n\nodd\n"
        odd = subprocess.run(
            ["git", "--git-dir", folder(git), "hash-object", "-t", "commit", "-w", "--literally", "--stdin"],
            input=raw.encode(), capture_output=True, check=True,
        ).stdout.decode().strip()
        found = (await git.log("r", odd))[0]
        assert found.author.when.year == 1970
        assert found.committer.when == datetime.fromtimestamp(5, UTC)


class TestRefs:
    async def test_branches_and_tags(self, git: LocalGitBackend) -> None:
        first = await commit(git, put("a"))
        tag = await git.create_annotated_tag("r", "v1", first, "the\nfirst", ANN)
        await git.update_ref("r", "refs/heads/b/c", first, ZERO_OID)
        plain_git(git, "-c", "user.name=x", "-c", "user.email=x", "tag", "-m", "nested", "v2", "v1")
        plain_git(git, "tag", "a-tree", f"{first}^{{tree}}")
        plain_git(git, "update-ref", "refs/hub/x", first)
        refs = await git.refs("r")
        assert [(ref.name, ref.commit_hash) for ref in refs] == [
            ("refs/heads/b/c", first), ("refs/heads/main", first), ("refs/tags/v1", first), ("refs/tags/v2", first),
        ]
        assert (refs[2].oid, refs[2].message) == (tag, "the\nfirst")
        assert [ref.name for ref in await git.refs("r", "refs/tags/")] == ["refs/tags/v1", "refs/tags/v2"]
        with pytest.raises(RefAlreadyExists):
            await git.create_annotated_tag("r", "v1", first, "again", ANN)

    async def test_compare_and_swap(self, git: LocalGitBackend) -> None:
        first = await commit(git, put("a"))
        second = await commit(git, put("b"), parent=first)
        await git.update_ref("r", "refs/heads/x", first, ZERO_OID)
        await git.update_ref("r", "refs/heads/x", second, first)
        for new, old in ((first, ZERO_OID), (first, "1" * 40), (ZERO_OID, first)):
            with pytest.raises(StaleParent):
                await git.update_ref("r", "refs/heads/x", new, old)
        await git.update_ref("r", "refs/heads/x", ZERO_OID, second)
        with pytest.raises(StaleParent):
            await git.update_ref("r", "refs/heads/x", ZERO_OID, second)
        with pytest.raises(RevisionNotFound):
            await git.update_ref("r", "refs/heads/y", "1" * 40, ZERO_OID)
        with pytest.raises(InvalidInput):
            await git.update_ref("r", "refs/heads/y", "main", ZERO_OID)
        for ref in ("main", "refs/heads/../x", "refs/hub/x", "refs/heads/a b"):
            with pytest.raises(InvalidName):
                await git.update_ref("r", ref, first, ZERO_OID)

    async def test_a_held_lock_is_an_answer_not_a_hang(self, git: LocalGitBackend) -> None:
        first = await commit(git, put("a"))
        lock = folder(git) / "refs/heads/main.lock"
        lock.touch()
        with pytest.raises(Exception, match="being changed by somebody else"):
            await commit(git, put("b"), parent=first)
        hours_ago = time.time() - 24 * 3600
        os.utime(lock, (hours_ago, hours_ago))
        await git.maintain("r")
        await commit(git, put("b"), parent=first)


class TestPointers:
    async def test_reachable_pointers(self, git: LocalGitBackend) -> None:
        oids = [f"{number:064x}" for number in range(3)]
        first = await commit(git, put("w/a b.bin", LfsPointer(oids[0], 10).encode()), put("small", b"x"), put("big", bytes(5000)))
        second = await commit(git, put("w/a b.bin", LfsPointer(oids[1], 11).encode()), parent=first)
        await commit(git, put("c", LfsPointer(oids[2], 12).encode()), branch="side")
        assert await git.lfs_pointers("r", ["main"]) == {oids[0]: 10, oids[1]: 11}
        assert await git.lfs_pointers("r", [second], exclude=[first]) == {oids[1]: 11}
        assert await git.lfs_pointers("r", ["--all"]) == {oids[0]: 10, oids[1]: 11, oids[2]: 12}
        assert await git.lfs_pointers("r", ["--all"], exclude=["main"]) == {oids[2]: 12}
        assert await git.lfs_pointers("r", []) == {}
        with pytest.raises(RevisionNotFound):
            await git.lfs_pointers("r", ["nope"])

    async def test_none_in_an_empty_repository(self, git: LocalGitBackend) -> None:
        assert await git.lfs_pointers("r", ["--all"]) == {}


async def test_maintenance_packs_and_cleans_and_keeps_everything(git: LocalGitBackend) -> None:
    head = None
    for number in range(12):
        head = await commit(git, put(f"{number}", b"%d" % number), parent=head)
    leftovers = [folder(git) / "objects" / name for name in ("incoming-dead", "tmp_objdir-incoming-dead")]
    for stale in leftovers:
        (stale / "pack").mkdir(parents=True)
        os.utime(stale, (1, 1))
    fresh = folder(git) / "objects" / "incoming-live"
    fresh.mkdir()
    await git.maintain("r")
    assert len(list((folder(git) / "objects/pack").glob("*.pack"))) < 12
    assert not any(stale.exists() for stale in leftovers)
    assert fresh.exists()
    assert len(await git.tree("r", await git.resolve("r", "main"))) == 12
    plain_git(git, "fsck", "--strict")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_repositories_on_a_volume_of_another_owner_are_served(git: LocalGitBackend) -> None:
    first = await commit(git, put("a"))
    for path in (folder(git), *folder(git).rglob("*")):
        os.chown(path, 12345, 12345)
    assert await git.resolve("r", "main") == first
    advertised = b"".join([block async for block in git.advertise("r", GitService.UPLOAD_PACK, None)])
    assert first.encode() in advertised


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk], capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a disk to fill")
    yield disk
    subprocess.run(["umount", disk], check=True)


async def test_a_full_disk_is_named_and_changes_nothing(small_disk: Path) -> None:
    backend = LocalGitBackend(small_disk / "repositories")
    await backend.create("r", "main")
    with pytest.raises(StorageFull):
        await commit(backend, put("big", os.urandom(5 * MIB)))
    first = await commit(backend, put("a"))
    with suppress(OSError), (small_disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(1024))
    with pytest.raises(StorageFull):
        await commit(backend, put("b"), parent=first)
    with pytest.raises(StorageFull):
        await backend.create("q", "main")
    with pytest.raises(StorageFull):
        await backend.update_ref("r", "refs/heads/x", first, ZERO_OID)
    (small_disk / "filler").unlink()
    assert [ref.commit_hash for ref in await backend.refs("r")] == [first]
    assert not [path for path in folder(backend).rglob("*") if path.name.startswith(("incoming-", "fast_import_crash")) or path.suffix == ".lock"]
    assert not await backend.exists("q")
    await commit(backend, put("b"), parent=first)


async def test_no_user_configuration_and_no_hook_of_a_repository_runs(git: LocalGitBackend, tmp_path: Path) -> None:
    hooks = folder(git) / "hooks"
    hooks.mkdir()
    trap = hooks / "reference-transaction"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    trap.chmod(0o755)
    await commit(git, put("a"))
    assert not (tmp_path / "ran").exists()
