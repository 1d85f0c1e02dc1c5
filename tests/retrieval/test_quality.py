"""How often the shipped model finds the right place in the shipped documentation."""

from __future__ import annotations

import json
from pathlib import Path

from models_local.embedder import Embedder
from retrieval.documents import read_sections
from retrieval.index import DocumentationIndex

QUESTIONS = [json.loads(line) for line in (Path(__file__).parent / "questions.jsonl").read_text().splitlines()]
_STRAY = 1


def test_expected_sections_exist() -> None:
    known = {section.source for section in read_sections()}

    assert [source for question in QUESTIONS for source in question["sources"] if source not in known] == []


async def test_questions_find_their_section(tmp_path: Path) -> None:
    index = DocumentationIndex(tmp_path / "index", Embedder.load())
    await index.prepare()
    answerable = [question for question in QUESTIONS if question["sources"]]
    found = {question["question"]: [passage.source for passage in await index.search(question["question"])] for question in QUESTIONS}
    await index.close()

    def share(depth: int, *, pages: bool) -> float:
        def name(source: str) -> str:
            return source.partition("#")[0] if pages else source

        hits = sum(
            bool({name(source) for source in found[question["question"]][:depth]} & {name(source) for source in question["sources"]})
            for question in answerable
        )
        return hits / len(answerable)

    figures = {"page 1": share(1, pages=True), "page 3": share(3, pages=True), "section 1": share(1, pages=False), "section 3": share(3, pages=False)}
    floors = {"page 1": 0.93, "page 3": 0.97, "section 1": 0.76, "section 3": 0.93}
    assert all(figures[name] >= floor for name, floor in floors.items()), figures
    stray = [question["question"] for question in QUESTIONS if not question["sources"] and found[question["question"]]]
    assert len(stray) <= _STRAY, stray
