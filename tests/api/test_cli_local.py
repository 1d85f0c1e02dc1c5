"""Commands of the machine's operator: on a data folder, before a hub ever ran and while one runs."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys

import httpx
import pytest
import structlog
from typer.testing import CliRunner

from api.cli.app import app
from hub_core.bootstrap import build_hub
from hub_core.context import Surface, system_context
from hub_core.errors import NotFound
from hub_core.events.schemas import ListActivity
from hub_core.events.service import ActivityService
from hub_core.settings import Settings

TOKEN = re.compile(r"hp_[A-Za-z0-9_-]{43}\n")
LINK = re.compile(r"/setup/[A-Za-z0-9_-]{43}\n")
PROGRAM = [sys.executable, "-c", "from api.cli import main; main()"]


@pytest.fixture
def local(tmp_path):
    """Runs a command on a fresh data folder."""

    def run(*arguments):
        return CliRunner().invoke(app, list(arguments), env={"HUBPILOT_DATA_DIR": str(tmp_path / "data")})

    yield run
    structlog.reset_defaults()


def _audit(data_dir):
    async def read():
        hub = build_hub(Settings(data_dir=data_dir))
        page = await hub.run(ActivityService.list, system_context("test"), ListActivity())
        await hub.database.dispose()
        return page.items

    return asyncio.run(read())


def test_the_first_administrator_and_token_need_no_running_hub(local, tmp_path):
    created = local("users", "create", "alice", "--admin")
    assert created.exit_code == 0, created.output
    assert LINK.fullmatch(created.stdout)
    token = local("tokens", "create", "--user", "alice", "--scope", "write", "--name", "laptop", "--quiet")
    assert TOKEN.fullmatch(token.stdout)
    assert token.stderr == ""

    assert json.loads(local("users", "list", "--json").stdout)[0]["is_admin"] is True
    listed = json.loads(local("tokens", "list", "--user", "alice", "--json").stdout)
    assert [(item["name"], item["scope"]) for item in listed] == [("laptop", "write")]
    assert token.stdout.strip() not in json.dumps(listed)

    rows = [(row.operation, row.user, row.credential, row.outcome) for row in reversed(_audit(tmp_path / "data"))]
    assert rows == [("user.create", "operator", "operator", "ok"), ("access_token.create", "alice", "operator", "ok")]
    assert {row.surface for row in _audit(tmp_path / "data")} == {Surface.CLI}
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_a_new_link_replaces_the_one_before(local, tmp_path):
    local("users", "create", "alice", "--admin")
    first, second = local("users", "link", "alice").stdout, local("users", "link", "alice").stdout
    assert LINK.fullmatch(first)
    assert LINK.fullmatch(second)

    async def redeem(path):
        hub = build_hub(Settings(data_dir=tmp_path / "data"))
        try:
            async with hub.transaction(system_context("test")) as ctx:
                secret = path.strip().removeprefix("/setup/")
                return (await hub.services.accounts.redeem_link(ctx.session, secret, None, "long enough 1")).name
        finally:
            await hub.database.dispose()

    with pytest.raises(NotFound):
        asyncio.run(redeem(first))
    assert asyncio.run(redeem(second)) == "alice"
    assert local("users", "link", "nobody").exit_code == 5


def test_tokens_end(local):
    local("users", "create", "alice", "--admin")
    assert local("tokens", "create", "--user", "alice", "--name", "ci", "--expires-in-days", "1").exit_code == 0
    again = local("tokens", "create", "--user", "alice", "--name", "ci")
    assert (again.exit_code, again.stdout) == (6, "")
    assert again.stderr.startswith("already_exists: ")
    assert json.loads(local("tokens", "list", "--user", "alice", "--json").stdout)[0]["expires_at"] is not None
    assert local("tokens", "revoke", "ci", "--user", "alice").exit_code == 0
    assert local("tokens", "revoke", "ci", "--user", "alice").exit_code == 5
    assert local("tokens", "create", "--user", "nobody").exit_code == 5
    assert local("tokens", "create", "--user", "alice", "--expires-in-days", "0").exit_code == 2


def test_a_first_user_who_is_no_administrator_is_remarked(local):
    assert "no administrator" in local("users", "create", "alice").stderr
    assert "no administrator" not in local("users", "create", "bob").stderr


def test_a_token_made_while_the_hub_runs_works_at_once(hub_server):
    settings = {"HUBPILOT_DATA_DIR": str(hub_server.hub.settings.data_dir)}
    made = subprocess.run(
        [*PROGRAM, "tokens", "create", "--user", "alice", "--quiet"], capture_output=True, text=True, check=True, env={**os.environ, **settings}
    )
    assert TOKEN.fullmatch(made.stdout)
    with hub_server.client(None) as client:
        answer = client.get("/api/v2/whoami", headers={"Authorization": f"Bearer {made.stdout.strip()}"})
    assert answer.json()["name"] == "alice"


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_up_says_where_it_is_and_how_to_begin_and_stops_when_told(tmp_path, stop):
    hub = subprocess.Popen(
        [*PROGRAM, "up", "--port", "0", "--data-dir", str(tmp_path / "data")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        lines = []
        while not (lines and "Ctrl-C" in lines[-1]):
            line = hub.stdout.readline()
            assert line, lines
            lines.append(line)
        said = "".join(lines)
        url = re.search(r"running at (http://localhost:\d+)", said)[1]
        set_up = re.search(r"http://localhost:\d+/setup/\S+", said)[0]
        assert set_up.startswith(url)
        assert httpx.get(url.replace("localhost", "127.0.0.1") + "/readyz").status_code == 200
        hub.send_signal(stop)
        rest, _ = hub.communicate(timeout=60)
    finally:
        hub.kill()
        hub.wait()
    assert (rest.strip(), hub.returncode) == (("Stopped.", 0) if stop is signal.SIGINT else ("", -signal.SIGTERM))


def test_up_names_what_is_in_the_way(local, tmp_path, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = local("up", "--port", str(port))
    assert refused.exit_code == 9
    assert f"127.0.0.1 port {port}" in refused.stderr
    assert "--port" in refused.stderr

    (tmp_path / "file").write_text("")
    blocked = local("up", "--port", "0", "--data-dir", str(tmp_path / "file" / "data"))
    assert blocked.exit_code == 9
    assert "--data-dir" in blocked.stderr

    monkeypatch.setenv("PATH", str(tmp_path))
    without_git = local("up", "--port", "0")
    assert without_git.exit_code == 9
    assert "apt-get install git" in without_git.stderr
    assert local("up", "--port", "70000").exit_code == 2
