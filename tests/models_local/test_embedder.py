import numpy as np
import pytest

from models_local.embedder import Embedder

PASSAGES = [
    "Large files are stored with git LFS: the repository keeps a small pointer, the object store the bytes.",
    "An access token has a scope: read, write or admin. It can expire after a number of days.",
    "Run hubpilot up to start everything in one process on the embedded defaults.",
    "A private repository is seen by its owner and by nobody else.",
]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder.load()


def test_vectors_have_unit_length(embedder: Embedder) -> None:
    vectors = np.array(embedder.embed([*PASSAGES, "", "long " * 2000]))
    assert vectors.shape == (6, embedder.dimension)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("question", "passage"),
    [("how are big files kept?", 0), ("how long does a token live?", 1), ("how do I start the server?", 2), ("who can see my private repo?", 3)],
)
def test_a_question_is_nearest_to_the_passage_that_answers_it(embedder: Embedder, question: str, passage: int) -> None:
    nearness = np.array(embedder.embed(PASSAGES)) @ np.array(embedder.embed([question])[0])
    assert int(nearness.argmax()) == passage
