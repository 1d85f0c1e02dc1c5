"""The shipped encoder: a GGUF run by llama.cpp, one vector per piece of text."""

import logging
import threading
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from models_local.errors import damaged, missing

Vectors = NDArray[np.float32]

LONGEST = 512

# llama.cpp describes every tensor it loads on stderr unless this logger, which the binding asks, is above its levels.
logging.getLogger("llama-cpp-python").setLevel(logging.CRITICAL)


class Encoder:
    """Vectors from piece ids. One llama.cpp context serves one thread at a time; a lock keeps callers apart."""

    def __init__(self, path: Path, *, digest: str | None = None, threads: int = 1) -> None:
        """Open the model at `path`; `digest` is its sha256 in hex, checked before the file is given to llama.cpp.

        Raises ModelFileMissing or ModelFileDamaged.
        """
        self._lock = threading.Lock()
        self._model = _open_model(path, digest)
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = LONGEST
        params.n_threads = params.n_threads_batch = threads
        params.embeddings = True
        params.pooling_type = llama_cpp.LLAMA_POOLING_TYPE_NONE
        self._context = llama_cpp.llama_init_from_model(self._model, params)
        if self._context is None:
            llama_cpp.llama_model_free(self._model)
            raise damaged(path)
        self.width: int = llama_cpp.llama_model_n_embd(self._model)
        self._batch = llama_cpp.llama_batch_init(LONGEST, 0, 1)

    def close(self) -> None:
        """Free the model; the encoder must not be used afterwards."""
        with self._lock:
            if self._context is not None:
                llama_cpp.llama_batch_free(self._batch)
                llama_cpp.llama_free(self._context)
                llama_cpp.llama_model_free(self._model)
                self._context = None

    def encode(self, ids: Sequence[int]) -> Vectors:
        """Vectors of shape (len(ids), width); at most 512 ids, start and end marks included."""
        with self._lock:
            if self._context is None:
                raise RuntimeError("The encoder is closed.")
            batch = self._batch
            batch.n_tokens = len(ids)
            for index, piece in enumerate(ids):
                batch.token[index] = piece
                batch.pos[index] = index
                batch.n_seq_id[index] = 1
                batch.seq_id[index][0] = 0
                batch.logits[index] = True
            status = llama_cpp.llama_encode(self._context, batch)
            if status != 0:
                raise RuntimeError(f"llama.cpp could not encode {len(ids)} pieces (status {status}).")
            pointer = llama_cpp.llama_get_embeddings(self._context)
            return np.ctypeslib.as_array(pointer, (len(ids), self.width)).astype(np.float32, copy=True)


def _open_model(path: Path, digest: str | None) -> Any:
    if not path.is_file():
        raise missing(path)
    if digest is not None and file_digest(path) != digest:
        raise damaged(path)
    params = llama_cpp.llama_model_default_params()
    params.n_gpu_layers = 0
    # Repacked weights use AMX where the processor announces it, and some virtual machines announce it but trap on it.
    params.use_extra_bufts = False
    llama_cpp.llama_backend_init()
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
    if model is None:
        raise damaged(path)
    return model


def file_digest(path: Path) -> str:
    """The sha256 of a file, in hex."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
