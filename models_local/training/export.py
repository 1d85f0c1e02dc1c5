"""Write what the product ships: the encoder as GGUF (Q8_0), the heads as NumPy arrays, labels, tokenizer, configuration."""

import json
import random
import shutil
from pathlib import Path
from typing import Any

import gguf  # type: ignore[import-not-found,unused-ignore]
import numpy as np
import torch  # type: ignore[import-not-found,unused-ignore]
from gguf import GGMLQuantizationType, GGUFWriter, TokenType

from models_local.encoder import Encoder as Runtime
from models_local.encoder import file_digest
from models_local.nearest import pack
from models_local.pieces import Pieces
from models_local.text import segment
from models_local.training.corpus import Corpus
from models_local.training.data import SampleMaker
from models_local.training.fillers import Filler
from models_local.training.model import ATTENTION_HEADS, EPSILON, INNER, LAYERS, POSITIONS, WIDTH, Encoder, Planner, untrained_encoder
from models_local.training.phrases import OUTCOMES

ENCODER_FILE, HEADS_FILE, LABELS_FILE, CONFIG_FILE, TOKENIZER_FILE = "encoder.gguf", "heads.npz", "labels.json", "config.json", "tokenizer.json"
EXAMPLES_FILE, EMBEDDER_FILE = "examples.npz", "embedder.gguf"
PLANNER_KIND, WORDS_KIND, EMBEDDER_KIND = GGMLQuantizationType.Q8_0, GGMLQuantizationType.Q5_0, GGMLQuantizationType.Q4_0
_SPECIAL = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}


