"""Real models of the starting catalogue, and what somebody makes of them."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from onnx import numpy_helper

from souk.apps.catalogue.models import write_model
from souk.apps.catalogue.recipes import RECIPES


@cache
def catalogue_model(slug: str) -> bytes:
    """The ONNX file of one of the catalogue's models, trained now."""
    (recipe,) = (one for one in RECIPES if one.slug == slug)
    with TemporaryDirectory() as folder:
        write_model(Path(folder), recipe)
        return Path(folder, slug, "model.onnx").read_bytes()


def saved_anew(model: bytes, *, by: str = "somebody else") -> bytes:
    """The same weights in another file: other bytes all through, other names."""
    read = onnx.load_model_from_string(model)
    read.producer_name, read.graph.name, read.doc_string = by, f"graph of {by}", "mine " * 40
    return read.SerializeToString()


def altered(model: bytes, *, noise: float = 1e-3) -> bytes:
    """Every weight changed a little, and saved by somebody else."""
    read = onnx.load_model_from_string(saved_anew(model, by="a thief"))
    rng = np.random.default_rng(7)
    for tensor in read.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.dtype.kind == "f":
            changed = array * (1 + noise * rng.standard_normal(array.shape))
            tensor.CopyFrom(numpy_helper.from_array(changed.astype(array.dtype), tensor.name))
    return read.SerializeToString()
