"""Sentence embeddings from all-MiniLM-L6-v2 with numpy alone: no deep-learning framework needed.

Needs numpy, scipy, safetensors and tokenizers. Run in the folder that holds `model.safetensors`
and `tokenizer.json`, or name that folder. The steps are those of BERT (Devlin et al. 2018), then a
mean over the words and a scaling to length 1, as the model's own settings say.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from scipy.special import erf, softmax
from tokenizers import Tokenizer

LAYERS = 6
HEADS = 12
MAX_TOKENS = 256
EPSILON = 1e-12

Floats = NDArray[np.float32]


def encode(sentences: Sequence[str], folder: Path = Path()) -> Floats:
    """One row of 384 numbers a sentence, each row of length 1; text past 256 word pieces is cut."""
    weights = load_file(folder / "model.safetensors")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.enable_padding()
    encoded = tokenizer.encode_batch(list(sentences))
    ids = np.array([item.ids for item in encoded])
    mask = np.array([item.attention_mask for item in encoded], dtype=np.float32)

    hidden = (
        weights["embeddings.word_embeddings.weight"][ids]
        + weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    hidden = _normalise(hidden, weights, "embeddings.LayerNorm")
    for number in range(LAYERS):
        hidden = _layer(hidden, mask, weights, f"encoder.layer.{number}")
    mean = (hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
    return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), dtype=np.float32)


def _layer(hidden: Floats, mask: Floats, weights: dict[str, Floats], name: str) -> Floats:
    queries, keys, values = (
        _heads(_linear(hidden, weights, f"{name}.attention.self.{part}"))
        for part in ("query", "key", "value")
    )
    scores = queries @ keys.swapaxes(-1, -2) / np.sqrt(queries.shape[-1])
    scores = np.where(mask[:, None, None, :] > 0, scores, np.finfo(np.float32).min)
    mixed = (softmax(scores, axis=-1) @ values).swapaxes(1, 2).reshape(hidden.shape)
    mixed = _linear(mixed, weights, f"{name}.attention.output.dense")
    hidden = _normalise(hidden + mixed, weights, f"{name}.attention.output.LayerNorm")
    wide = _linear(hidden, weights, f"{name}.intermediate.dense")
    wide = wide * (1 + erf(wide / np.sqrt(2))) / 2
    narrow = _linear(wide, weights, f"{name}.output.dense")
    return _normalise(hidden + narrow, weights, f"{name}.output.LayerNorm")


def _heads(rows: Floats) -> Floats:
    batch, tokens, width = rows.shape
    return rows.reshape(batch, tokens, HEADS, width // HEADS).swapaxes(1, 2)


def _linear(rows: Floats, weights: dict[str, Floats], name: str) -> Floats:
    return np.asarray(rows @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])


def _normalise(rows: Floats, weights: dict[str, Floats], name: str) -> Floats:
    centred = rows - rows.mean(axis=-1, keepdims=True)
    scale = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)
    return np.asarray(centred / scale * weights[f"{name}.weight"] + weights[f"{name}.bias"])