def write_gguf(
    encoder: Encoder, vocabulary: list[str], path: Path, *, kind: GGMLQuantizationType = PLANNER_KIND, words: GGMLQuantizationType = WORDS_KIND
) -> None:
    """Write the encoder in llama.cpp's `bert` architecture; word vectors in `words`, other matrices in `kind`, the rest in f32."""
    writer = GGUFWriter(str(path), "bert")
    writer.add_name("hubpilot planner")
    writer.add_license("apache-2.0")
    writer.add_base_model_name(0, "all-MiniLM-L6-v2")
    writer.add_block_count(LAYERS)
    writer.add_context_length(POSITIONS)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(ATTENTION_HEADS)
    writer.add_layer_norm_eps(EPSILON)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.NONE)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    _add_vocabulary(writer, vocabulary)
    for name, tensor in _tensors(encoder).items():
        array = tensor.detach().float().numpy()
        quantized = array.ndim == 2 and not name.startswith(("position", "token_types"))
        if quantized:
            chosen = words if name == "token_embd.weight" else kind
            writer.add_tensor(name, gguf.quants.quantize(array, chosen), raw_dtype=chosen)
        else:
            writer.add_tensor(name, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_vocabulary(writer: GGUFWriter, vocabulary: list[str]) -> None:
    index = {piece: number for number, piece in enumerate(vocabulary)}
    special = {number for piece, number in index.items() if piece in _SPECIAL}
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("jina-v2-en")
    # llama.cpp marks the start of a word, WordPiece its continuation.
    writer.add_token_list([piece if number in special or piece.startswith("[unused") else piece[2:] if piece.startswith("##") else "\u2581" + piece for number, piece in enumerate(vocabulary)])
    writer.add_token_types([TokenType.CONTROL if number in special else TokenType.NORMAL for number in range(len(vocabulary))])
    writer.add_token_type_count(2)
    writer.add_bos_token_id(index["[CLS]"])
    writer.add_eos_token_id(index["[SEP]"])
    writer.add_sep_token_id(index["[SEP]"])
    writer.add_unk_token_id(index["[UNK]"])
    writer.add_pad_token_id(index["[PAD]"])
    writer.add_mask_token_id(index["[MASK]"])
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(True)


def _tensors(encoder: Encoder) -> dict[str, torch.Tensor]:
    tensors = {"token_embd.weight": encoder.word_table(), "position_embd.weight": encoder.positions.weight, "token_types.weight": encoder.types.weight}
    tensors |= {f"token_embd_norm.{kind}": getattr(encoder.norm, kind) for kind in ("weight", "bias")}
    names = {"query": "attn_q", "key": "attn_k", "value": "attn_v", "mix": "attn_output", "mix_norm": "attn_output_norm", "up": "ffn_up", "down": "ffn_down", "down_norm": "layer_output_norm"}
    for number, layer in enumerate(encoder.layers):
        for ours, theirs in names.items():
            tensors |= {f"blk.{number}.{theirs}.{kind}": getattr(getattr(layer, ours), kind) for kind in ("weight", "bias")}
    return tensors


def heads_of(model: Planner) -> dict[str, Any]:
    """Every head's weight and bias under the names the product reads."""
    arrays: dict[str, Any] = {}
    heads = {"tool": model.tool, "situated": model.situated, "tags": model.tags, "border": model.border}
    heads |= {f"constants.{name.removeprefix('of_')}": head for name, head in model.constants.items()}
    for name, head in heads.items():
        arrays[f"{name}.weight"] = head.weight.detach().float().numpy().astype(np.float32)
        arrays[f"{name}.bias"] = head.bias.detach().float().numpy().astype(np.float32)
    return arrays


def parity(model: Planner, pieces: Pieces, path: Path, texts: list[str]) -> float:
    """The lowest cosine between PyTorch's and llama.cpp's vectors over the pieces of `texts`."""
    runtime = Runtime(path)
    lowest = 1.0
    for text in texts:
        ids, _ = pieces.encode(segment(text))
        with torch.no_grad():
            ours = model.encoder(torch.tensor([ids]), torch.ones(1, len(ids), dtype=torch.bool))[0].numpy()
        theirs = runtime.encode(ids)
        cosine = (ours * theirs).sum(1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
        lowest = min(lowest, float(cosine.min()))
    runtime.close()
    return lowest


def export(model: Planner, corpus: Corpus, pieces: Pieces, tokenizer: Path, folder: Path) -> None:
    """Write all files of the shipped model to `folder`; raises ValueError when the GGUF does not match the network."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"]
    in_order = sorted(vocabulary, key=vocabulary.__getitem__)
    write_gguf(model.encoder, in_order, folder / ENCODER_FILE)
    original = untrained_encoder(pieces, tokenizer.parent / "model.safetensors")
    write_gguf(original, in_order, folder / EMBEDDER_FILE, kind=EMBEDDER_KIND, words=EMBEDDER_KIND)
    np.savez(folder / HEADS_FILE, **heads_of(model))
    corpus.labels.save(folder / LABELS_FILE)
    shutil.copyfile(tokenizer, folder / TOKENIZER_FILE)
    texts = [phrase.template for phrase in corpus.phrases[::97]]
    cosine = parity(model, pieces, folder / ENCODER_FILE, texts)
    if cosine < 0.995:
        raise ValueError(f"The exported encoder differs from the trained one: lowest cosine {cosine:.4f}.")
    write_examples(corpus, pieces, folder)
    config = {"encoder_sha256": file_digest(folder / ENCODER_FILE), "embedder_sha256": file_digest(folder / EMBEDDER_FILE), "parity_cosine": round(cosine, 5)}
    (folder / CONFIG_FILE).write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def write_examples(corpus: Corpus, pieces: Pieces, folder: Path) -> None:
    """Write the vectors of the training phrases, the yardstick for tools the heads do not know."""
    runtime = Runtime(folder / ENCODER_FILE)
    filler = Filler(random.Random(1), corpus.plain_words)  # noqa: S311  # chance, not secrecy
    maker = SampleMaker(corpus.tools, corpus.labels, filler, random.Random(1), vary=False)  # noqa: S311  # chance, not secrecy
    vectors, owners = [], []
    for phrase in corpus.training:
        if phrase.tool in OUTCOMES:
            continue
        ids, _ = pieces.encode(segment(maker.single(phrase).text, corpus.labels.literals))
        pooled = runtime.encode(ids).mean(axis=0)
        vectors.append(pooled / np.linalg.norm(pooled))
        owners.append(corpus.labels.tools.index(phrase.tool))
    runtime.close()
    np.savez_compressed(folder / EXAMPLES_FILE, vectors=pack(np.stack(vectors)), owners=np.array(owners, dtype=np.int16))
