"""The trained network: a BERT encoder with joint heads, as small as its weights file asks for."""

from pathlib import Path

import torch  # type: ignore[import-not-found,unused-ignore]
from safetensors.torch import load_file  # type: ignore[import-not-found,unused-ignore]
from torch import Tensor, nn
from torch.nn import functional  # type: ignore[import-not-found,unused-ignore]

from models_local.labels import Labels
from models_local.pieces import ATTACHMENT_WORDS, FIRST_PLACEHOLDER, PLACEHOLDER_WORDS, Pieces

LAYERS, WIDTH, ATTENTION_HEADS, INNER, POSITIONS, EPSILON = 6, 384, 12, 1536, 512, 1e-12
PLACEHOLDERS = 16


class Layer(nn.Module):  # type: ignore[misc,unused-ignore]
    """One transformer block, post-norm as in BERT."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.mix = nn.Linear(WIDTH, WIDTH)
        self.mix_norm = nn.LayerNorm(WIDTH, eps=EPSILON)
        self.up, self.down = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.down_norm = nn.LayerNorm(WIDTH, eps=EPSILON)
        self.dropout = nn.Dropout(0.1)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """One block over (batch, length, width); `mask` is true where attention is allowed."""
        batch, length, _ = hidden.shape
        query, key, value = (
            projection(hidden).view(batch, length, ATTENTION_HEADS, -1).transpose(1, 2) for projection in (self.query, self.key, self.value)
        )
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=0.1 if self.training else 0.0)
        mixed = self.mix(attended.transpose(1, 2).reshape(batch, length, WIDTH))
        hidden = self.mix_norm(hidden + self.dropout(mixed))
        return self.down_norm(hidden + self.dropout(self.down(functional.gelu(self.up(hidden)))))


class Encoder(nn.Module):  # type: ignore[misc,unused-ignore]
    """all-MiniLM-L6-v2's architecture; word vectors stay as pretrained, only the placeholders' are learned."""

    def __init__(self, vocabulary: int, first_placeholder: int) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, WIDTH)
        self.words.weight.requires_grad_(False)
        self.placeholders = nn.Parameter(torch.zeros(PLACEHOLDERS, WIDTH))
        self.first_placeholder = first_placeholder
        self.positions = nn.Embedding(POSITIONS, WIDTH)
        self.types = nn.Embedding(2, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=EPSILON)
        self.dropout = nn.Dropout(0.1)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))

    def forward(self, ids: Tensor, present: Tensor) -> Tensor:
        """Vectors (batch, length, width) of token ids; `present` is false on padding."""
        offset = ids - self.first_placeholder
        is_placeholder = (offset >= 0) & (offset < PLACEHOLDERS)
        placed = self.placeholders[offset.clamp(0, PLACEHOLDERS - 1)]
        words = torch.where(is_placeholder.unsqueeze(-1), placed, self.words(ids))
        hidden = words + self.positions(torch.arange(ids.shape[1])) + self.types.weight[0]
        hidden = self.dropout(self.norm(hidden))
        mask = present[:, None, None, :]
        for layer in self.layers:
            hidden = layer(hidden, mask)
        return hidden

    def word_table(self) -> Tensor:
        """The whole word embedding with the learned placeholders in their rows."""
        table = self.words.weight.detach().clone()
        table[self.first_placeholder : self.first_placeholder + PLACEHOLDERS] = self.placeholders.detach()
        return table


class Planner(nn.Module):  # type: ignore[misc,unused-ignore]
    """Encoder with heads for tool, constants of arguments, spans, clause borders and situation."""

    def __init__(self, encoder: Encoder, labels: Labels) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(0.1)
        self.tool = nn.Linear(2 * WIDTH, len(labels.tools))
        self.situated = nn.Linear(2 * WIDTH, 2)
        self.constants = nn.ModuleDict({f"of_{name}": nn.Linear(2 * WIDTH, len(values) + 1) for name, values in labels.constants.items()})
        self.tags = nn.Linear(WIDTH, len(labels.tags))
        self.border = nn.Linear(WIDTH, 2)

    def forward(self, ids: Tensor, present: Tensor, firsts: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor], Tensor]:
        """Logits per utterance, logits per chunk, and the pooled vectors; `firsts` is the piece each chunk starts at."""
        hidden = self.encoder(ids, present)
        pooled = pool(hidden, present)
        whole = self.dropout(torch.cat([pooled, hidden[:, 0]], dim=-1))
        chunks = self.dropout(hidden.gather(1, firsts.unsqueeze(-1).expand(-1, -1, WIDTH)))
        per_utterance = {"tool": self.tool(whole), "situated": self.situated(whole)}
        per_utterance |= {f"constants.{name.removeprefix('of_')}": head(whole) for name, head in self.constants.items()}
        return per_utterance, {"tags": self.tags(chunks), "border": self.border(chunks)}, pooled


def pool(hidden: Tensor, present: Tensor) -> Tensor:
    """The mean over an utterance's own pieces."""
    weight = present.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weight).sum(1) / weight.sum(1)


def untrained_encoder(pieces: Pieces, weights: Path) -> Encoder:
    """all-MiniLM-L6-v2 from its safetensors file; a placeholder starts as the mean of the words that describe it."""
    state = load_file(str(weights))
    encoder = Encoder(state["embeddings.word_embeddings.weight"].shape[0], FIRST_PLACEHOLDER)
    renamed = {ours: state[theirs] for ours, theirs in weight_names().items()}
    encoder.load_state_dict({**renamed, "placeholders": encoder.placeholders.data})
    with torch.no_grad():
        for index, words in enumerate((*PLACEHOLDER_WORDS.values(), ATTACHMENT_WORDS)):
            encoder.placeholders[index] = encoder.words.weight[list(pieces.of_word(words))].mean(0)
    return encoder


def weight_names() -> dict[str, str]:
    """Our parameter names to those of the published BERT weights."""
    names = {"words.weight": "embeddings.word_embeddings.weight", "positions.weight": "embeddings.position_embeddings.weight", "types.weight": "embeddings.token_type_embeddings.weight"}
    pairs = [("norm", "embeddings.LayerNorm")]
    inner = {
        "query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value", "mix": "attention.output.dense",
        "mix_norm": "attention.output.LayerNorm", "up": "intermediate.dense", "down": "output.dense", "down_norm": "output.LayerNorm",
    }
    pairs += [(f"layers.{layer}.{ours}", f"encoder.layer.{layer}.{theirs}") for layer in range(LAYERS) for ours, theirs in inner.items()]
    return names | {f"{ours}.{kind}": f"{theirs}.{kind}" for ours, theirs in pairs for kind in ("weight", "bias")}
