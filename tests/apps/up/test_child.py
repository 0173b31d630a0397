"""Children are started again when they die, and take everything they started with them."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from souk.apps.up.child import Child
from souk.apps.up.leftovers import MARK, end_leftovers, mark_of
from souk.apps.up.log_file import LARGEST_BYTES, LogFile

pytestmark = pytest.mark.slow

PARENT_OF_ONE = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def said() -> list[str]:
    return []


@asynccontextmanager
async def running(
    code: str, folder: Path, said: list[str], *, stop_limit_s: float = 5.0
) -> AsyncIterator[Child]:
    (folder / "stand_in.py").write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(folder), MARK: mark_of(folder)}
    log = LogFile(folder / "log" / "child.log")
    child = Child(
        "stand-in",
        "stand_in",
        environment=environment,
        log=log,
        say=said.append,
        stop_limit_s=stop_limit_s,
    )
    task = asyncio.create_task(child.keep_running())
    try:
        yield child
    finally:
        await child.stop()
        await task
        log.close()


async def until(condition: Callable[[], bool], *, limit_s: float = 15.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except OSError:
        return False
    return state != "Z"


async def test_a_killed_child_is_started_again(tmp_path: Path, said: list[str]) -> None:
    async with running("import time; time.sleep(600)", tmp_path, said) as child:
        await until(lambda: child.pid is not None)
        first = child.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: child.pid not in {None, first})
    assert child.deaths == 1
    assert "was killed by SIGKILL" in said[0]


async def test_pauses_grow_for_a_child_that_keeps_failing(tmp_path: Path, said: list[str]) -> None:
    async with running("import sys; print('no luck'); sys.exit(3)", tmp_path, said) as child:
        await until(lambda: child.deaths >= 3)
    pauses = [line.split("again in ")[1].split(" s")[0] for line in said[:3]]
    assert pauses == ["0.5", "1", "2"]
    assert "ended with status 3" in said[0]
    assert child.log.recent().splitlines()[0] == "no luck"


async def test_what_a_killed_child_started_goes_with_it(tmp_path: Path, said: list[str]) -> None:
    async with running(PARENT_OF_ONE, tmp_path, said) as child:
        await until(lambda: child.log.recent().strip().isdigit())
        grandchild = int(child.log.recent())
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        await until(lambda: not is_alive(grandchild))


async def test_a_child_that_does_not_listen_is_ended_by_force(
    tmp_path: Path, said: list[str]
) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True)\n"
    async with running(f"{deaf}time.sleep(600)", tmp_path, said, stop_limit_s=0.3) as child:
        await until(lambda: "deaf" in child.log.recent())
        pid = child.pid
    assert pid is not None
    assert not is_alive(pid)
    assert "ended by force" in said[-1]


async def test_processes_of_a_killed_marketplace_are_found_and_ended(tmp_path: Path) -> None:
    environment = {**os.environ, MARK: mark_of(tmp_path)}
    sleeping = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)")
    ours = await asyncio.create_subprocess_exec(
        *sleeping, env=environment, stdout=asyncio.subprocess.PIPE
    )
    others = await asyncio.create_subprocess_exec(
        *sleeping, env={**os.environ, MARK: mark_of(tmp_path / "other")}
    )
    assert ours.stdout is not None
    await ours.stdout.readline()
    assert await asyncio.to_thread(end_leftovers, tmp_path) == 1
    assert await ours.wait() == -signal.SIGTERM
    assert others.returncode is None
    others.kill()
    await others.wait()


def test_a_log_file_keeps_to_its_size_and_remembers_the_end(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "child.log")
    piece = b"x" * 99 + b"\n"
    for _ in range(3):
        log.write(piece * (LARGEST_BYTES // 250))
    log.write(b"last words\n")
    log.close()
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) == 2
    assert max(sizes) <= LARGEST_BYTES
    assert log.recent().endswith("last words")
    assert (tmp_path / "child.log").stat().st_mode & 0o777 == 0o600
