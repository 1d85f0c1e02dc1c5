"""From a sentence to a call: the shipped model through `copilot.plan`, in this process and on one core."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from benchmarks.options import Options
from benchmarks.report import Report, Row

_PAGE = "datasets/alice/iris"
_SENTENCES = (
    "create a private dataset called weather",
    "list my repositories",
    "show me 5 rows of iris",
    "make it public",
    "tag it v1 and delete the branch experiment",
    "delete alice/old-model",
    "which license does it have?",
    "what changed last in models/alice/bert?",
    "who did what yesterday",
    "read the file README.md of iris at v1",
    "create a token called ci that expires in 90 days",
    "how do I push large files with git?",
    "find public datasets about climate with an mit license",
    "create a model named tiny-llama, then a branch dev in it, then tag it v0.1",
    "thank you!",
    "what is the weather in Paris?",
)


def measure(options: Options, report: Report) -> None:
    """Milliseconds from a sentence to its plan, and seconds until the first plan, imports and load of the model included."""
    began = time.perf_counter()
    from copilot.plan import plan  # noqa: PLC0415  # its import is part of what is measured

    plan(_SENTENCES[0], user="alice")
    loaded = time.perf_counter() - began

    from models_local.embedder import Embedder  # noqa: PLC0415  # after the planner, whose imports it shares

    embedder = Embedder.load()
    embedder.embed(_SENTENCES[:1])
    planning: list[float] = []
    embedding: list[float] = []
    for _ in range(options.rounds):
        planning += _milliseconds(lambda sentence: plan(sentence, _PAGE, user="alice"))
        embedding += _milliseconds(lambda sentence: embedder.embed([sentence]))
    peer = "one sentence vector by the shipped embedder"
    report.rows += [
        Row("A sentence to its call, p50", "ms", statistics.median(planning), statistics.median(embedding), peer),
        Row("A sentence to its call, p95", "ms", _p95(planning), _p95(embedding), peer),
        Row("Imports, load of the model and first plan", "ms", loaded * 1000),
    ]


def _milliseconds(act: Callable[[str], object]) -> list[float]:
    taken = []
    for sentence in _SENTENCES:
        began = time.perf_counter()
        act(sentence)
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]
