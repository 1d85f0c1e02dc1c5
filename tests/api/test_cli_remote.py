"""Commands that use a hub, through a real server."""

from __future__ import annotations

import json
import os
import stat

import pytest
import structlog
from typer.testing import CliRunner

from api.cli.app import app


@pytest.fixture
def cli(hub_server, tmp_path):
    """Runs commands as alice, or as the token named. The server shares this process, so its log must keep off the commands' output."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())

    def run(*arguments, token="alice:admin", text=None, env=None):
        settings = {
            "HUBPILOT_URL": hub_server.url, "HUBPILOT_TOKEN": hub_server.tokens[token] if token else "",
            "XDG_CONFIG_HOME": str(tmp_path / "config"), "TERM": "dumb",
        }
        return CliRunner().invoke(app, [str(argument) for argument in arguments], env={**settings, **(env or {})}, input=text)

    yield run
    structlog.reset_defaults()


def _ok(result):
    assert result.exit_code == 0, result.output
    return result.stdout


def _json(result):
    return json.loads(_ok(result))


def test_a_repository_lives_its_life(cli):
    assert _json(cli("whoami", "--json"))["name"] == "alice"
    assert "full_name\talice/iris\n" in _ok(cli("repositories", "create", "dataset", "iris", "--license", "mit"))
    assert _json(cli("repositories", "get", "iris", "--json"))["visibility"] == "private"
    _ok(cli("repositories", "update", "iris", "--visibility", "public"))
    header, row = _ok(cli("repositories", "list", "--visibility", "public")).splitlines()
    assert dict(zip(header.split("\t"), row.split("\t"), strict=True))["full_name"] == "alice/iris"

    _ok(cli("files", "write", "iris", "data/train.csv", "-", text="a,b\n1,x\n2,y\n"))
    assert _ok(cli("files", "read", "iris", "data/train.csv")) == "a,b\n1,x\n2,y\n"
    assert _ok(cli("datasets", "preview", "iris", "--rows", "1")) == "a\tb\n1\tx\n"
    assert _ok(cli("datasets", "describe", "iris")).splitlines()[0] == "name\ttype\tnullable"
    _ok(cli("branches", "create", "iris", "experiment", "--revision", "main"))
    _ok(cli("tags", "create", "iris", "v1"))
    assert [ref["name"] for ref in _json(cli("tags", "list", "iris", "--json"))] == ["v1"]
    assert [commit["title"] for commit in _json(cli("commits", "list", "iris", "--json"))["items"]] == ["Write data/train.csv", "Start the repository"]

    _ok(cli("branches", "delete", "iris", "experiment", "--yes"))
    assert _json(cli("repositories", "delete", "iris", "--yes", "--json"))["repository"] == "datasets/alice/iris"
    assert cli("repositories", "get", "iris").exit_code == 5
    newest = _json(cli("activity", "list", "--user", "me", "--limit", "1", "--json"))["items"][0]
    assert (newest["operation"], newest["surface"], newest["user"]) == ("repository.delete", "cli", "alice")


def test_errors_say_their_code_and_end_the_program_with_it(cli):
    _ok(cli("repositories", "create", "model", "m"))
    conflict = cli("repositories", "create", "model", "m")
    assert (conflict.exit_code, conflict.stdout) == (6, "")
    assert conflict.stderr.startswith("repository_already_exists: alice already has a model called “m”.")
    assert cli("repositories", "get", "alice/m", token="bob:admin").exit_code == 5
    nobody = cli("access-tokens", "create", "x", token=None)
    assert nobody.exit_code == 3
    assert "hubpilot login" in nobody.stderr
    scope = cli("repositories", "delete", "m", "--yes", token="alice:write")
    assert scope.exit_code == 4
    assert scope.stderr.startswith("scope_missing: ")
    assert cli("files", "write", "m", "../x", "text").exit_code == 2


def test_more_pages_are_announced_beside_the_output(cli):
    for name in ("a", "b", "c"):
        _ok(cli("repositories", "create", "model", name))
    first = cli("repositories", "list", "--sort", "name", "--limit", "2")
    assert len(_ok(first).splitlines()) == 3
    cursor = first.stderr.split("--cursor ")[1].strip()
    assert "alice/c" in _ok(cli("repositories", "list", "--sort", "name", "--cursor", cursor))


def test_a_new_token_is_alone_on_standard_output_and_works(cli, hub_server):
    made = cli("access-tokens", "create", "laptop", "--scope", "write")
    assert _ok(made).startswith("hp_")
    assert made.stdout.count("\n") == 1
    assert _json(cli("whoami", "--json", env={"HUBPILOT_TOKEN": made.stdout.strip()}))["credential"] == "token:laptop"
    _ok(cli("access-tokens", "revoke", "laptop"))
    assert cli("whoami", env={"HUBPILOT_TOKEN": made.stdout.strip()}).exit_code == 3


def test_login_is_kept_for_its_owner_and_its_hub_only(cli, hub_server, tmp_path):
    nobody = {"HUBPILOT_URL": "", "HUBPILOT_TOKEN": ""}
    wrong = cli("login", "--url", hub_server.url, env=nobody, text="hp_wrong\n")
    assert wrong.exit_code == 3
    assert not (tmp_path / "config" / "hubpilot" / "login.json").exists()
    _ok(cli("login", "--url", hub_server.url + "/", env=nobody, text=hub_server.tokens["alice:read"] + "\n"))
    saved = tmp_path / "config" / "hubpilot" / "login.json"
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert _json(cli("whoami", "--json", env=nobody))["scope"] == "read"
    assert _json(cli("whoami", "--json"))["scope"] == "admin"
    elsewhere = hub_server.url.replace("127.0.0.1", "localhost")
    assert cli("whoami", env={**nobody, "HUBPILOT_URL": elsewhere}).exit_code == 3
    _ok(cli("logout", env=nobody))
    assert not saved.exists()


def test_files_travel_whole(cli, tmp_path):
    _ok(cli("repositories", "create", "model", "m"))
    folder = tmp_path / "weights"
    (folder / "deep").mkdir(parents=True)
    large = os.urandom(11_000_000)
    (folder / "model.safetensors").write_bytes(large)
    (folder / "deep" / "naïve #1?.txt").write_text("small\n")
    commit = _json(cli("files", "upload", "m", folder, "--path", "v1/", "--message", "Add weights", "--json"))
    assert commit["paths"] == ["v1/deep/naïve #1?.txt", "v1/model.safetensors"]
    entries = {item["path"]: item for item in _json(cli("files", "list", "m", "--recursive", "--json"))["items"]}
    assert entries["v1/model.safetensors"]["lfs"] is True

    target = tmp_path / "got" / "model.bin"
    _ok(cli("files", "download", "m", "v1/model.safetensors", "-o", target))
    assert target.read_bytes() == large
    assert cli("files", "download", "m", "v1/model.safetensors", "-o", target).exit_code == 6
    assert _ok(cli("files", "download", "m", "v1/deep/naïve #1?.txt", "-o", "-")) == "small\n"
    missing = cli("files", "download", "m", "nothing", "-o", tmp_path / "nothing")
    assert missing.exit_code == 5
    assert [item.name for item in (tmp_path / "got").iterdir()] == ["model.bin"]
    assert not (tmp_path / "nothing").exists()


def test_one_file_goes_where_it_is_told(cli, tmp_path):
    _ok(cli("repositories", "create", "dataset", "d"))
    (tmp_path / "a.csv").write_text("a\n1\n")
    assert _json(cli("files", "upload", "d", tmp_path / "a.csv", "--json"))["paths"] == ["a.csv"]
    assert _json(cli("files", "upload", "d", tmp_path / "a.csv", "--path", "data/", "--json"))["paths"] == ["data/a.csv"]
    assert _json(cli("files", "upload", "d", tmp_path / "a.csv", "--path", "data/b.csv", "--json"))["paths"] == ["data/b.csv"]
    assert cli("files", "upload", "d", tmp_path / "none.csv").exit_code == 2


def test_the_copilot_answers_and_waits_for_approval(cli):
    assert "alice/iris" in _ok(cli("ask", "create a private dataset called iris"))
    assert "alice/iris\tdataset\tprivate" in _ok(cli("ask", "list my datasets"))
    waiting = cli("ask", "delete iris")
    assert waiting.exit_code == 7
    assert "approvals grant" in waiting.stderr
    assert [item["operation"] for item in _json(cli("approvals", "list", "--json"))] == ["repository.delete"]
    _ok(cli("repositories", "get", "iris"))
    _ok(cli("ask", "delete iris", "--approve"))
    assert cli("repositories", "get", "iris").exit_code == 5
    assert cli("ask", "hello", "--thread", "unknown").exit_code == 5
    assert cli("ask", "hello", token=None).exit_code == 3


def test_an_approval_is_given_or_refused_by_name(cli):
    _ok(cli("repositories", "create", "dataset", "iris"))
    for decision, left in (("reject", 0), ("grant", 5)):
        assert cli("ask", "delete iris").exit_code == 7
        [approval] = _json(cli("approvals", "list", "--json"))
        _ok(cli("approvals", decision, approval["id"]))
        assert cli("approvals", decision, approval["id"]).exit_code == 6
        cli("ask", "delete iris")
        assert cli("repositories", "get", "iris").exit_code == left
        for stale in _json(cli("approvals", "list", "--json")):
            _ok(cli("approvals", "reject", stale["id"]))
