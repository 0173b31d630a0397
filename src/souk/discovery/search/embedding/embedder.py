"""Turns sentences into vectors. Thread-safe and blocking: call it off the event loop."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from tokenizers import Tokenizer

from souk.discovery.search.embedding.build import ensure_model
from souk.discovery.search.embedding.weights import weights_folder

DIMENSIONS: Final = 384
MAX_TOKENS: Final = 256
_BATCH: Final = 16

Vector = npt.NDArray[np.float32]


class Embedder:
    """MiniLM sentence vectors of length 1, so that a dot product is the cosine.

    Similar sentences lie near 0.6 or above, unrelated ones near 0.
    """

    def __init__(self, model_path: Path, *, threads: int = 1, cached_queries: int = 2_000) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that spin while they wait would take the processor from everyone else.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = ort.InferenceSession(
            str(model_path), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(weights_folder() / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()
        self._cache: OrderedDict[str, Vector] = OrderedDict()
        self._cache_size = cached_queries
        self._lock = threading.Lock()
        self.model_name = model_path.stem

    @classmethod
    def open(cls, data_dir: Path, *, threads: int = 1, cached_queries: int = 2_000) -> "Embedder":
        """Load the model under `data_dir/models`, building it first where it is missing.

        Raises WeightsMissing when the weights are not installed.
        """
        model = ensure_model(data_dir / "models")
        return cls(model, threads=threads, cached_queries=cached_queries)

    def query(self, text: str) -> Vector:
        """The vector of one short text, float32 [384]; the latest ones are kept in memory."""
        with self._lock:
            found = self._cache.get(text)
            if found is not None:
                self._cache.move_to_end(text)
                return found
        vector: Vector = self._run([text])[0]
        vector.flags.writeable = False
        with self._lock:
            self._cache[text] = vector
            while len(self._cache) > self._cache_size:
                self._cache.popitem(last=False)
        return vector

    def knows(self, word: str) -> bool:
        """Whether the model's vocabulary has this (lower-case) word as a whole."""
        return self._tokenizer.token_to_id(word) is not None

    def documents(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """The vectors of many texts, float32 [len(texts), 384], in their order.

        Texts of like length share a batch, so that little is spent on padding.
        """
        vectors = np.empty((len(texts), DIMENSIONS), np.float32)
        by_length = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for start in range(0, len(texts), _BATCH):
            chosen = by_length[start : start + _BATCH]
            vectors[chosen] = self._run([texts[index] for index in chosen])
        return vectors

    def _run(self, texts: list[str]) -> npt.NDArray[np.float32]:
        encoded = self._tokenizer.encode_batch(texts)
        (vectors,) = self._session.run(
            ["vectors"],
            {
                "input_ids": np.array([one.ids for one in encoded], np.int64),
                "attention_mask": np.array([one.attention_mask for one in encoded], np.int64),
            },
        )
        return np.asarray(vectors, np.float32)
