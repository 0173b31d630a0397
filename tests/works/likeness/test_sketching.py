"""What two files have in common: found through shifts, other formats, rounding and noise."""

import json
import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from souk.works.likeness.model import resemblance, share_of
from souk.works.likeness.sketching import MAX_CHUNK, MIN_CHUNK, Features, cuts, sketch
from souk.works.likeness.weights import tensors_of
from tests.works.likeness.models import altered, catalogue_model, saved_anew


def features(content: bytes, name: str = "model.onnx") -> Features:
    array = np.frombuffer(content, dtype=np.uint8)
    return sketch(array, tensors_of(array, name=name))


def share(one: dict[int, int], other: dict[int, int]) -> float:
    return share_of(one, {key: value for key, value in one.items() if key in other})


def chunks_alike(one: Features, other: Features) -> float:
    return resemblance(frozenset(one.chunk), frozenset(other.chunk))


def random_bytes(size: int, seed: int = 1) -> bytes:
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8).tobytes()


@given(size=st.integers(0, 200_000), seed=st.integers(0, 9))
def test_chunks_cover_a_file_within_their_bounds(size: int, seed: int) -> None:
    ends = list(cuts(np.frombuffer(random_bytes(size, seed), dtype=np.uint8)))
    starts = [0, *ends[:-1]]
    assert (ends[-1] if ends else 0) == size
    lengths = [end - start for start, end in zip(starts, ends, strict=False)]
    assert all(0 < length <= MAX_CHUNK for length in lengths)
    assert all(length >= MIN_CHUNK for length in lengths[:-1])


def test_cuts_do_not_depend_on_how_content_is_read() -> None:
    """Blocks of the rolling hash meet without a seam."""
    content = random_bytes(3 * 2**20 + 17)
    shifted = features(b"x" * 5000 + content, "a.bin")
    assert chunks_alike(features(content, "a.bin"), shifted) > 0.95


def test_an_insertion_changes_only_what_is_near_it() -> None:
    content = random_bytes(500_000)
    changed = content[:250_000] + b"something new" + content[250_000:]
    assert chunks_alike(features(content, "a.bin"), features(changed, "a.bin")) > 0.9
    assert chunks_alike(features(content, "a.bin"), features(random_bytes(500_000, 2), "a")) == 0


@given(st.frozensets(st.integers(-(2**63), 2**63 - 1), max_size=300))
def test_resemblance_is_one_for_the_same_and_nought_for_nothing(one: frozenset[int]) -> None:
    assert resemblance(one, one) == (1.0 if one else 0.0)
    assert resemblance(one, frozenset()) == 0.0


def test_a_model_saved_anew_has_the_same_weights() -> None:
    for slug in ("digits-mlp", "wine-forest", "breast-cancer-logistic"):
        model = catalogue_model(slug)
        again = saved_anew(model)
        assert model != again
        assert share(features(model).tensor, features(again).tensor) == 1.0, slug


def test_a_model_with_slightly_other_weights_keeps_its_shape() -> None:
    one, other = (
        features(catalogue_model("digits-mlp")),
        features(altered(catalogue_model("digits-mlp"))),
    )
    assert share(one.tensor, other.tensor) == 0.0
    assert share(one.shape, other.shape) > 0.6


def test_other_models_are_not_alike() -> None:
    one, other = features(catalogue_model("digits-mlp")), features(catalogue_model("digits-svm"))
    assert share(one.tensor, other.tensor) < 0.1
    assert share(one.shape, other.shape) == 0.0
    assert chunks_alike(one, other) == 0.0


def safetensors(**tensors: np.ndarray) -> bytes:
    header, data = {"__metadata__": {"by": "a test"}}, b""
    names = {"float32": "F32", "float16": "F16", "uint16": "BF16"}
    for name, tensor in tensors.items():
        offsets = [len(data), len(data) + tensor.nbytes]
        header[name] = {
            "dtype": names[tensor.dtype.name],
            "shape": list(tensor.shape),
            "data_offsets": offsets,
        }
        data += tensor.tobytes()
    words = json.dumps(header).encode()
    return struct.pack("<Q", len(words)) + words + data


def test_weights_are_found_in_other_formats_and_types_of_numbers() -> None:
    weights = np.random.default_rng(3).standard_normal((128, 64), dtype=np.float32)
    whole = features(safetensors(a=weights), "m.safetensors")
    renamed = features(safetensors(b=weights, c=weights[:1] * 2), "n.safetensors")
    half = features(safetensors(a=weights.astype(np.float16)), "m.safetensors")
    upper = (weights.view(np.uint32) >> np.uint32(16)).astype(np.uint16)
    brain = features(safetensors(a=upper), "m.safetensors")
    assert share(whole.tensor, renamed.tensor) == 1.0
    assert share(whole.tensor, half.tensor) == 0.0
    assert share(whole.shape, half.shape) > 0.6
    assert share(whole.shape, brain.shape) > 0.6


@given(content=st.binary(max_size=2000), name=st.sampled_from(["a.onnx", "a.safetensors", "a"]))
def test_broken_files_have_no_tensors_and_no_errors(content: bytes, name: str) -> None:
    assert features(content, name).shape == {}
    header = struct.pack("<Q", len(content)) + content
    features(header, "a.safetensors")


def test_tensors_that_say_nothing_are_left_out() -> None:
    zeros, counted = np.zeros((64, 64), np.float32), np.arange(4096, dtype=np.float32)
    found = features(safetensors(a=zeros, b=counted), "m.safetensors")
    assert found.tensor == {} and found.shape == {}
