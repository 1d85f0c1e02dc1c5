"""The Git LFS surface: batch answers, transfers, possession, and who may do what."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from api.app import create_app
from api.lfs.errors import status_of
from hub_core import errors
from hub_core.accounts.schemas import RevokeAccessToken
from hub_core.accounts.service import AccountService
from hub_core.accounts.tables import User
from hub_core.bootstrap import build_hub
from hub_core.context import Context, system_context
from hub_core.hub import Hub
from hub_core.migrations import upgrade
from hub_core.repositories.schemas import CreateRepository, DeleteRepository, GetRepository, UpdateRepository, Visibility
from hub_core.repositories.service import RepositoryService
from hub_core.settings import Settings
from tests.conftest import add_token, add_user

MAX_BYTES = 1 << 20


def oid_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class World:
    """A hub with alice and bob; alice has the private models `secret` and `other` and the public model `open`."""

    hub: Hub
    client: httpx.AsyncClient
    alice: Context
    alice_token: str
    alice_read_token: str
    bob_token: str

    async def batch(
        self, operation: str, objects: list[tuple[str, int]], *, repository: str = "alice/secret.git", token: str | None = None, **more: Any
    ) -> httpx.Response:
        body = {"operation": operation, "objects": [{"oid": oid, "size": size} for oid, size in objects], **more}
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.client.post(f"/{repository}/info/lfs/objects/batch", json=body, headers=headers)

    async def ask(self, operation: str, content: bytes, **more: Any) -> dict[str, Any]:
        answer = await self.batch(operation, [(oid_of(content), len(content))], **({"token": self.alice_token} | more))
        assert answer.status_code == 200, answer.text
        entry: dict[str, Any] = answer.json()["objects"][0]
        return entry

    async def send(self, content: bytes, **more: Any) -> None:
        entry = await self.ask("upload", content, **more)
        sent = await self.client.put(entry["actions"]["upload"]["href"], content=content)
        assert sent.status_code == 200, sent.text

    async def link(self, operation: str, content: bytes, **more: Any) -> str:
        return str((await self.ask(operation, content, **more))["actions"][operation]["href"])


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    settings.max_upload_bytes = MAX_BYTES
    hub = build_hub(settings)
    await upgrade(hub.database)
    alice, bob = await add_user(hub, "alice"), await add_user(hub, "bob")
    for name, visibility in (("secret", "private"), ("other", "private"), ("open", "public")):
        await hub.run(RepositoryService.create, alice, CreateRepository(name=name, type="model", visibility=Visibility(visibility)))
    await hub.run(RepositoryService.create, bob, CreateRepository(name="mine", type="model"))
    tokens = await add_token(hub, alice), await add_token(hub, alice, "read"), await add_token(hub, bob)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(hub)), base_url="http://hub") as client:
        yield World(hub, client, alice, *tokens)
    await hub.database.dispose()


async def test_an_object_travels_there_and_back(world: World) -> None:
    content = os.urandom(300_000)
    oid = oid_of(content)
    entry = await world.ask("upload", content)
    assert entry["actions"]["upload"]["header"] == {"Content-Type": "application/octet-stream"}
    assert entry["actions"]["upload"]["expires_in"] > 0
    assert (await world.client.put(entry["actions"]["upload"]["href"], content=content)).status_code == 200
    verified = await world.client.post(entry["actions"]["verify"]["href"], json={"oid": oid, "size": len(content)})
    assert verified.status_code == 200
    fetched = await world.client.get(await world.link("download", content))
    assert fetched.content == content
    assert fetched.headers["etag"] == f'"{oid}"'
    assert fetched.headers["content-disposition"] == "attachment"
    assert fetched.headers["cache-control"].startswith("private")


async def test_every_answer_names_transfer_hash_and_media_type(world: World) -> None:
    for operation in ("upload", "download"):
        answer = await world.batch(operation, [(oid_of(b""), 0)], token=world.alice_token)
        assert (answer.json()["transfer"], answer.json()["hash_algo"]) == ("basic", "sha256")
        assert answer.headers["content-type"] == "application/vnd.git-lfs+json"
        assert "null" not in answer.text


async def test_an_object_that_is_there_needs_no_action(world: World) -> None:
    content = os.urandom(100)
    await world.send(content)
    assert await world.ask("upload", content) == {"oid": oid_of(content), "size": 100}


@pytest.mark.parametrize(
    "more",
    [
        {"ref": {}},
        {"ref": None},
        {"ref": {"name": "refs/heads/main"}},
        {"transfers": ["lfs-standalone-file", "basic", "ssh"]},
        {"transfers": ["xet", "unheard-of"]},
        {"transfers": None},
        {"hash_algo": "sha256"},
        {"unknown": 1},
    ],
)
async def test_what_clients_send_besides_is_accepted(world: World, more: dict[str, Any]) -> None:
    assert "upload" in (await world.ask("upload", b"x", **more))["actions"]


async def test_wrong_objects_are_refused_one_by_one(world: World) -> None:
    good, empty = oid_of(b"x"), oid_of(b"")
    wrong = [(good[:-1], 1), (good + "0", 1), (good.upper(), 1), ("../../etc/passwd", 1), ("", 1), (good, -1), (good, MAX_BYTES + 1)]
    answer = await world.batch("upload", [*wrong, (empty, 0)], token=world.alice_token)
    assert answer.status_code == 200
    *refused, accepted = answer.json()["objects"]
    assert [(entry["oid"], entry["size"]) for entry in refused] == [(oid, max(size, 0)) for oid, size in wrong]
    assert {entry["error"]["code"] for entry in refused} == {422}
    assert not any("actions" in entry for entry in refused)
    assert "upload" in accepted["actions"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 422),
        (b"[]", 422),
        (b'{"operation":"delete","objects":[]}', 422),
        (b'{"operation":"upload"}', 422),
        (b'{"operation":"upload","objects":[{"oid":"a","size":"1"}]}', 422),
        (b'{"operation":"upload","objects":[],"hash_algo":"sha512"}', 409),
        (b'{"operation":"upload","objects":[%s]}' % b",".join([b'{"oid":"a","size":1}'] * 1001), 413),
        (b" " * (2 << 20), 413),
    ],
)
async def test_a_request_that_is_wrong_as_a_whole(world: World, body: bytes, status: int) -> None:
    answer = await world.client.post("/alice/secret.git/info/lfs/objects/batch", content=body, auth=("x", world.alice_token))
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/vnd.git-lfs+json"
    assert set(answer.json()) == {"message", "request_id"}


async def test_downloads_of_what_is_not_there_or_not_that_long(world: World) -> None:
    content = os.urandom(100)
    await world.send(content)
    answer = await world.batch(
        "download", [(oid_of(content), 100), (oid_of(content), 99), (oid_of(b"missing"), 7)], token=world.alice_token
    )
    found, longer, missing = answer.json()["objects"]
    assert "download" in found["actions"]
    assert longer["error"]["code"] == 422
    assert missing["error"]["code"] == 404


async def test_a_hash_alone_does_not_give_the_bytes(world: World) -> None:
    content = os.urandom(100)
    await world.send(content)
    mine = {"repository": "bob/mine", "token": world.bob_token}
    assert "error" in await world.ask("download", content, **mine)
    href = await world.link("upload", content, **mine)
    assert (await world.client.put(href, content=os.urandom(100))).status_code == 400
    assert "error" in await world.ask("download", content, **mine)
    assert (await world.client.put(href, content=content)).status_code == 200
    assert "actions" in await world.ask("download", content, **mine)


async def test_what_one_may_read_elsewhere_need_not_be_sent_again(world: World) -> None:
    content, shown = os.urandom(100), os.urandom(50)
    await world.send(content)
    await world.send(shown, repository="alice/open")
    assert "actions" not in await world.ask("upload", content, repository="alice/other")
    assert (await world.client.get(await world.link("download", content, repository="alice/other"))).content == content
    assert "actions" not in await world.ask("upload", shown, repository="bob/mine", token=world.bob_token)


async def test_bytes_that_the_disk_lost_are_asked_for_again(world: World) -> None:
    content = os.urandom(100)
    await world.send(content)
    href = await world.link("download", content)
    await world.hub.objects.delete(oid_of(content))
    assert (await world.client.get(href)).status_code == 404
    await world.send(content)
    assert (await world.client.get(href)).content == content


async def test_wrong_bytes_and_wrong_sizes_are_refused(world: World) -> None:
    content = os.urandom(1000)
    url = f"/alice/secret.git/info/lfs/objects/{oid_of(content)}"
    auth = ("x", world.alice_token)

    async def chunks(size: int) -> AsyncIterator[bytes]:
        yield os.urandom(size)

    href = await world.link("upload", content)
    assert (await world.client.put(href, content=os.urandom(1000))).status_code == 400
    assert (await world.client.put(href, content=content[:-1])).status_code == 422
    assert (await world.client.put(href, content=chunks(999))).status_code == 422
    assert (await world.client.put(href, content=chunks(1001))).status_code == 422
    assert (await world.client.put(url, content=os.urandom(MAX_BYTES + 1), auth=auth)).status_code == 413
    assert (await world.client.put(url.replace(oid_of(content), "abc"), content=b"", auth=auth)).status_code == 422
    assert "upload" in (await world.ask("upload", content))["actions"]
    assert [stored async for stored in world.hub.objects.list()] == []


async def test_verify_tells_whether_an_object_arrived(world: World) -> None:
    content = os.urandom(100)
    oid = oid_of(content)
    href = (await world.ask("upload", content))["actions"]["verify"]["href"]
    assert (await world.client.post(href, json={"oid": oid, "size": 100})).status_code == 404
    await world.send(content)
    assert (await world.client.post(href, json={"oid": oid, "size": 99})).status_code == 422
    assert (await world.client.post(href, json={"oid": oid_of(b""), "size": 100})).status_code == 422
    plain = href.partition("?")[0]
    bearer = {"Authorization": f"Bearer {world.alice_token}"}
    assert (await world.client.post(plain, json={"oid": oid, "size": 100}, headers=bearer)).status_code == 200


async def test_resuming_a_download(world: World) -> None:
    content = os.urandom(500_000)
    await world.send(content)
    href = await world.link("download", content)
    rest = await world.client.get(href, headers={"Range": "bytes=123456-499999"})
    assert (rest.status_code, rest.content) == (206, content[123456:])
    assert rest.headers["content-range"] == "bytes 123456-499999/500000"
    assert (await world.client.get(href, headers={"Range": "bytes=500000-"})).status_code == 416
    head = await world.client.head(href)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "500000", b"")


async def test_strangers_learn_nothing_of_a_private_repository(world: World) -> None:
    content = os.urandom(100)
    await world.send(content)
    oid = oid_of(content)
    for repository in ("alice/secret", "alice/no-such", "nobody/no-such"):
        for path, method in ((f"objects/{oid}", "GET"), (f"objects/{oid}", "HEAD"), (f"objects/{oid}", "PUT")):
            url = f"/{repository}.git/info/lfs/{path}"
            anonymous = await world.client.request(method, url)
            assert anonymous.status_code == 401
            assert anonymous.headers["lfs-authenticate"] == 'Basic realm="Git LFS"'
            assert (await world.client.request(method, url, auth=("x", world.bob_token))).status_code == 404
        assert (await world.batch("download", [(oid, 100)], repository=repository)).status_code == 401
        assert (await world.batch("download", [(oid, 100)], repository=repository, token=world.bob_token)).status_code == 404
    assert (await world.batch("download", [(oid, 100)], token="hp_wrong")).status_code == 401


async def test_a_public_repository_is_read_by_all_and_written_by_its_owner(world: World) -> None:
    content = os.urandom(100)
    assert (await world.batch("upload", [(oid_of(content), 100)], repository="alice/open")).status_code == 401
    assert (await world.batch("upload", [(oid_of(content), 100)], repository="alice/open", token=world.bob_token)).status_code == 403
    assert (await world.batch("upload", [(oid_of(content), 100)], repository="alice/open", token=world.alice_read_token)).status_code == 403
    await world.send(content, repository="alice/open")
    href = await world.link("download", content, repository="alice/open", token=None)
    assert (await world.client.get(href)).content == content
    assert (await world.client.get(f"/alice/open.git/info/lfs/objects/{oid_of(content)}")).content == content


async def test_a_link_is_worth_its_own_object_and_direction_only(world: World) -> None:
    content, other = os.urandom(100), os.urandom(100)
    await world.send(content)
    await world.send(other)
    grant = (await world.link("download", content)).partition("?")[2]
    objects = "/info/lfs/objects/"
    assert (await world.client.get(f"/alice/secret{objects}{oid_of(content)}?{grant}")).status_code == 200
    assert (await world.client.get(f"/alice/secret{objects}{oid_of(other)}?{grant}")).status_code == 403
    assert (await world.client.get(f"/alice/other{objects}{oid_of(content)}?{grant}")).status_code == 403
    assert (await world.client.put(f"/alice/secret{objects}{oid_of(content)}?{grant}", content=content)).status_code == 403
    assert (await world.client.get(f"/alice/secret{objects}{oid_of(content)}?{grant[:-2]}")).status_code == 403
    assert (await world.client.get(f"/alice/secret{objects}{oid_of(content)}?grant=")).status_code == 403


class Yesterday(TimestampSigner):
    """Signs as if it were a day ago."""

    def get_timestamp(self) -> int:
        return super().get_timestamp() - 86400


async def test_a_link_ends_with_its_hour(world: World) -> None:
    content = os.urandom(100)
    await world.send(content)
    address, _, grant = (await world.link("download", content)).partition("grant=")
    for signer, status in ((TimestampSigner, 200), (Yesterday, 403)):
        serializer = URLSafeTimedSerializer(
            world.hub.secret_key, salt="transfer-grant", signer=signer, signer_kwargs={"digest_method": hashlib.sha256}
        )
        signed = serializer.dumps(serializer.load_payload(grant.rpartition(".")[0].rpartition(".")[0].encode()))
        assert (await world.client.get(f"{address}grant={signed}")).status_code == status


async def test_a_link_does_not_outlive_the_right_to_use_it(world: World) -> None:
    content = os.urandom(100)
    await world.send(content, repository="alice/open")
    href = await world.link("download", content, repository="alice/open", token=world.bob_token)
    assert (await world.client.get(href)).status_code == 200
    await world.hub.run(RepositoryService.update, world.alice, UpdateRepository(repository="alice/open", visibility=Visibility.PRIVATE))
    assert (await world.client.get(href)).status_code == 404
    mine = await world.link("download", content, repository="alice/open")
    async with world.hub.transaction(system_context()) as inside:
        user = await inside.session.get(User, world.alice.actor.user_id)
        assert user is not None
        user.is_active = False
    assert (await world.client.get(mine)).status_code == 403


async def test_a_link_ends_with_the_access_token_it_was_asked_for_with(world: World) -> None:
    content = os.urandom(100)
    await world.send(content)
    lost = await add_token(world.hub, world.alice, name="lost")
    links = [await world.link("download", content, token=token) for token in (lost, world.alice_token)]
    assert [(await world.client.get(link)).status_code for link in links] == [200, 200]
    await world.hub.run(AccountService.revoke_access_token, world.alice, RevokeAccessToken(name="lost"))
    assert [(await world.client.get(link)).status_code for link in links] == [403, 200]


async def test_an_upload_to_a_repository_that_goes_away_is_not_kept(world: World) -> None:
    content = os.urandom(1000)

    async def deleting() -> AsyncIterator[bytes]:
        yield content[:500]
        async with world.hub.transaction(world.alice) as inside:
            await world.hub.services.repositories.delete(inside, DeleteRepository(repository="alice/other"))
            inside.transaction.jobs.clear()  # type: ignore[union-attr]
        yield content[500:]

    sent = await world.client.put(await world.link("upload", content, repository="alice/other"), content=deleting())
    assert sent.status_code == 404
    assert [stored async for stored in world.hub.objects.list()] == []


@pytest.mark.parametrize("path", ["alice/secret", "alice/secret.git", "models/alice/secret", "models/alice/secret.git", "Alice/Secret.git"])
async def test_a_repository_is_reached_by_all_its_addresses(world: World, path: str) -> None:
    content = os.urandom(10)
    href = await world.link("upload", content, repository=path)
    assert href.startswith(f"http://hub/{path}/info/lfs/objects/{oid_of(content)}?grant=")
    assert (await world.client.put(href, content=content)).status_code == 200


async def test_types_share_names_and_a_bare_address_means_the_model(world: World) -> None:
    await world.hub.run(RepositoryService.create, world.alice, CreateRepository(name="secret", type="dataset"))
    content = os.urandom(10)
    await world.send(content, repository="datasets/alice/secret.git")
    assert "error" in await world.ask("download", content)
    assert "actions" in await world.ask("download", content, repository="datasets/alice/secret.git")


@pytest.mark.parametrize("path", ["secret", "datasets/secret", "a/b/alice/secret", "alice/..", "spaces/alice/secret"])
async def test_other_paths_are_no_repositories(world: World, path: str) -> None:
    answer = await world.batch("download", [(oid_of(b""), 0)], repository=path, token=world.alice_token)
    assert answer.status_code == 404


@pytest.mark.parametrize(("method", "path"), [("GET", "locks"), ("POST", "locks"), ("POST", "locks/verify"), ("POST", "locks/7/unlock")])
async def test_locks_are_not_offered(world: World, method: str, path: str) -> None:
    answer = await world.client.request(method, f"/alice/secret.git/info/lfs/{path}", auth=("x", world.alice_token))
    assert answer.status_code == 404
    assert "locks" in answer.json()["message"]


async def test_the_hub_knows_which_pointers_of_a_push_are_missing(world: World) -> None:
    content = os.urandom(100)
    await world.send(content)
    found = await world.hub.run(RepositoryService.get, world.alice, GetRepository(repository="alice/secret"))
    pointers = {oid_of(content): 100, oid_of(b"a"): 1}
    assert await world.hub.lfs.missing(world.alice, found.id, pointers) == [oid_of(b"a")]
    assert await world.hub.lfs.missing(world.alice, found.id, {oid_of(content): 99}) == [oid_of(content)]


def _all_errors(kind: type[errors.HubError] = errors.HubError) -> Iterator[type[errors.HubError]]:
    for below in kind.__subclasses__():
        yield below
        yield from _all_errors(below)


@pytest.mark.parametrize("kind", list(_all_errors()))
def test_every_error_of_the_core_has_a_status(kind: type[errors.HubError]) -> None:
    internal = issubclass(kind, errors.Internal | errors.Unavailable)
    assert status_of(kind("text")) in (range(500, 600) if internal else {*range(400, 500), 501})
