from pathlib import Path

import pytest

from models_local.schema import read_tools
from models_local.training.corpus import FRAGMENTS
from models_local.training.phrases import PhraseError, constants, parse_line, read_phrases
from tools.schema import function_schemas

TOOLS = read_tools(function_schemas())


def parsed(line: str, tool: str):
    return parse_line(line, tool, "en", TOOLS[tool])


def test_a_line_is_template_and_labels() -> None:
    phrase = parsed("make {repository} private || visibility=private", "update_repository")
    assert phrase.slots == {"repository"}
    assert phrase.labels == {"visibility": "private"}
    assert phrase.template == "make {repository} private"


@pytest.mark.parametrize(
    ("line", "tool", "said"),
    [
        ("show ten rows of {repository} || rows=10", "preview_dataset", "ten"),
        ("branches off main || revision=main; name=x", "create_branch", "main"),
        ("a token {name} for two weeks || expires_in_days=14", "create_access_token", "two weeks"),
        ("open train.csv || path=train.csv", "read_file", "train.csv"),
    ],
)
def test_a_label_that_is_said_becomes_a_slot(line: str, tool: str, said: str) -> None:
    assert said in [part.text for part in parsed(line, tool).parts if part.slot]


def test_a_label_that_is_not_said_stays_a_label() -> None:
    assert parsed("show my datasets || type=dataset; owner=me", "list_repositories").labels == {"type": "dataset", "owner": "me"}
    assert parsed("the last one || limit=1", "list_commits").labels == {"limit": "1"}


@pytest.mark.parametrize(
    "line", ["make {color} private", "make it private || visibility=hidden", "make it private || hidden", "make it private || repository="]
)
def test_a_line_that_no_call_can_mean_is_refused(line: str) -> None:
    with pytest.raises(PhraseError):
        parsed(line, "update_repository")


def test_the_error_names_file_and_line(tmp_path: Path) -> None:
    folder = tmp_path / "en"
    folder.mkdir()
    (folder / "delete_repository.txt").write_text("# comment\ndelete {name}\n", encoding="utf-8")
    with pytest.raises(PhraseError, match=r"delete_repository\.txt:2"):
        read_phrases(tmp_path, TOOLS)


def test_every_shipped_phrase_can_be_read() -> None:
    phrases = read_phrases(Path("tools/examples"), TOOLS) + read_phrases(FRAGMENTS, TOOLS)
    missing = TOOLS.keys() - {phrase.tool for phrase in phrases}
    assert not missing
    classes = constants(phrases, TOOLS)
    assert classes["visibility"] == ("private", "public")
    assert "me" in classes["owner"]
