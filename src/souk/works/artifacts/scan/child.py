"""The process that looks at a file: `python -m souk.works.artifacts.scan.child PATH NAME …`.

Limits itself before it opens anything, writes its finding to standard output as JSON, and ends.
"""

import resource
import sys
from pathlib import Path

import msgspec

from souk.works.artifacts.scan.scanner import scan_file


def main() -> None:
    """Arguments: path, name, bytes of memory, seconds of processor time."""
    path, name, memory_bytes, cpu_s = sys.argv[1:5]
    limit(memory_bytes=int(memory_bytes), cpu_s=int(cpu_s))
    file_path = Path(path)
    with file_path.open("rb") as file:
        finding = scan_file(file, name=name, size_bytes=file_path.stat().st_size)
    sys.stdout.buffer.write(msgspec.json.encode(finding))


def limit(*, memory_bytes: int, cpu_s: int) -> None:
    """Takes away what a scan does not need: memory, time, writing files, core dumps."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


if __name__ == "__main__":
    main()
