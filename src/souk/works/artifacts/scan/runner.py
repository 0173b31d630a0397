"""Runs the scan of files in a child process that can be killed."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Sequence
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
        found, problem = await _look([(str(source), name)], settings=settings)
        return problem or found[0]
    mine, its = socket.socketpair()
    where = f"fd:{its.fileno()}:{source.size_bytes}"
    feeding = asyncio.create_task(feed(mine, source))
    try:
        with its:
            found, problem = await _look([(where, name)], settings=settings, inherited=its.fileno())
        # The child is gone, and with it the last end of the socket: the feeding ends as well.
        await feeding
    finally:
        await end_tasks([feeding])
    return problem or found[0]


async def scan_together(
    files: Sequence[tuple[Path, str]], *, settings: ArtifactSettings
) -> list[Finding]:
    """What is to be said of each of these small files, by path and name.

    One child looks at them one after the other: starting it takes longer than a small file does.
    The file at which it fails is looked at by a child of its own, so that nobody is quarantined for
    what others have used up; another child goes on with the rest.
    """
    findings: list[Finding] = []
    while len(findings) < len(files):
        rest = [(str(path), name) for path, name in files[len(findings) :]]
        found, problem = await _look(rest, settings=settings)
        findings += found
        if problem is not None and len(findings) < len(files):
            path, name = files[len(findings)]
            findings.append(await scan_in_child(path, name=name, settings=settings))
    return findings


async def _look(
    files: Sequence[tuple[str, str]], *, settings: ArtifactSettings, inherited: int | None = None
) -> tuple[list[Finding], Finding | None]:
    """The findings of one child, and what is to be said of the file at which it failed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        "souk.works.artifacts.scan.child",
        str(settings.scan_memory_bytes),
        str(settings.scan_cpu_s),
        *(word for file in files for word in file),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PATH": os.defpath, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        start_new_session=True,
        pass_fds=() if inherited is None else (inherited,),
        limit=MAX_ANSWER_BYTES,
    )
    found: list[Finding] = []
    try:
        async with asyncio.timeout(settings.scan_timeout_s):
            assert process.stdout is not None
            async for line in process.stdout:
                found.append(msgspec.json.decode(line, type=Finding))
            status = await process.wait()
    except TimeoutError:
        return found, _failed(f"looking at it took longer than {settings.scan_timeout_s:g} s")
    except (msgspec.DecodeError, ValueError):
        return found, _failed("looking at it went wrong")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    if status != 0:
        return found, _failed(_why(status, settings))
    return found, None if len(found) == len(files) else _failed("looking at it went wrong")


def _why(status: int, settings: ArtifactSettings) -> str:
    if status in {-signal.SIGXCPU, -signal.SIGKILL}:
        return f"looking at it took more than {settings.scan_cpu_s} s of processor time"
    return "looking at it needed more memory than allowed, or went wrong"


def _failed(reason: str) -> Finding:
    return Finding(state="quarantined", format="unknown", media_type=BINARY, reasons=[reason])
