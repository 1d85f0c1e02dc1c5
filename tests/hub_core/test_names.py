"""Names and references to repositories."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core.errors import InvalidName
from hub_core.names import RepositoryRef, RepositoryType, check_namespace, check_repository_name, fold


@pytest.mark.parametrize("name", ["iris", "Iris-2024", "a", "my_model.v2", "0x", "a_"])
def test_plain_names_are_allowed(name):
    assert check_repository_name(name) == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a..b", "a--b", "-a", ".a", "a-", "a.", "a/b", "a b", "a\n", "a\x00", "é", "a" * 97, "x.git", "X.GIT", "new", "API"]
)
def test_other_names_are_refused_with_a_reason(name):
    with pytest.raises(InvalidName) as caught:
        check_repository_name(name)
    assert len(caught.value.message) > 10


@pytest.mark.parametrize("name", ["api", "Models", "DATASETS", "chat", "healthz", "v1"])
def test_the_hubs_own_words_are_no_user_names(name):
    with pytest.raises(InvalidName, match="reserved"):
        check_namespace(name)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("iris", (None, None, "iris")),
        ("alice/iris", (None, "alice", "iris")),
        ("datasets/alice/iris", (RepositoryType.DATASET, "alice", "iris")),
        ("/models/alice/iris.git/", (RepositoryType.MODEL, "alice", "iris")),
        ("codes/iris", (RepositoryType.CODE, None, "iris")),
        ("code/alice/iris", (RepositoryType.CODE, "alice", "iris")),
    ],
)
def test_references_are_read_as_people_write_them(text, parts):
    ref = RepositoryRef.parse(text)
    assert (ref.type, ref.namespace, ref.name) == parts


@given(st.text(max_size=60))
def test_any_text_is_a_reference_or_a_clear_error(text):
    try:
        ref = RepositoryRef.parse(text)
    except InvalidName:
        return
    assert RepositoryRef.parse(str(ref)) == ref
    assert ".." not in str(ref)
    assert fold(ref.name) == fold(fold(ref.name))
