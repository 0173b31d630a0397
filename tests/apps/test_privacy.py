"""Nothing that Souk is made of reports to its maker."""

import os
import subprocess
import sys
from pathlib import Path

_RUNS_A_MODEL = """
import souk
import numpy, onnx, onnxruntime
from onnx import TensorProto, helper
value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
same = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [value], [same])
opset = [helper.make_opsetid("", 17)]
model = helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
print(session.run(None, {"x": numpy.ones(1, numpy.float32)}))
"""


def test_running_a_model_leaves_no_device_id_and_no_report(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name[:4] != "ORT_"}
    done = subprocess.run(
        [sys.executable, "-B", "-c", _RUNS_A_MODEL],
        env=environment
        | {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "1." in done.stdout
    assert list(tmp_path.rglob("*")) == []
