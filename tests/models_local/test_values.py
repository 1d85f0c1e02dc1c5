import pytest

from models_local.values import clean_name, clean_path, clean_repository, ordinal_reference, parse_days, parse_license, parse_number


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("5", 5), ("3,000", 3000), ("10k", 10_000), ("ten", 10), ("a dozen", 12), ("two dozen", 24), ("half a dozen", 6), ("a couple", 2),
        ("a couple of", 2), ("twenty five", 25), ("twenty-five", 25), ("a hundred", 100), ("two hundred and fifty", 250), ("iris", None), ("", None),
    ],
)
def test_numbers(said: str, number: int | None) -> None:
    assert parse_number(said) == number


@pytest.mark.parametrize(
    ("said", "following", "days"),
    [
        ("30", "days", 30), ("30", "", 30), ("90d", "", 90), ("2 weeks", "", 14), ("two", "weeks", 14), ("a week", "", 7), ("month", "", 30),
        ("half a year", "", 182), ("1y", "", 365), ("soon", "", None),
    ],
)
def test_durations(said: str, following: str, days: int | None) -> None:
    assert parse_days(said, following) == days


@pytest.mark.parametrize(
    ("said", "spdx"),
    [
        ("MIT", "mit"), ("the MIT license", "mit"), ("apache 2", "apache-2.0"), ("Apache License 2.0", "apache-2.0"), ("apache-2.0", "apache-2.0"),
        ("GPLv3", "gpl-3.0"), ("CC BY 4.0", "cc-by-4.0"), ("cc-by-sa-4.0", "cc-by-sa-4.0"), ("CC0", "cc0-1.0"), ("llama3.1", "llama3.1"),
    ],
)
def test_licenses(said: str, spdx: str) -> None:
    assert parse_license(said) == spdx


def test_names_keep_the_users_own_spelling() -> None:
    assert clean_name("the My_Data dataset") == "My_Data"
    assert clean_name("@Alice") == "Alice"
    assert clean_name("model") == "model"


@pytest.mark.parametrize(
    ("said", "reference"),
    [
        ("iris", "iris"),
        ("the iris dataset", "iris"),
        ("https://hub.example/datasets/alice/iris/tree/main", "datasets/alice/iris"),
        ("git@hub.example:alice/iris.git", "alice/iris"),
    ],
)
def test_repository_references(said: str, reference: str) -> None:
    assert clean_repository(said) == reference


def test_the_readme_and_the_card_are_one_file() -> None:
    assert {clean_path(said) for said in ("the readme", "README", "the card", "model card", "read me")} == {"README.md"}
    assert clean_path("images folder") == "images"


@pytest.mark.parametrize(
    ("said", "index"),
    [("delete the second one", 1), ("the first one", 0), ("show me number 3", 2), ("#2", 1), ("the last one", -1), ("first 5 rows", None), ("last commit", None)],
)
def test_ordinals(said: str, index: int | None) -> None:
    assert ordinal_reference(said) == index
