"""Runs the scan of one file in a child process that can be killed."""

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from souk.infra.waiting import end_tasks
from souk.works.artifacts.scan.feeding import Fed, feed
from souk.works.artifacts.scan.findings import Finding
from souk.works.artifacts.scan.formats import BINARY
from souk.works.artifacts.settings import ArtifactSettings

MAX_ANSWER_BYTES: Final = 2**20


async def scan_in_child(source: Path | Fed, *, name: str, settings: ArtifactSettings) -> Finding:
    """What the child found; a child that dies, hangs or talks nonsense quarantines the file.

    Raises:
        Whatever reading raises, of a file that is given in ranges.
    """
    if isinstance(source, Path):
        return await _scan(str(source), name=name, settings=settings)
    mine, its = socket.socketpair()
    where = f"fd:{its.fileno()}:{source.size_bytes}"
    feeding = asyncio.create_task(feed(mine, source))
    try:
        with its:
            finding = await _scan(where, name=name, settings=settings, inherited=its.fileno())
        # The child is gone, and with it the last end of the socket: the feeding ends as well.
        await feeding
    finally:
        await end_tasks([feeding])
    return finding


async def _scan(
    where: str, *, name: str, settings: ArtifactSettings, inherited: int | None = None
) -> Finding:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        "souk.works.artifacts.scan.child",
        where,
        name,
        str(settings.scan_memory_bytes),
        str(settings.scan_cpu_s),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PATH": os.defpath, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        start_new_session=True,
        pass_fds=() if inherited is None else (inherited,),
    )
    try:
        async with asyncio.timeout(settings.scan_timeout_s):
            assert process.stdout is not None
            answer = await process.stdout.read(MAX_ANSWER_BYTES)
            status = await process.wait()
    except TimeoutError:
        return _failed(f"looking at it took longer than {settings.scan_timeout_s:g} s")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    if status != 0:
        return _failed(_why(status, settings))
    try:
        return msgspec.json.decode(answer, type=Finding)
    except msgspec.DecodeError:
        return _failed("looking at it went wrong")


def _why(status: int, settings: ArtifactSettings) -> str:
    if status in {-signal.SIGXCPU, -signal.SIGKILL}:
        return f"looking at it took more than {settings.scan_cpu_s} s of processor time"
    return "looking at it needed more memory than allowed, or went wrong"


def _failed(reason: str) -> Finding:
    return Finding(state="quarantined", format="unknown", media_type=BINARY, reasons=[reason])
