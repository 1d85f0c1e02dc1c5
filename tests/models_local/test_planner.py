"""What people say, and the calls it must become. Run with the shipped weights."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models_local.errors import ModelFileDamaged, ModelFileMissing
from models_local.planner import WEIGHTS, Planner
from models_local.schema import read_tools, well_formed
from models_local.situation import Call, Situation, Turn
from models_local.training.evaluate import run, unseen_cases
from tools.schema import function_schemas

TOOLS = function_schemas()
OFFERED = read_tools(TOOLS)
IRIS = "datasets/alice/iris"
ON_IRIS = Situation(page=IRIS)


def call(tool: str, **arguments: Any) -> Call:
    return Call(tool=tool, arguments=arguments)


def said_before(*calls: Call, **turn: Any) -> Situation:
    return Situation(history=(Turn(utterance="before", calls=calls, **turn),))


@pytest.mark.parametrize(
    ("utterance", "situation", "calls"),
    [
        ("create a private dataset called iris", Situation(), [call("create_repository", type="dataset", name="iris", visibility="private")]),
        ("show me 5 rows of iris", Situation(), [call("preview_dataset", repository="iris", rows=5)]),
        ("which license does it have?", ON_IRIS, [call("get_repository", repository=IRIS)]),
        ("what changed last?", ON_IRIS, [call("list_commits", repository=IRIS, limit=1)]),
        ("make it public", ON_IRIS, [call("update_repository", repository=IRIS, visibility="public")]),
        ("tag it v1", ON_IRIS, [call("create_tag", repository=IRIS, name="v1")]),
        ("list my datasets", Situation(), [call("list_repositories", type="dataset", owner="me")]),
        ("put this file into iris", Situation(attachments=("iris.csv",)), [call("upload_file", repository="iris")]),
        ("delete iris", Situation(), [call("delete_repository", repository="iris")]),
        ("Create a model named My_Model-7B", Situation(), [call("create_repository", type="model", name="My_Model-7B")]),
        ("show me the readme of titanic", Situation(), [call("read_file", repository="titanic", path="README.md")]),
        ("what branches does alice/iris have?", Situation(), [call("list_branches", repository="alice/iris")]),
        ("create a branch dev in alice/iris", Situation(), [call("create_branch", repository="alice/iris", name="dev")]),
        ("delete branch feature/x", ON_IRIS, [call("delete_branch", repository=IRIS, name="feature/x")]),
        ("which tags are there?", ON_IRIS, [call("list_tags", repository=IRIS)]),
        ("list the files", ON_IRIS, [call("list_files", repository=IRIS)]),
        ("delete old.csv", ON_IRIS, [call("delete_file", repository=IRIS, path="old.csv")]),
        ("what columns does iris have?", Situation(), [call("describe_dataset", repository="iris")]),
        ("who am I?", Situation(), [call("whoami")]),
        ("create a read token called ci for 30 days", Situation(), [call("create_access_token", name="ci", scope="read", expires_in_days=30)]),
        ("list my tokens", Situation(), [call("list_access_tokens")]),
        ("revoke the token ci", Situation(), [call("revoke_access_token", name="ci")]),
        ("create a user named dora", Situation(), [call("create_user", name="dora")]),
        ("which jobs failed?", Situation(), [call("list_jobs", state="failed")]),
        ("what did bob do?", Situation(), [call("list_activity", user="bob")]),
        ("delete iris and titanic", Situation(), [call("delete_repository", repository="iris"), call("delete_repository", repository="titanic")]),
    ],
)
def test_a_request_becomes_its_call(planner: Planner, utterance: str, situation: Situation, calls: list[Call]) -> None:
    plan = planner.plan(utterance, situation, TOOLS)
    assert (plan.outcome, list(plan.calls)) == ("act", calls)


def test_several_requests_become_calls_in_order(planner: Planner) -> None:
    situation = Situation(attachments=("w.csv",))
    plan = planner.plan("create a dataset weather, upload this file and show me ten rows", situation, TOOLS)
    assert list(plan.calls) == [
        call("create_repository", type="dataset", name="weather"),
        call("upload_file", repository="weather"),
        call("preview_dataset", repository="weather", rows=10),
    ]


@pytest.mark.parametrize("utterance", ["don't delete iris", "never mind", "he asked me to delete it, should I?", "please do not make it public"])
def test_negation_and_mention_are_not_requests(planner: Planner, utterance: str) -> None:
    assert planner.plan(utterance, ON_IRIS, TOOLS).outcome == "none"


@pytest.mark.parametrize(("utterance", "outcome"), [("hello", "chat"), ("thanks!", "chat"), ("book me a flight to Rome", "refuse"), ("what's the weather tomorrow?", "refuse")])
def test_other_outcomes(planner: Planner, utterance: str, outcome: str) -> None:
    assert planner.plan(utterance, Situation(), TOOLS).outcome == outcome


@pytest.mark.parametrize("utterance", ["how do I push a large file?", "what does delete do?", "what is a space?"])
def test_a_question_goes_to_the_documentation_whole(planner: Planner, utterance: str) -> None:
    plan = planner.plan(utterance, Situation(), TOOLS)
    assert (plan.outcome, list(plan.calls)) == ("answer", [call("search_documentation", query=utterance)])


@pytest.mark.parametrize(
    ("utterance", "missing", "waiting"),
    [
        ("delete it", "repository", call("delete_repository")),
        ("show me 5 rows", "repository", call("preview_dataset", rows=5)),
        ("create a dataset", "name", call("create_repository", type="dataset")),
    ],
)
def test_what_is_missing_is_asked_for(planner: Planner, utterance: str, missing: str, waiting: Call) -> None:
    plan = planner.plan(utterance, Situation(), TOOLS)
    assert (plan.outcome, plan.missing, plan.waiting, plan.calls) == ("ask", missing, waiting, ())
    assert plan.ask
    assert plan.ask.endswith("?")


@pytest.mark.parametrize(
    ("waiting", "missing", "answer", "complete"),
    [
        (call("preview_dataset", rows=5), "repository", "iris", call("preview_dataset", rows=5, repository="iris")),
        (call("preview_dataset"), "repository", "the alice/iris one please", call("preview_dataset", repository="alice/iris")),
        (call("create_repository", type="dataset"), "name", "call it weather", call("create_repository", type="dataset", name="weather")),
        (call("create_repository", name="iris"), "type", "a dataset", call("create_repository", type="dataset", name="iris")),
    ],
)
def test_an_answer_completes_the_request_that_waits(planner: Planner, waiting: Call, missing: str, answer: str, complete: Call) -> None:
    plan = planner.plan(answer, said_before(waiting, ask="Which?", missing=missing), TOOLS)
    assert list(plan.calls) == [complete]


def test_a_new_request_is_no_answer(planner: Planner) -> None:
    plan = planner.plan("list all my models", said_before(call("preview_dataset"), ask="Which?", missing="repository"), TOOLS)
    assert list(plan.calls) == [call("list_repositories", type="model", owner="me")]


def test_what_about_changes_one_thing_of_the_request_before(planner: Planner) -> None:
    plan = planner.plan("what about titanic?", said_before(call("preview_dataset", repository="iris", rows=5)), TOOLS)
    assert list(plan.calls) == [call("preview_dataset", repository="titanic", rows=5)]


def test_it_is_what_was_spoken_of_last_and_this_is_the_open_page(planner: Planner) -> None:
    situation = said_before(call("get_repository", repository="titanic")).model_copy(update={"page": IRIS})
    assert planner.plan("delete it", situation, TOOLS).calls == (call("delete_repository", repository="titanic"),)
    assert planner.plan("delete this repository", situation, TOOLS).calls == (call("delete_repository", repository=IRIS),)


def test_the_second_one_is_taken_from_the_list_shown_last(planner: Planner) -> None:
    repositories = said_before(call("list_repositories")).model_copy(update={"listed": ("alice/a", "bob/b")})
    assert planner.plan("delete the second one", repositories, TOOLS).calls == (call("delete_repository", repository="bob/b"),)
    branches = said_before(call("list_branches", repository="alice/a")).model_copy(update={"listed": ("main", "dev")})
    assert planner.plan("delete the second one", branches, TOOLS).calls == (call("delete_branch", repository="alice/a", name="dev"),)


def test_a_tool_that_is_not_offered_is_never_called(planner: Planner) -> None:
    without = [tool for tool in TOOLS if tool["function"]["name"] != "delete_repository"]
    plan = planner.plan("delete iris", Situation(), without)
    assert (plan.outcome, plan.calls) == ("refuse", ())


def test_a_tool_the_model_has_never_seen_is_found_by_its_description(planner: Planner) -> None:
    convert = {
        "name": "convert_model",
        "description": "Convert a model to another weight format, for example to GGUF.",
        "parameters": {"properties": {"repository": {"type": "string"}, "format": {"enum": ["gguf", "onnx"]}}, "required": ["repository", "format"]},
    }
    plan = planner.plan("convert my model bob/bert-tiny to gguf format", Situation(), [*TOOLS, convert])
    assert list(plan.calls) == [call("convert_model", repository="bob/bert-tiny", format="gguf")]
    assert planner.plan("delete bob/bert-tiny", Situation(), [*TOOLS, convert]).calls == (call("delete_repository", repository="bob/bert-tiny"),)


def test_files_without_a_word_go_to_the_open_page(planner: Planner) -> None:
    plan = planner.plan(" ", Situation(page=IRIS, attachments=("a.csv",)), TOOLS)
    assert list(plan.calls) == [call("upload_file", repository=IRIS)]
    assert planner.plan("", Situation(), TOOLS).outcome == "none"


VOCABULARY = """create delete show me 5 ten rows of the iris titanic alice/iris README.md v1 to in and "a b" public dataset it token for days
branch , ? main"""
words = st.sampled_from(VOCABULARY.split())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(utterance=st.lists(words, max_size=14).map(" ".join) | st.text(max_size=300), page=st.none() | st.just(IRIS), attachments=st.just(()) | st.just(("a.csv",)))
def test_no_utterance_makes_an_ill_formed_call(planner: Planner, utterance: str, page: str | None, attachments: tuple[str, ...]) -> None:
    plan = planner.plan(utterance, Situation(page=page, attachments=attachments), TOOLS)
    for made in (*plan.calls, *plan.alternatives):
        assert well_formed(OFFERED[made.tool], made.arguments), made
    assert (plan.outcome in ("act", "answer")) == (bool(plan.calls) and plan.ask is None)
    assert 0 <= plan.confidence <= 1


def test_a_very_long_utterance_is_planned(planner: Planner) -> None:
    assert planner.plan("delete iris " + "and so on " * 2000, Situation(), TOOLS).outcome


@pytest.mark.parametrize("name", ["unseen_en.jsonl", "unseen_more_en.jsonl"])
def test_utterances_that_never_went_into_training(planner: Planner, name: str) -> None:
    results = run(planner, unseen_cases(Path(__file__).parent / name), TOOLS)
    assert sum(result.exact for result in results) / len(results) >= 0.95


def test_a_missing_file_is_named_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ModelFileMissing, match=r"config\.json is missing.*make train-model"):
        Planner.load(tmp_path)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    for name in ("config.json", "labels.json", "tokenizer.json", "heads.npz", "examples.npz"):
        (tmp_path / name).write_bytes((WEIGHTS / name).read_bytes())
    (tmp_path / "encoder.gguf").write_bytes((WEIGHTS / "encoder.gguf").read_bytes()[:-1])
    with pytest.raises(ModelFileDamaged, match=r"encoder\.gguf is damaged"):
        Planner.load(tmp_path)


def test_the_shipped_files_are_small() -> None:
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) < 40 * 1024 * 1024
    assert json.loads((WEIGHTS / "config.json").read_text())["parity_cosine"] > 0.995
