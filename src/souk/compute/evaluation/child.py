"""The process that runs one model once: `python -m souk.compute.evaluation.child … JOB`.

It has no network (where the system allows that), its own empty folder, and limits on memory, files
and processor time. The model is data to onnxruntime: no code of the seller's runs.
"""

import platform
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from souk.compute.evaluation.findings import Finding, Job
from souk.infra.children import begin

BATCH: Final = 256
_TEXT: Final = "tensor(string)"


def main() -> None:
    """Argument: the job as JSON."""
    (said,), isolated = begin()
    job = msgspec.json.decode(said, type=Job)
    finding = run(job, isolated=isolated)
    sys.stdout.buffer.write(msgspec.json.encode(finding))


def run(job: Job, *, isolated: bool) -> Finding:
    """Reads the table, runs the model on it, and measures."""
    # after the limits: what these libraries need counts too
    import numpy as np  # noqa: PLC0415
    import onnxruntime  # noqa: PLC0415

    from souk.compute.evaluation.measures import measure  # noqa: PLC0415
    from souk.compute.evaluation.tables import TableUnfit  # noqa: PLC0415

    environment = {
        "python": platform.python_version(),
        "onnxruntime": onnxruntime.__version__,
        "numpy": np.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "network": "none: a network namespace of its own" if isolated else "not walled off",
    }
    try:
        session = _session(onnxruntime, job)
        table = _table(job, session.get_inputs())
        width = len(table.columns) + len(table.texts)
        _say(f"read {len(table.labels)} rows of {width} features")
        answers = _answers(session, table)
        values = measure(job.task, answers, table.labels, classes=table.classes)
    except TableUnfit as error:
        return Finding(problem=str(error), environment=environment)
    except MemoryError:
        return Finding(problem="it needs more memory than is allowed", environment=environment)
    except Exception as error:  # whatever onnxruntime raises over a model is about the model
        _say(f"{type(error).__name__}: {error}")
        words = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
        return Finding(problem=f"the model does not run: {words}", environment=environment)
    _say(f"measured {values}")
    return Finding(values=values, row_count=len(table.labels), environment=environment)


def _session(onnxruntime: Any, job: Job) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    content = Path(job.model).read_bytes()  # from memory: files beside it are out of its reach
    session = onnxruntime.InferenceSession(
        content, sess_options=options, providers=["CPUExecutionProvider"]
    )
    _say(f"inputs {[(one.name, one.type, one.shape) for one in session.get_inputs()]}")
    return session


def _table(job: Job, inputs: Any) -> Any:
    """The table, with the columns as text that the model takes as text."""
    from souk.compute.evaluation.columnar import read_parquet  # noqa: PLC0415
    from souk.compute.evaluation.tables import Limits, Wanted, read_csv, read_rows  # noqa: PLC0415

    wanted = Wanted()
    if len(inputs) > 1:
        texts = frozenset(one.name for one in inputs if one.type == _TEXT)
        wanted = Wanted(frozenset(one.name for one in inputs), texts)
    read = read_parquet if job.format == "parquet" else read_csv
    return read(
        Path(job.data),
        target=job.target,
        rows=read_rows(Path(job.rows), limit=job.max_rows) if job.rows else None,
        wanted=wanted,
        limits=Limits(job.max_rows, job.max_cells),
    )


def _answers(session: Any, table: Any) -> list[Any]:
    """The outputs of the model for every row, put together from batches."""
    import numpy as np  # noqa: PLC0415

    inputs = session.get_inputs()
    parts: list[list[Any]] = []
    for start in range(0, len(table.labels), BATCH):
        parts.append(session.run(None, _feed(inputs, table, slice(start, start + BATCH))))
    return [np.concatenate([np.asarray(part[at]) for part in parts]) for at in range(len(parts[0]))]


def _feed(inputs: Any, table: Any, rows: slice) -> dict[str, Any]:
    """One tensor of all features, or one a column where the inputs have the columns' names."""
    import numpy as np  # noqa: PLC0415

    from souk.compute.evaluation.tables import TableUnfit  # noqa: PLC0415

    kinds = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(int64)": "int64"}
    batch = table.features[rows]
    if len(inputs) == 1:
        (only,) = inputs
        return {only.name: batch.astype(kinds.get(only.type, "float32"))}
    fed = {}
    for one in inputs:
        if one.name in table.texts:
            fed[one.name] = np.asarray(table.texts[one.name][rows], dtype=object).reshape(-1, 1)
        elif one.name in table.columns:
            column = batch[:, [table.columns.index(one.name)]]
            fed[one.name] = column.astype(kinds.get(one.type, "float32"))
        else:
            raise TableUnfit(f"the model takes {one.name[:40]!r}, and the table has no such column")
    return fed


def _say(line: str) -> None:
    sys.stderr.write(f"{line[:2000]}\n")


if __name__ == "__main__":
    main()
