"""The catalogue is complete, and its schemas are what models and the shipped phrases expect."""

from __future__ import annotations

import pytest

from hub_core.bootstrap import build_hub
from hub_core.errors import InvalidInput
from hub_core.operation import Effect, operation_of
from hub_core.settings import Settings
from tools.catalog import NOT_TOOLS, TOOL_BY_NAME, TOOLS
from tools.schema import function_schema, function_schemas, parse_arguments

ARGUMENTS = {
    "create_repository": "type! name! visibility description license",
    "get_repository": "repository!",
    "list_repositories": "type owner search tag license visibility sort limit",
    "update_repository": "repository! visibility description",
    "delete_repository": "repository!",
    "list_branches": "repository!",
    "create_branch": "repository! name! revision",
    "delete_branch": "repository! name!",
    "list_tags": "repository!",
    "create_tag": "repository! name! revision message",
    "delete_tag": "repository! name!",
    "list_files": "repository! path revision",
    "read_file": "repository! path! revision",
    "list_commits": "repository! revision path limit",
    "write_file": "repository! path! content! message",
    "upload_file": "repository! file path message",
    "delete_file": "repository! path! message",
    "preview_dataset": "repository! path revision rows",
    "describe_dataset": "repository! path revision",
    "whoami": "",
    "create_access_token": "name! scope expires_in_days",
    "list_access_tokens": "",
    "revoke_access_token": "name!",
    "create_user": "name! admin",
    "list_users": "search",
    "list_jobs": "state",
    "list_activity": "repository user limit",
    "search_documentation": "query!",
}


def test_every_operation_is_a_tool_or_excused_with_a_reason(settings: Settings) -> None:
    bound = [operation_of(tool.method).name for tool in TOOLS if tool.method]
    assert len(bound) == len(set(bound))
    assert sorted([*bound, *NOT_TOOLS]) == sorted(build_hub(settings).operations)
    assert all(reason.endswith(".") for reason in NOT_TOOLS.values())


def test_no_model_can_approve() -> None:
    assert not any(tool.method and operation_of(tool.method).name.startswith("approval.") for tool in TOOLS)
    assert "approval.decide" in NOT_TOOLS


def test_tools_that_destroy_say_that_they_wait_for_approval() -> None:
    destructive = {tool.name for tool in TOOLS if tool.effect is Effect.DESTRUCTIVE}
    assert destructive == {"delete_repository", "delete_branch", "delete_tag"}
    assert destructive == {tool.name for tool in TOOLS if "approve" in tool.description}


@pytest.mark.parametrize(("name", "arguments"), ARGUMENTS.items())
def test_arguments(name: str, arguments: str) -> None:
    parameters = function_schema(TOOL_BY_NAME[name])["function"]["parameters"]
    required = parameters["required"]
    assert [f"{key}!" if key in required else key for key in parameters["properties"]] == arguments.split()


def test_schemas_are_plain_json_schema() -> None:
    assert len(function_schemas()) == len(ARGUMENTS)
    for schema in function_schemas():
        function = schema["function"]
        assert function["description"].endswith(".")
        for value in function["parameters"]["properties"].values():
            assert {"description", "type"} <= value.keys(), (function["name"], value)
            assert not {"$ref", "anyOf", "title"} & value.keys()
            assert value.get("default", "") is not None


def test_enumerations() -> None:
    properties = function_schema(TOOL_BY_NAME["list_repositories"])["function"]["parameters"]["properties"]
    assert properties["type"]["enum"] == ["model", "dataset", "space", "code"]
    assert properties["visibility"]["enum"] == ["private", "public"]
    assert properties["sort"]["enum"] == ["updated", "created", "name", "size"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"repository": "iris", "recursive": True}, "has no argument 'recursive'. It takes repository, path, revision."),
        ({}, "repository: is missing"),
        ({"repository": ["iris"]}, "repository: Input should be a valid string"),
    ],
)
def test_bad_arguments_are_explained(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_arguments(TOOL_BY_NAME["list_files"], arguments)
    assert words in str(caught.value)


def test_rules_of_inputs_are_explained_in_their_own_words() -> None:
    with pytest.raises(InvalidInput, match="say what to change: visibility or description"):
        parse_arguments(TOOL_BY_NAME["update_repository"], {"repository": "iris"})


def test_null_means_left_out() -> None:
    request = parse_arguments(TOOL_BY_NAME["list_files"], {"repository": "iris", "path": None, "revision": None})
    assert request.model_dump(include={"path", "revision"}) == {"path": "", "revision": None}
