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
    from souk.compute.evaluation.tables import TableUnfit, read_rows, read_table  # noqa: PLC0415

    environment = {
        "python": platform.python_version(),
        "onnxruntime": onnxruntime.__version__,
        "numpy": np.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "network": "none: a network namespace of its own" if isolated else "not walled off",
    }
    try:
        rows = read_rows(Path(job.rows), limit=job.max_rows) if job.rows else None
        table = read_table(
            Path(job.data),
            target=job.target,
            rows=rows,
            max_rows=job.max_rows,
            max_cells=job.max_cells,
        )
        _say(f"read {len(table.labels)} rows of {len(table.columns)} features")
        answers = _answers(onnxruntime, job, table)
        values = measure(job.task, answers, table.labels)
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


def _answers(onnxruntime: Any, job: Job, table: Any) -> list[Any]:
    """The outputs of the model for every row, put together from batches."""
    import numpy as np  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    content = Path(job.model).read_bytes()  # from memory: files beside it are out of its reach
    session = onnxruntime.InferenceSession(
        content, sess_options=options, providers=["CPUExecutionProvider"]
    )
    inputs = session.get_inputs()
    _say(f"inputs {[(one.name, one.type, one.shape) for one in inputs]}")
    parts: list[list[Any]] = []
    for start in range(0, len(table.labels), BATCH):
        batch = table.features[start : start + BATCH]
        parts.append(session.run(None, _feed(inputs, batch, table.columns)))
    return [np.concatenate([np.asarray(part[at]) for part in parts]) for at in range(len(parts[0]))]


def _feed(inputs: Any, batch: Any, columns: list[str]) -> dict[str, Any]:
    """One tensor of all features, or one a column where the inputs have the columns' names."""
    kinds = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(int64)": "int64"}
    if len(inputs) == 1:
        (only,) = inputs
        return {only.name: batch.astype(kinds.get(only.type, "float32"))}
    return {
        one.name: batch[:, [columns.index(one.name)]].astype(kinds.get(one.type, "float32"))
        for one in inputs
    }


def _say(line: str) -> None:
    sys.stderr.write(f"{line[:2000]}\n")


if __name__ == "__main__":
    main()
