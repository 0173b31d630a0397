"""The process that looks at files: `python -m souk.works.artifacts.scan.child … FILE NAME …`.

Limits itself before it opens anything, writes each finding to standard output as a line of JSON as
soon as it has it, and ends.
"""

import resource
import sys
from pathlib import Path
from typing import BinaryIO

import msgspec

from souk.works.artifacts.scan.fed_file import open_fed
from souk.works.artifacts.scan.scanner import scan_file


def main() -> None:
    """Arguments: bytes of memory, seconds of processor time, and for each file where it is, and
    its name.

    Where is a path, or `fd:` with the number of an inherited socket and the file's length.
    """
    memory_bytes, cpu_s, *files = sys.argv[1:]
    limit(memory_bytes=int(memory_bytes), cpu_s=int(cpu_s))
    for where, name in zip(files[::2], files[1::2], strict=True):
        file, size_bytes = _opened(where)
        with file:
            finding = scan_file(file, name=name, size_bytes=size_bytes)
        sys.stdout.buffer.write(msgspec.json.encode(finding) + b"\n")
        sys.stdout.buffer.flush()


def _opened(where: str) -> tuple[BinaryIO, int]:
    if where.startswith("fd:"):
        _, descriptor, size_bytes = where.split(":")
        return open_fed(int(descriptor), int(size_bytes)), int(size_bytes)
    path = Path(where)
    return path.open("rb"), path.stat().st_size


def limit(*, memory_bytes: int, cpu_s: int) -> None:
    """Takes away what a scan does not need: memory, time, writing files, core dumps."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


if __name__ == "__main__":
    main()
