"""The command line itself: what it costs to start, what it offers, how it fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from api.cli.app import GENERATED, app
from api.cli.bindings import COMMANDS, NOT_COMMANDS, WHOAMI
from api.cli.catalog import all_operations
from api.cli.errors import EXIT_CODES, error_of, exit_code_of
from api.cli.generate import command_function, commands_of
from api.cli.output import clean
from hub_core import errors
from hub_core.operation import Effect, operation_of

HEAVY = ("sqlalchemy", "pydantic", "fastapi", "chainlit", "langchain", "langchain_core", "chromadb", "httpx", "uvicorn", "llama_cpp", "numpy")


@pytest.fixture
def cli(tmp_path):
    """Runs the program in this process; nothing of the user's own configuration is read."""
    settings = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "HUBPILOT_URL": "", "HUBPILOT_TOKEN": "", "COLUMNS": "200", "TERM": "dumb"}

    def run(*arguments, env=None, text=None):
        return CliRunner().invoke(app, list(arguments), env={**settings, **(env or {})}, input=text)

    return run


def test_help_imports_nothing_heavy():
    program = f"""
import sys
from pathlib import Path
from api.cli import main
sys.argv = ["hubpilot", "--help"]
try:
    main()
except SystemExit as end:
    assert not end.code
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "up" in done.stdout
    assert "repositories" in done.stdout


def test_every_operation_is_a_command_or_has_a_reason_not_to_be():
    bound = {operation_of(command.method).name for commands in COMMANDS.values() for command in commands}
    bound.add(operation_of(WHOAMI.method).name)
    assert bound.isdisjoint(NOT_COMMANDS)
    assert bound | set(NOT_COMMANDS) == {operation.name for operation in all_operations()}
    assert all(NOT_COMMANDS.values())


def test_every_announced_group_has_commands():
    assert list(GENERATED) == list(COMMANDS)


def test_operations_lists_the_catalog(cli):
    shown = cli("operations", "--json")
    assert shown.exit_code == 0, shown.output
    listed = {item["name"]: item for item in json.loads(shown.stdout)}
    assert listed["repository.delete"]["effect"] == "destructive"
    assert listed["repository.delete"]["scope"] == "repository:admin"
    assert set(listed) == {operation.name for operation in all_operations()}
    assert "repository.delete\trepository:admin\tdestructive\t" in cli("operations").stdout


@pytest.mark.parametrize("group", COMMANDS)
def test_every_command_has_help_for_itself_and_its_parameters(cli, group):
    for name, command in commands_of(group).items():
        shown = cli(group, name, "--help")
        assert shown.exit_code == 0, shown.output
        assert command.help, name
        assert all(parameter.help for parameter in command.params if parameter.name not in {"help", "id"}), name


def test_required_inputs_are_arguments_and_others_options():
    create = commands_of("repositories")["create"]
    assert [parameter.name for parameter in create.params if parameter.param_type_name == "argument"] == ["type", "name"]
    assert {"--visibility", "--description", "--license", "--json"} <= {
        option for parameter in create.params if parameter.param_type_name == "option" for option in parameter.opts
    }


def test_only_destructive_commands_ask():
    for commands in COMMANDS.values():
        for bound in commands:
            asks = "assume_yes" in command_function(bound).__annotations__
            assert asks == (operation_of(bound.method).effect is Effect.DESTRUCTIVE), bound.name


def _every_error(kind=errors.HubError):
    yield kind
    for below in kind.__subclasses__():
        yield from _every_error(below)


def test_every_error_of_the_core_has_an_exit_code_and_survives_the_wire():
    for kind in _every_error():
        error = kind("message", hint="hint")
        assert exit_code_of(error) in set(EXIT_CODES.values())
        back = error_of(0, {"code": error.code, "detail": "message", "hint": "hint"})
        assert back.code == error.code
        assert exit_code_of(back) == exit_code_of(error)


@pytest.mark.parametrize(
    ("status", "exit_code"), [(401, 3), (403, 4), (404, 5), (409, 6), (413, 8), (422, 2), (429, 9), (500, 1), (503, 9)]
)
def test_an_answer_with_an_unknown_code_is_judged_by_its_status(status, exit_code):
    assert exit_code_of(error_of(status, {"code": "from_the_future", "detail": "Oh."})) == exit_code


def test_wrong_usage_ends_with_2(cli):
    assert cli("repositories", "get").exit_code == 2
    assert cli("nonsense").exit_code == 2
    assert cli("repositories", "create", "spaceship", "x").exit_code == 2


def test_values_are_checked_before_anything_is_sent(cli):
    wrong = cli("datasets", "preview", "alice/iris", "--rows", "0", env={"HUBPILOT_URL": "http://127.0.0.1:9"})
    assert wrong.exit_code == 2
    assert wrong.stderr.startswith("invalid_input: --rows: ")
    assert cli("repositories", "update", "alice/iris").stderr.startswith("invalid_input: say what to change")


def test_a_hub_that_is_not_there(cli):
    missing = cli("whoami", env={"HUBPILOT_URL": "http://127.0.0.1:9"})
    assert missing.exit_code == 9
    assert missing.stderr.startswith("unavailable: No hub answers at http://127.0.0.1:9.")
    assert missing.stdout == ""
    assert cli("whoami", env={"HUBPILOT_URL": "localhost:8000"}).exit_code == 2


def test_destructive_commands_need_a_yes_where_nobody_can_be_asked(cli):
    refused = cli("repositories", "delete", "alice/iris", env={"HUBPILOT_URL": "http://127.0.0.1:9"})
    assert refused.exit_code == 7
    assert refused.stderr.startswith("confirmation_required: ")
    assert "--yes" in refused.stderr


def test_debug_shows_the_traceback(cli):
    assert "Traceback" in cli("--debug", "whoami", env={"HUBPILOT_URL": "http://127.0.0.1:9"}).stderr
    assert "Traceback" not in cli("whoami", env={"HUBPILOT_URL": "http://127.0.0.1:9"}).stderr


def test_text_of_strangers_cannot_steer_the_terminal():
    assert clean("a\x1b]0;owned\x07b\r\x9b2J\u202egnp.exe") == "a\\x1b]0;owned\\x07b\\r\\x9b2J\\u202egnp.exe"
    assert clean("naïve 日本\n\tünï") == "naïve 日本\n\tünï"


def test_version(cli):
    assert cli("version").stdout == "0.1.0\n"


def test_plan_answers_every_line_and_survives_bad_ones():
    lines = ['{"utterance": "list my datasets"}', "no json", "", '{"utterance": 3}', '{"utterance": "show me 5 rows of alice/iris"}']
    done = subprocess.run(
        [sys.executable, "-c", "from api.cli import main; main()", "plan"], input="\n".join(lines), capture_output=True, text=True, check=True,
        env={**os.environ, "HUBPILOT_URL": "http://127.0.0.1:9"},
    )
    first, bad, worse, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"calls", "confidence"} <= first.keys()
    assert "error" in bad
    assert "error" in worse
    assert "calls" in last


def test_the_documentation_names_every_command_and_exit_code():
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    root = typer.main.get_group(app)
    assert [name for name in root.commands if f"`{name}`" not in text and f"hubpilot {name}" not in text] == []
    assert [code for code in set(EXIT_CODES.values()) if f"\n| {code} |" not in text] == []
