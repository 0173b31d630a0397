"""Files of every kind, honest and not, made with the libraries that people make them with."""

import io
import os
import pickle
import tarfile
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper
from safetensors.numpy import save


class RunsCode:
    """Loading it would run a command that leaves a file behind."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self._trace}",)


PLAIN = {
    "numbers": [1, 2.5, None, True],
    "set": {1, 2},
    "array": np.arange(12, dtype=np.float32).reshape(3, 4),
    "ordered": OrderedDict(a=1),
    "bytes": b"\x00\x01",
}


def safetensors_file() -> bytes:
    return save({"w": np.ones((3, 4), dtype=np.float32), "b": np.zeros(5, dtype=np.int64)})


def zip_of(members: dict[str, bytes], *, compress: bool = True) -> bytes:
    packed = io.BytesIO()
    kind = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(packed, "w", kind) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def tar_of(members: dict[str, bytes], *, mode: str = "w", link_to: str | None = None) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        if link_to is not None:
            link = tarfile.TarInfo("link")
            link.type = tarfile.SYMTYPE
            link.linkname = link_to
            archive.addfile(link)
    return packed.getvalue()


def npy_of(array: np.ndarray, *, objects: bool = False) -> bytes:
    packed = io.BytesIO()
    np.save(packed, array, allow_pickle=objects)
    return packed.getvalue()


def onnx_model(*, domain: str = "", external: str | None = None) -> bytes:
    weights = helper.make_tensor("w", TensorProto.FLOAT, [2, 2], [1.0, 2.0, 3.0, 4.0])
    if external is not None:
        weights.ClearField("float_data")
        weights.data_location = TensorProto.EXTERNAL
        weights.external_data.add(key="location", value=external)
    node = helper.make_node("MatMul", ["x", "w"], ["y"], domain=domain)
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2])],
        [weights],
    )
    opsets = [helper.make_opsetid("", 17)]
    if domain:
        opsets.append(helper.make_opsetid(domain, 1))
    model = helper.make_model(graph, opset_imports=opsets)
    model.ir_version = 9
    return model.SerializeToString()


def onnx_with_function_body() -> bytes:
    """A model whose bad operator hides inside a branch of an `If`."""
    hidden = helper.make_graph(
        [helper.make_node("Evil", ["x"], ["z"], domain="evil.ops")],
        "then",
        [],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [1])],
    )
    node = helper.make_node("If", ["c"], ["y"], then_branch=hidden, else_branch=hidden)
    graph = helper.make_graph(
        [node],
        "g",
        [
            helper.make_tensor_value_info("c", TensorProto.BOOL, []),
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [1]),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    return model.SerializeToString()


def gguf_file(folder: Path) -> bytes:
    import gguf

    path = folder / "made.gguf"
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name("Tiny")
    writer.add_array("tokenizer.ggml.tokens", ["a", "b", "c"])
    writer.add_tensor("blk.0.weight", np.zeros((4, 32), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


def parquet_file() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    packed = io.BytesIO()
    pq.write_table(pa.table({"a": [1, 2, 3], "b": ["x", "y", "z"]}), packed)
    return packed.getvalue()


def torch_zip(pickled: bytes) -> bytes:
    """What `torch.save` writes."""
    return zip_of({"archive/data.pkl": pickled, "archive/data/0": bytes(64)}, compress=False)


def pickled(value: object, protocol: int = 4) -> bytes:
    return pickle.dumps(value, protocol=protocol)
