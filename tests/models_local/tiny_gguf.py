"""Write a GGUF of random weights, small enough to make in a test: a Llama of one layer that spells bytes."""

import struct
from pathlib import Path
from typing import Any

import numpy as np

WIDTH, INNER, HEADS, CONTEXT = 32, 64, 2, 4096
_UINT32, _FLOAT32, _BOOL, _STRING, _ARRAY, _INT32 = 4, 6, 7, 8, 9, 5
_ALIGNMENT = 32


def write_tiny_gguf(path: Path, seed: int = 0) -> None:
    """The format is https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, version 3."""
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    metadata: list[tuple[str, int, Any]] = [
        ("general.architecture", _STRING, "llama"),
        ("general.name", _STRING, "tiny"),
        ("llama.block_count", _UINT32, 1),
        ("llama.context_length", _UINT32, CONTEXT),
        ("llama.embedding_length", _UINT32, WIDTH),
        ("llama.feed_forward_length", _UINT32, INNER),
        ("llama.attention.head_count", _UINT32, HEADS),
        ("llama.attention.layer_norm_rms_epsilon", _FLOAT32, 1e-5),
        ("llama.rope.dimension_count", _UINT32, WIDTH // HEADS),
        ("tokenizer.ggml.model", _STRING, "llama"),
        ("tokenizer.ggml.tokens", _ARRAY, (_STRING, tokens)),
        ("tokenizer.ggml.scores", _ARRAY, (_FLOAT32, [0.0] * len(tokens))),
        ("tokenizer.ggml.token_type", _ARRAY, (_INT32, [2, 3, 3, *([6] * 256)])),
        ("tokenizer.ggml.bos_token_id", _UINT32, 1),
        ("tokenizer.ggml.eos_token_id", _UINT32, 2),
        ("tokenizer.ggml.add_bos_token", _BOOL, True),
    ]
    tensors = _tensors(np.random.default_rng(seed), len(tokens))
    header = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(metadata))
    header += b"".join(_string(key) + struct.pack("<I", kind) + _value(kind, value) for key, kind, value in metadata)
    offset = 0
    for name, array in tensors.items():
        shape = tuple(reversed(array.shape))
        header += _string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, offset)
        offset += _padded(array.nbytes)
    body = b"".join(array.tobytes().ljust(_padded(array.nbytes), b"\0") for array in tensors.values())
    path.write_bytes(header.ljust(_padded(len(header)), b"\0") + body)


def _tensors(rng: np.random.Generator, vocabulary: int) -> dict[str, Any]:
    shapes = {
        "token_embd.weight": (vocabulary, WIDTH), "output.weight": (vocabulary, WIDTH), "blk.0.attn_q.weight": (WIDTH, WIDTH),
        "blk.0.attn_k.weight": (WIDTH, WIDTH), "blk.0.attn_v.weight": (WIDTH, WIDTH), "blk.0.attn_output.weight": (WIDTH, WIDTH),
        "blk.0.ffn_gate.weight": (INNER, WIDTH), "blk.0.ffn_up.weight": (INNER, WIDTH), "blk.0.ffn_down.weight": (WIDTH, INNER),
    }
    norms = ("output_norm.weight", "blk.0.attn_norm.weight", "blk.0.ffn_norm.weight")
    matrices = {name: rng.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}
    return matrices | {name: np.ones(WIDTH, dtype=np.float32) for name in norms}


def _padded(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _value(kind: int, value: Any) -> bytes:
    if kind == _STRING:
        return _string(value)
    if kind == _ARRAY:
        inner, items = value
        return struct.pack("<IQ", inner, len(items)) + b"".join(_value(inner, item) for item in items)
    return struct.pack({_UINT32: "<I", _INT32: "<i", _FLOAT32: "<f", _BOOL: "<?"}[kind], value)
