"""The fingerprint: found in what is left of it, and never where it is not."""

import json
import struct
from collections.abc import Callable

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from souk.rights.protection.marking.files import NAME, NotMarkable, mark_file, weights_of
from souk.rights.protection.marking.fingerprint import LEAST_WEIGHTS, STRENGTH, mark, trace

Floats = NDArray[np.float32]
SECRET = b"s" * 32
LICENCES = [f"lic_{number:03}" for number in range(50)]
MINE = LICENCES[7]


def weights(seed: int = 1, count: int = 4000) -> Floats:
    return np.random.default_rng(seed).normal(size=count).astype(np.float32)


def onnx_file(values: Floats) -> bytes:
    tensor = numpy_helper.from_array(values, "w")
    node = helper.make_node("Identity", ["w"], ["y"])
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [len(values)])
    graph = helper.make_graph([node], "g", [], [output], initializer=[tensor])
    content: bytes = helper.make_model(graph).SerializeToString()
    return content


def safetensors_file(values: Floats) -> bytes:
    entry = {"dtype": "F32", "shape": [len(values)], "data_offsets": [0, values.nbytes]}
    header = json.dumps({"__metadata__": {"format": "pt"}, "w": entry}).encode()
    return struct.pack("<Q", len(header)) + header + values.tobytes()


def marked(values: Floats, licence_id: str = MINE) -> Floats:
    return mark({"w": values}, secret=SECRET, licence_id=licence_id)["w"]


def best(values: Floats, suspect: Floats, secret: bytes = SECRET) -> tuple[str, float]:
    match = trace({"w": values}, {"w": suspect}, secret=secret, licence_ids=LICENCES)[0]
    return match.licence_id, match.chance


def pruned(values: Floats) -> Floats:
    keep = np.random.default_rng(3).random(values.shape) > 0.7
    return np.where(keep, values, 0).astype(np.float32)


def noisy(values: Floats) -> Floats:
    noise = np.random.default_rng(4).normal(size=values.shape) * 1e-3
    return (values * (1 + noise)).astype(np.float32)


@pytest.mark.parametrize(
    "change",
    [
        lambda w: w,
        lambda w: w.astype(np.float16).astype(np.float32),
        noisy,
        pruned,
        lambda w: pruned(w).astype(np.float16).astype(np.float32),
        lambda w: w * np.float32(1.5),
        lambda w: np.concatenate([w[:2000], weights(9, 2000)]),
    ],
    ids=["as it is", "fp16", "noise", "pruned", "pruned fp16", "scaled", "half replaced"],
)
def test_the_licence_is_found_in_what_is_left(change: Callable[[Floats], Floats]) -> None:
    values = weights()
    found, chance = best(values, change(marked(values)))
    assert found == MINE
    assert chance < 1e-6


@settings(max_examples=10)
@given(st.integers(0, 2**31))
def test_nobody_is_accused_by_chance(seed: int) -> None:
    values = weights(seed)
    rounded = values.astype(np.float16).astype(np.float32)
    assert best(values, rounded)[1] > 1e-3
    assert best(values, marked(values), secret=b"o" * 32)[1] > 1e-3
    assert best(values, values)[1] == 1.0


def test_no_weight_changes_by_more_than_the_strength() -> None:
    values = weights()
    values[::7] = 0
    copy = marked(values)
    assert (copy[::7] == 0).all()
    known = values != 0
    assert np.abs(copy[known] / values[known] - 1).max() <= STRENGTH * 1.001
    assert (copy != marked(values, LICENCES[8])).any()


@pytest.mark.parametrize(
    ("path", "make"), [("m.onnx", onnx_file), ("m.safetensors", safetensors_file)]
)
def test_files_carry_it_and_the_licences_id(path: str, make: Callable[[Floats], bytes]) -> None:
    content = make(weights())
    copy = mark_file(content, path=path, secret=SECRET, licence_id=MINE, origin="souk.example")
    assert copy.weights == 4000
    assert copy.content != content
    found = trace(
        weights_of(content, path=path),
        weights_of(copy.content, path=path),
        secret=SECRET,
        licence_ids=LICENCES,
    )
    assert found[0].licence_id == MINE
    said = f"{MINE} at souk.example"
    if path.endswith(".onnx"):
        model = onnx.load_model_from_string(copy.content)
        onnx.checker.check_model(model)
        assert {e.key: e.value for e in model.metadata_props} == {NAME: said}
    else:
        (length,) = struct.unpack("<Q", copy.content[:8])
        assert json.loads(copy.content[8 : 8 + length])["__metadata__"][NAME] == said
    again = mark_file(content, path=path, secret=SECRET, licence_id=MINE, origin="souk.example")
    assert again == copy


def test_small_files_get_the_id_alone_and_cards_a_note() -> None:
    content = onnx_file(weights(count=LEAST_WEIGHTS - 1))
    copy = mark_file(content, path="m.onnx", secret=SECRET, licence_id=MINE, origin="o")
    assert copy.weights == 0
    assert MINE.encode() in copy.content
    card = mark_file(b"# Iris\n", path="README.md", secret=SECRET, licence_id=MINE, origin="o")
    assert card.content == f"# Iris\n\n<!-- {NAME}: {MINE} at o -->\n".encode()


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("m.gguf", b"GGUF"),
        ("m.onnx", b"no onnx at all"),
        ("m.safetensors", b"short"),
        ("m.safetensors", struct.pack("<Q", 2**60)),
        ("m.safetensors", struct.pack("<Q", 2) + b"[]"),
        ("m.safetensors", struct.pack("<Q", 12) + b'{"w": "bad"}'),
    ],
)
def test_what_cannot_be_marked_is_said(path: str, content: bytes) -> None:
    with pytest.raises(NotMarkable):
        mark_file(content, path=path, secret=SECRET, licence_id=MINE, origin="o")
