"""Runs a module in a child process that is limited, cut off from the network, and can be killed.

For work on content that nobody vouches for: pictures, models, tables. The parent calls
`run_limited`, the child's `main` calls `begin` before it imports or opens anything else.
"""

import asyncio
import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from souk.infra.launch import end_with_parent

MAX_OUTPUT_BYTES: Final = 2**20
MAX_LOG_BYTES: Final = 16 * 2**10
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_PR_SET_NO_NEW_PRIVS: Final = 38


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a child may use."""

    memory_bytes: int
    """Address space."""
    cpu_s: int
    """Processor time, over all its threads."""
    file_bytes: int = 0
    """The largest file it may write; 0 for none at all."""
    open_files: int = 64


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How a child ended."""

    status: int | None
    """Its exit status, negative for a signal; None when it ran past its time and was killed."""
    output: bytes
    """Standard output, at most MAX_OUTPUT_BYTES of it."""
    log: str
    """The end of standard error."""

    @property
    def used_up_cpu(self) -> bool:
        """Whether the kernel ended it for its processor time (or somebody killed it)."""
        return self.status in {-signal.SIGXCPU, -signal.SIGKILL}


async def run_limited(
    module: str, *arguments: str, limits: Limits, timeout_s: float, folder: Path
) -> Ended:
    """Runs `python -m module` with `folder` as its own place, and waits for its end.

    Whatever happens, nothing of it is left running when this returns.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        module,
        str(os.getpid()),
        msgspec.json.encode(limits).decode(),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        env={
            "PATH": os.defpath,
            "TMPDIR": str(folder),
            "HOME": str(folder),
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        },
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    output = asyncio.ensure_future(_first(process.stdout, MAX_OUTPUT_BYTES))
    log = asyncio.ensure_future(_last(process.stderr, MAX_LOG_BYTES))
    status: int | None = None
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                status = await process.wait()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return Ended(
        status=status, output=await output, log=(await log).decode("utf-8", "replace").strip()
    )


def begin() -> tuple[list[str], bool]:
    """In the child: takes away what it does not need, before anything is opened.

    Returns:
        The arguments that are its own, and whether it has no network.
    """
    parent, limits, *arguments = sys.argv[1:]
    # SIGKILL: what it works on must not be able to hold it back
    end_with_parent(int(parent), signal.SIGKILL)
    isolated = leave_network()
    _limit(msgspec.json.decode(limits, type=Limits))
    return arguments, isolated


def leave_network() -> bool:
    """Moves this process into a network of its own, with nothing in it; False where that is
    not to be had (no user namespaces, and no right to make a network namespace).
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    gone = any(
        libc.unshare(flags) == 0 for flags in (_CLONE_NEWUSER | _CLONE_NEWNET, _CLONE_NEWNET)
    )
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return gone


def _limit(limits: Limits) -> None:
    for kind, value in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, limits.open_files),
    ):
        resource.setrlimit(kind, (value, value))


async def _first(stream: asyncio.StreamReader, limit: int) -> bytes:
    kept = b""
    while chunk := await stream.read(2**16):
        kept = (kept + chunk)[:limit]
    return kept


async def _last(stream: asyncio.StreamReader, limit: int) -> bytes:
    kept = b""
    while chunk := await stream.read(2**16):
        kept = (kept + chunk)[-limit:]
    return kept
