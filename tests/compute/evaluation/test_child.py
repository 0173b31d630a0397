"""Running models in a child: hostile ones end in plain words, and leave nothing behind."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest

from souk.compute.evaluation.findings import Finding, Job
from souk.compute.evaluation.running import CHILD
from souk.infra.children import Ended, Limits, run_limited
from tests.compute.evaluation import models

MIB = 2**20
NOSY = Path(__file__).with_name("nosy.py")


async def run(
    folder: Path,
    model: bytes,
    data: bytes,
    *,
    task: str = "classification",
    cpu_s: int = 20,
    memory_bytes: int = 2048 * MIB,
    timeout_s: float = 60.0,
    **job: Any,
) -> Ended:
    (folder / "model").write_bytes(model)
    (folder / "data").write_bytes(data)
    said = Job(
        model=str(folder / "model"),
        data=str(folder / "data"),
        rows=None,
        target="label",
        task=task,
        **{"max_rows": 1000, "max_cells": 100_000, **job},
    )
    with TemporaryDirectory() as own:
        return await run_limited(
            CHILD,
            msgspec.json.encode(said).decode(),
            limits=Limits(memory_bytes=memory_bytes, cpu_s=cpu_s),
            timeout_s=timeout_s,
            folder=Path(own),
        )


def finding(ended: Ended) -> Finding:
    assert ended.status == 0, ended.log
    return msgspec.json.decode(ended.output, type=Finding)


async def test_labels_are_measured(tmp_path: Path) -> None:
    found = finding(await run(tmp_path, models.larger_column(), models.nine_of_ten()))
    assert found.problem == ""
    assert found.row_count == 100
    assert found.values["accuracy"] == 0.9
    assert {"python", "onnxruntime", "numpy", "system", "network"} == found.environment.keys()


async def test_numbers_are_measured(tmp_path: Path) -> None:
    data = models.table([(n, 2 * n, 3 * n + n % 2) for n in range(600)])
    found = finding(await run(tmp_path, models.sum_of_columns(), data, task="regression"))
    assert found.values["mae"] == pytest.approx(0.5)
    assert found.values["rmse"] == pytest.approx(0.5**0.5)
    assert found.values["r2"] > 0.99


async def test_parquet_with_words_is_measured(tmp_path: Path) -> None:
    colours = ["red", "blue", "red", "green"]
    said = ["red", "blue", "red", "blue"]
    data = models.parquet_of(colour=colours, unused=["x"] * 4, size=[1, 2, 3, 4], label=said)
    found = finding(await run(tmp_path, models.says_the_colour(), data, format="parquet"))
    assert (found.problem, found.row_count) == ("", 4)
    assert found.values["accuracy"] == 0.75


async def test_words_that_the_model_does_not_take_are_said(tmp_path: Path) -> None:
    data = models.parquet_of(a=["x"], b=[1.0], label=[1])
    found = finding(await run(tmp_path, models.larger_column(), data, format="parquet"))
    assert "is no number, and the model takes no text named 'a'" in found.problem
    data = models.parquet_of(size=[1.0], label=["red"])
    found = finding(await run(tmp_path, models.says_the_colour(), data, format="parquet"))
    assert "the model takes 'colour', and the table has no such column" in found.problem


@pytest.mark.parametrize(
    ("model", "data", "words"),
    [
        (b"no model", models.nine_of_ten(), "does not run"),
        (models.wants_seven_columns(), models.nine_of_ten(), "does not run"),
        (models.larger_column(), b"a,b,other\n1,2,3\n", "no column 'label'"),
        (models.larger_column(), b"a,b,label\n" + b"1,2,1\n" * 2000, "more than 1000 rows"),
        (models.sum_of_columns(), models.nine_of_ten(), "neither a label nor scores"),
    ],
    ids=["noise", "shape", "column", "rows", "outputs"],
)
async def test_what_does_not_fit_is_said(
    tmp_path: Path, model: bytes, data: bytes, words: str
) -> None:
    assert words in finding(await run(tmp_path, model, data)).problem


async def test_a_model_that_wants_all_memory_is_refused(tmp_path: Path) -> None:
    ended = await run(tmp_path, models.allocates_everything(), models.nine_of_ten())
    assert ended.status is not None
    if ended.status == 0:
        assert "does not run" in finding(ended).problem


async def test_a_model_that_never_ends_is_ended(tmp_path: Path) -> None:
    by_cpu = await run(tmp_path, models.never_ends(), models.nine_of_ten(), cpu_s=3)
    assert by_cpu.used_up_cpu
    by_clock = await run(tmp_path, models.never_ends(), models.nine_of_ten(), timeout_s=2.5)
    assert by_clock.status is None


def test_a_child_reaches_nobody_over_the_network(tmp_path: Path) -> None:
    limits = msgspec.json.encode(Limits(memory_bytes=512 * MIB, cpu_s=5)).decode()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        done = subprocess.run(
            [sys.executable, NOSY, str(os.getpid()), limits, port],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    isolated, reached, wrote = done.stdout.split()
    assert wrote == "refused"
    # where the system has no namespaces to give, the child says so, and the run notes it
    assert (isolated, reached) in {("True", "refused"), ("False", "reached")}
