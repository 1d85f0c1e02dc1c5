import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_local.text import Shape, literal_words, segment


@pytest.mark.parametrize(
    ("word", "shape"),
    [
        ("alice/iris", Shape.REPOSITORY),
        ("datasets/alice/iris", Shape.REPOSITORY),
        ("feature/login", Shape.REPOSITORY),
        ("my_data", Shape.IDENTIFIER),
        ("Qwen2.5-7B-Instruct", Shape.IDENTIFIER),
        ("ImageNet", Shape.IDENTIFIER),
        ("sales-2024", Shape.IDENTIFIER),
        ("café-données", Shape.IDENTIFIER),
        ("README.md", Shape.FILE),
        ("data/train.csv", Shape.FILE),
        (".gitignore", Shape.FILE),
        ("data/", Shape.FOLDER),
        ("https://hub.example/datasets/alice/iris", Shape.URL),
        ("5", Shape.NUMBER),
        ("3,000", Shape.NUMBER),
        ("30d", Shape.NUMBER),
        ("v1", Shape.VERSION),
        ("1.2.0-rc1", Shape.VERSION),
        ("2024-Q3", Shape.VERSION),
        ("3fa9c1d", Shape.COMMIT),
        ("iris", None),
        ("don't", None),
        ("2nd", None),
    ],
)
def test_shape_of_a_word(word: str, shape: Shape | None) -> None:
    assert [(chunk.text, chunk.shape) for chunk in segment(f"show {word}, please")][1] == (word, shape)


def test_quotes_possessives_and_punctuation_are_not_part_of_a_value() -> None:
    chunks = segment("Delete \"customer reviews\" and alice/iris's README.md.")
    assert [chunk.text for chunk in chunks] == ["Delete", "customer reviews", "and", "alice/iris", "'s", "README.md", "."]
    assert chunks[1].shape is Shape.QUOTED


@pytest.mark.parametrize("text", ["--type=model", "type:model", "type = model"])
def test_options_are_cut_into_name_and_value(text: str) -> None:
    assert [chunk.text for chunk in segment(text)][-3:][0] == "type"
    assert segment(text)[-1].text == "model"


def test_hyphenated_words_of_the_templates_are_language() -> None:
    literals = literal_words(["a read-only token called {name}", "open alice/iris"])
    assert segment("a read-only token", literals)[1].shape is None
    assert segment("a read-only token")[1].shape is Shape.IDENTIFIER
    assert "alice/iris" not in literals


@given(st.text(max_size=200))
def test_chunks_lie_in_order_and_say_what_stands_there(text: str) -> None:
    end = 0
    for chunk in segment(text):
        assert chunk.start >= end
        assert text[chunk.start : chunk.end] == chunk.text != ""
        end = chunk.end
