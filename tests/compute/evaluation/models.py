"""Small ONNX models for tests, honest and hostile, and tables to run them on."""

import io
import secrets
from collections.abc import Sequence

import onnx
import pyarrow as pa
from onnx import TensorProto, helper
from pyarrow import parquet


def _model(nodes: list[onnx.NodeProto], output: onnx.ValueInfoProto, *, width: int) -> bytes:
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, [None, width])
    graph = helper.make_graph(nodes, "test", [given], [output])
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    model.doc_string = secrets.token_hex(4)  # so that each is a file of its own
    return bytes(model.SerializeToString())


def larger_column() -> bytes:
    """Says for each row of two numbers which of them is larger: 0 or 1."""
    node = helper.make_node("ArgMax", ["input"], ["label"], axis=1, keepdims=0)
    output = helper.make_tensor_value_info("label", TensorProto.INT64, [None])
    return _model([node], output, width=2)


def sum_of_columns() -> bytes:
    """Says for each row of two numbers what they sum to."""
    node = helper.make_node("ReduceSum", ["input"], ["prediction"], keepdims=1)
    axes = helper.make_node("Constant", [], ["axes"], value_ints=[1])
    node.input.append("axes")
    output = helper.make_tensor_value_info("prediction", TensorProto.FLOAT, [None, 1])
    return _model([axes, node], output, width=2)


def allocates_everything() -> bytes:
    """Asks for a tensor of 400 GB."""
    shape = helper.make_node("Constant", [], ["shape"], value_ints=[100_000_000_000])
    fill = helper.make_node("ConstantOfShape", ["shape"], ["huge"])
    total = helper.make_node("ReduceSum", ["huge"], ["total"], keepdims=0)
    add = helper.make_node("Add", ["input", "total"], ["prediction"])
    output = helper.make_tensor_value_info("prediction", TensorProto.FLOAT, None)
    return _model([shape, fill, total, add], output, width=2)


def never_ends() -> bytes:
    """Loops for longer than anybody waits."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go_in"], ["go_out"]),
            helper.make_node("Sin", ["value_in"], ["value_out"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_in", TensorProto.BOOL, []),
            helper.make_tensor_value_info("value_in", TensorProto.FLOAT, [None, 2]),
        ],
        [
            helper.make_tensor_value_info("go_out", TensorProto.BOOL, []),
            helper.make_tensor_value_info("value_out", TensorProto.FLOAT, [None, 2]),
        ],
    )
    turns = helper.make_tensor("turns_value", TensorProto.INT64, [], [2**62])
    go = helper.make_tensor("go_value", TensorProto.BOOL, [], [True])
    nodes = [
        helper.make_node("Constant", [], ["turns"], value=turns),
        helper.make_node("Constant", [], ["go"], value=go),
        helper.make_node("Loop", ["turns", "go", "input"], ["prediction"], body=body),
    ]
    output = helper.make_tensor_value_info("prediction", TensorProto.FLOAT, [None, 2])
    return _model(nodes, output, width=2)


def wants_seven_columns() -> bytes:
    """Takes rows of seven numbers only."""
    node = helper.make_node("ArgMax", ["input"], ["label"], axis=1, keepdims=0)
    output = helper.make_tensor_value_info("label", TensorProto.INT64, [None])
    return _model([node], output, width=7)


def table(rows: Sequence[tuple[float, float, object]]) -> bytes:
    """A CSV file with the columns a, b and label."""
    lines = ["a,b,label", *(f"{a},{b},{label}" for a, b, label in rows)]
    return ("\n".join(lines) + "\n").encode()


def nine_of_ten() -> bytes:
    """100 rows on which `larger_column` is right 90 times."""
    return table([(n % 7, n % 5, int(n % 5 > n % 7) ^ int(n % 10 == 3)) for n in range(100)])


def says_the_colour() -> bytes:
    """Takes a colour as text and a size as a number, and answers the colour."""
    colour = helper.make_tensor_value_info("colour", TensorProto.STRING, [None, 1])
    size = helper.make_tensor_value_info("size", TensorProto.FLOAT, [None, 1])
    output = helper.make_tensor_value_info("label", TensorProto.STRING, [None, 1])
    node = helper.make_node("Identity", ["colour"], ["label"])
    graph = helper.make_graph([node], "test", [colour, size], [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    model.doc_string = secrets.token_hex(4)  # so that each is a file of its own
    return bytes(model.SerializeToString())


def parquet_of(**columns: Sequence[object]) -> bytes:
    """A Parquet file of these columns."""
    sink = io.BytesIO()
    parquet.write_table(pa.table({name: list(column) for name, column in columns.items()}), sink)
    return sink.getvalue()
