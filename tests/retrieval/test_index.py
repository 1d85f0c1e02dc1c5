from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hub_core.errors import ModelUnavailable
from retrieval.index import DocumentationIndex
from tests.retrieval.embedders import HashingEmbedder

CLONING = "# Git\n\n## Clone a repository\n\nGive git clone its URL.\n"
TOKENS = "# Tokens\n\n## Revoke a token\n\nIt ends at once.\n\n## Create a token\n\nIt is shown once.\n"


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "git.md").write_text(CLONING)
    (folder / "tokens.md").write_text(TOKENS)
    return folder


@pytest.fixture
async def index(tmp_path: Path, pages: Path) -> AsyncIterator[DocumentationIndex]:
    index = DocumentationIndex(tmp_path / "index", HashingEmbedder(), pages)
    await index.prepare()
    yield index
    await index.close()


async def _search(folder: Path, embedder: HashingEmbedder, pages: Path, query: str) -> list[str]:
    index = DocumentationIndex(folder, embedder, pages)
    await index.prepare()
    found = [passage.source for passage in await index.search(query)]
    await index.close()
    return found


async def test_the_passage_that_answers_comes_first(index: DocumentationIndex) -> None:
    best, *others = await index.search("how do I revoke a token?")

    assert (best.title, best.source, best.text) == ("Tokens › Revoke a token", "docs/tokens.md#revoke-a-token", "It ends at once.")
    assert 0 < best.score <= 1
    assert all(other.score <= best.score for other in others)


async def test_nothing_fits(index: DocumentationIndex) -> None:
    assert await index.search("zebra wxyz qqq") == []
    assert await index.search("") == []


async def test_the_limit_holds(index: DocumentationIndex) -> None:
    assert len(await index.search("token", limit=1)) == 1
    assert len(await index.search("token", limit=2)) == 2


async def test_a_long_question_is_no_trouble(index: DocumentationIndex) -> None:
    assert await index.search("clone repository " * 10_000)


async def test_questions_at_once_share_one_index(tmp_path: Path, pages: Path) -> None:
    embedder = HashingEmbedder()
    index = DocumentationIndex(tmp_path / "index", embedder, pages)
    answers = await asyncio.gather(*(index.search("clone") for _ in range(5)))
    await index.close()

    assert all(answer[0].source == "docs/git.md#clone-a-repository" for answer in answers)
    assert embedder.texts == 2 * 3 + 5, "each heading and text once, then the questions"


async def test_a_second_start_reuses_the_index(tmp_path: Path, pages: Path) -> None:
    await _search(tmp_path / "index", HashingEmbedder(), pages, "clone")
    embedder = HashingEmbedder()

    assert await _search(tmp_path / "index", embedder, pages, "clone")
    assert embedder.texts == 2, "the model is compared by one heading, then the question"


async def test_changed_pages_are_indexed_again(tmp_path: Path, pages: Path) -> None:
    await _search(tmp_path / "index", HashingEmbedder(), pages, "clone")
    (pages / "backup.md").write_text("# Backup\n\n## Restore a backup\n\nCopy it back.\n")

    assert (await _search(tmp_path / "index", HashingEmbedder(), pages, "restore a backup"))[0] == "docs/backup.md#restore-a-backup"


async def test_another_model_means_another_index(tmp_path: Path, pages: Path) -> None:
    await _search(tmp_path / "index", HashingEmbedder(), pages, "clone")
    other = HashingEmbedder("another")

    assert await _search(tmp_path / "index", other, pages, "clone")
    assert other.texts == 1 + 2 * 3 + 1


async def test_a_damaged_index_is_made_anew(tmp_path: Path, pages: Path) -> None:
    await _search(tmp_path / "index", HashingEmbedder(), pages, "clone")
    (tmp_path / "index" / "chroma.sqlite3").write_bytes(b"not a database " * 1000)
    embedder = HashingEmbedder()

    assert await _search(tmp_path / "index", embedder, pages, "clone")
    assert embedder.texts == 2 * 3 + 1


async def test_without_a_place_for_the_index_words_are_enough(tmp_path: Path, pages: Path) -> None:
    (tmp_path / "index").write_text("a file where the folder should be")

    assert (await _search(tmp_path / "index", HashingEmbedder(), pages, "revoke a token"))[0] == "docs/tokens.md#revoke-a-token"


async def test_no_pages_no_answers(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()

    assert await _search(tmp_path / "index", HashingEmbedder(), tmp_path / "docs", "clone") == []


class _SlowEmbedder(HashingEmbedder):
    """Gives vectors once it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def embed(self, texts: list[str], /) -> NDArray[np.float32]:
        self.go.wait(60)
        return super().embed(texts)


async def test_who_asks_while_vectors_are_made_is_answered_by_words(tmp_path: Path, pages: Path) -> None:
    embedder = _SlowEmbedder()
    index = DocumentationIndex(tmp_path / "index", embedder, pages)
    early = await index.search("revoke a token")
    assert embedder.texts == 0
    embedder.go.set()
    await index.prepare()
    late = await index.search("revoke a token")
    await index.close()

    assert early[0].source == late[0].source == "docs/tokens.md#revoke-a-token"
    assert embedder.texts == 2 * 3 + 1


async def test_what_the_embedder_raises_is_raised(tmp_path: Path, pages: Path) -> None:
    class Broken:
        def embed(self, texts: list[str], /) -> NDArray[np.float32]:
            raise ModelUnavailable("The model is gone.")

    index = DocumentationIndex(tmp_path / "index", Broken(), pages)
    with pytest.raises(ModelUnavailable):
        await index.search("clone")


def test_chromadb_waits_for_the_first_question() -> None:
    code = "import sys, retrieval.index; sys.exit('chromadb' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
