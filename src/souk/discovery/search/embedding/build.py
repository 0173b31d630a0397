"""Builds the quantised MiniLM file once per data folder, safely among concurrent processes."""

import fcntl
import os
import tempfile
from pathlib import Path

from souk.discovery.search.embedding.weights import fingerprint, read_shape, weights_folder

_RECIPE = 1  # raise when the graph or the quantisation changes, so that old files are not reused


def ensure_model(models_dir: Path) -> Path:
    """The path of the int8 model, built (a few seconds) when it is not there yet.

    The file appears whole or not at all; a second process waits for the first.
    Raises WeightsMissing when the weights are not installed.
    """
    folder = weights_folder()
    target = models_dir / f"minilm-l6-v2-int8-{fingerprint(folder)}-r{_RECIPE}.onnx"
    if target.exists():
        return target
    models_dir.mkdir(parents=True, exist_ok=True)
    with (models_dir / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            _build(folder, target)
    return target


def _build(folder: Path, target: Path) -> None:
    # Imported here: only the first start pays for these heavy modules.
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415
    from onnxruntime.quantization.quant_utils import add_pre_process_metadata  # noqa: PLC0415
    from safetensors.numpy import load_file  # noqa: PLC0415

    from souk.discovery.search.embedding.graph import build_graph  # noqa: PLC0415

    model = build_graph(load_file(folder / "model.safetensors"), read_shape(folder))
    add_pre_process_metadata(model)  # its shapes are known and nothing is left to fold
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="building-") as workshop:
        built = Path(workshop) / "model.onnx"
        quantize_dynamic(
            model,
            built,
            op_types_to_quantize=["MatMul", "Gather"],
            per_channel=True,
            reduce_range=True,  # exact on processors without VNNI too
            weight_type=QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True},
        )
        with built.open("rb") as written:
            os.fsync(written.fileno())
        built.rename(target)
