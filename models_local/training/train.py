"""Train the shipped model: `python -m models_local.training.train --phrases tools/examples --catalog catalog.json --out DIR`.

Reproducible: the seed decides split, samples and weights. Needs PyTorch; takes some twenty minutes on two free cores.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch  # type: ignore[import-not-found,unused-ignore]
from torch import Tensor
from torch.nn import functional  # type: ignore[import-not-found,unused-ignore]

from models_local.pieces import Pieces
from models_local.training.corpus import Corpus, pretrained_folder, read_corpus
from models_local.training.data import LabelledSample, Sample, SampleMaker, training_samples
from models_local.training.evaluate import finish
from models_local.training.export import export
from models_local.training.fillers import Filler
from models_local.training.model import Planner, pool, untrained_encoder

IGNORED = -100
BATCH = 48
ANCHOR_WEIGHT = 0.3
WEIGHTS = {"tags": 3.0, "border": 2.0, "situated": 0.5}


class Batches:
    """Makes tensors of samples."""

    def __init__(self, corpus: Corpus, pieces: Pieces) -> None:
        self._corpus, self._pieces = corpus, pieces
        labels = corpus.labels
        self._tags = {tag: index for index, tag in enumerate(labels.tags)}
        self._tool = {tool: index for index, tool in enumerate(labels.tools)}

    def of(self, made: Sequence[LabelledSample]) -> dict[str, Tensor]:
        """One padded batch."""
        rows = []
        for sample, chunks, tags, borders in made:
            ids, firsts = self._pieces.encode(chunks, attached=sample.attached)
            rows.append((sample, ids, firsts, tags[: len(firsts)], borders[: len(firsts)]))
        length, width = max(len(row[1]) for row in rows), max(len(row[2]) for row in rows)
        batch = {
            "ids": torch.tensor([ids + [0] * (length - len(ids)) for _, ids, *_ in rows]),
            "firsts": torch.tensor([firsts + [0] * (width - len(firsts)) for _, _, firsts, *_ in rows]),
            "tags": torch.tensor([[self._tags[tag] for tag in tags] + [IGNORED] * (width - len(tags)) for *_, tags, _ in rows]),
            "border": torch.tensor([borders + [IGNORED] * (width - len(borders)) for *_, borders in rows]),
            "tool": torch.tensor([IGNORED if sample.multiple else self._tool[sample.tool] for sample, *_ in rows]),
            "situated": torch.tensor([self._situated(sample) for sample, *_ in rows]),
        }
        batch["present"] = torch.tensor([[True] * len(ids) + [False] * (length - len(ids)) for _, ids, *_ in rows])
        for name, values in self._corpus.labels.constants.items():
            batch[f"constants.{name}"] = torch.tensor([self._constant(sample, name, values) for sample, *_ in rows])
        return batch

    def _situated(self, sample: Sample) -> int:
        tool = self._corpus.tools.get(sample.tool)
        return int(sample.situated) if tool and "repository" in tool.arguments and not sample.multiple else IGNORED

    def _constant(self, sample: Sample, name: str, values: Sequence[str]) -> int:
        tool = self._corpus.tools.get(sample.tool)
        if sample.multiple or tool is None or name not in tool.arguments:
            return IGNORED
        value = sample.constants.get(name)
        folded = {known.lower(): index for index, known in enumerate(values, start=1)}
        return folded.get(value.lower(), IGNORED) if value else 0


def loss_of(model: Planner, batch: dict[str, Tensor], anchor: Tensor | None) -> Tensor:
    """The summed loss of all heads; `anchor` holds the pooled vectors that the encoder gave before training."""
    whole, chunks, pooled = model(batch["ids"], batch["present"], batch["firsts"])
    total = torch.zeros(())
    for name, logits in {**whole, **chunks}.items():
        target = batch[name]
        if (target != IGNORED).any():
            weight = WEIGHTS.get(name, 1.0)
            smoothing = 0.05 if name == "tool" else 0.0
            total = total + weight * functional.cross_entropy(logits.flatten(0, -2).float(), target.flatten(), ignore_index=IGNORED, label_smoothing=smoothing)
    if anchor is not None:
        total = total + ANCHOR_WEIGHT * (1 - functional.cosine_similarity(pooled.float(), anchor.float())).mean()
    return total


def parameter_groups(model: Planner, rate: float) -> list[dict[str, object]]:
    """Lower layers learn more slowly: what they know of language must survive."""
    groups: list[dict[str, object]] = [{"params": [model.encoder.placeholders], "lr": rate * 4}]
    groups.append({"params": [*model.encoder.norm.parameters(), *model.encoder.types.parameters()], "lr": rate * 0.2})
    model.encoder.positions.weight.requires_grad_(False)
    for index, layer in enumerate(model.encoder.layers):
        groups.append({"params": list(layer.parameters()), "lr": rate * 0.85 ** (5 - index)})
    heads = [parameter for name, parameter in model.named_parameters() if not name.startswith("encoder.")]
    return [*groups, {"params": heads, "lr": rate * 8}]


def train(corpus: Corpus, pieces: Pieces, *, steps: int, seed: int, rate: float = 1.5e-4, resume: Path | None = None) -> Planner:
    """Train on the phrases that are not held out; `resume` is a checkpoint of the same heads to go on from."""
    torch.manual_seed(seed)
    rng = random.Random(seed)  # noqa: S311  # chance, not secrecy
    weights = pretrained_folder() / "model.safetensors"
    before = untrained_encoder(pieces, weights).eval()
    model = Planner(untrained_encoder(pieces, weights), corpus.labels)
    model.train()
    if resume is not None:
        model.load_state_dict(torch.load(resume, weights_only=True))
    optimizer = torch.optim.AdamW(parameter_groups(model, rate), weight_decay=0.01, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, [group["lr"] for group in optimizer.param_groups], total_steps=steps, pct_start=0.06)
    maker = SampleMaker(corpus.tools, corpus.labels, Filler(rng, corpus.plain_words), rng)
    stream = training_samples(corpus.training, maker, rng, corpus.labels, steps * BATCH)
    batches = Batches(corpus, pieces)
    started, smooth = time.monotonic(), 0.0
    for step, made in enumerate(_by_length(stream), start=1):
        batch = batches.of(made)
        anchor = None
        if step % 4 == 0:
            with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
                anchor = pool(before(batch["ids"], batch["present"]), batch["present"])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = loss_of(model, batch, anchor)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        smooth = loss.item() if step == 1 else 0.98 * smooth + 0.02 * loss.item()
        if step % 100 == 0:
            print(f"step {step}/{steps}  loss {smooth:.3f}  {time.monotonic() - started:.0f} s", flush=True)  # noqa: T201
        if step == steps:
            break
    model.eval()
    return model


def _by_length(stream: Iterator[LabelledSample]) -> Iterator[list[LabelledSample]]:
    """Batches of samples of like length, to spend little on padding."""
    pool: list[LabelledSample] = []
    for made in stream:
        pool.append(made)
        if len(pool) == BATCH * 8:
            order = random.Random(len(made[0].text) * 7919 + len(pool[0][0].text))  # noqa: S311  # chance, not secrecy
            pool.sort(key=lambda item: len(item[1]))
            groups = [pool[start : start + BATCH] for start in range(0, len(pool), BATCH)]
            order.shuffle(groups)
            yield from groups
            pool = []


def main() -> None:
    """Train, export, calibrate, and print the scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phrases", type=Path, required=True)
    parser.add_argument("--catalog", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--resume", type=Path, help="go on from this checkpoint")
    parser.add_argument("--checkpoint", type=Path, help="also keep the trained network here")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    corpus = read_corpus(options.phrases, options.catalog, pretrained_folder() / "tokenizer.json")
    pieces = Pieces.load(pretrained_folder() / "tokenizer.json")
    model = train(corpus, pieces, steps=options.steps, seed=options.seed, resume=options.resume)
    if options.checkpoint is not None:
        torch.save(model.state_dict(), options.checkpoint)
    export(model, corpus, pieces, pretrained_folder() / "tokenizer.json", options.out)
    print(finish(options.out, corpus, json.loads(options.catalog.read_text(encoding="utf-8"))))  # noqa: T201


if __name__ == "__main__":
    main()
