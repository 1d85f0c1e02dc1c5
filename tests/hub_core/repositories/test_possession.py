"""Who may read the bytes of large files: whoever may read a repository that holds them, and nobody else."""

from __future__ import annotations

import pytest

from hub_core.errors import InvalidContent, ObjectNotFound
from hub_core.git.pointers import LfsPointer
from hub_core.git.port import PutFile
from hub_core.repositories.commits import CommitService, signature_of
from hub_core.repositories.contents import ContentService
from hub_core.repositories.schemas import CreateCommit, FileWrite, GetRepository, ReadFile, UploadFile
from hub_core.repositories.service import RepositoryService
from tests.hub_core.repositories.test_repositories import create, stage, write


async def test_a_pointer_gives_no_right_to_the_bytes_of_others(hub, alice, bob):
    await create(hub, alice)
    await create(hub, bob)
    secret = await stage(hub, alice, "s.parquet", b"PAR1 secret" * 100)
    await hub.run(CommitService.upload_file, alice, UploadFile(repository="iris"))
    pointer = LfsPointer(secret.oid, secret.size).encode().decode()
    with pytest.raises(InvalidContent, match="does not hold"):
        await write(hub, bob, content=pointer)
    staged = await stage(hub, bob, "a.txt", pointer.encode())
    with pytest.raises(InvalidContent, match="does not hold"):
        await hub.run(CommitService.create, bob, CreateCommit(
            repository="iris", message="m", write=[FileWrite(path="a.txt", upload_id=staged.id)],
        ))

    async def forged():
        yield PutFile("a.txt", len(pointer), once(pointer.encode()))

    # Past every check, as an unreachable commit in the pack of a push is: it can be read by its hash.
    info = await hub.run(RepositoryService.get, bob, GetRepository(repository="iris"))
    await hub.git.commit(info.id.hex, "main", None, forged(), "m", signature_of(bob))
    with pytest.raises(ObjectNotFound, match="never uploaded"):
        await hub.run(ContentService.read_file, bob, ReadFile(repository="iris", path="a.txt"))


async def once(data):
    yield data
