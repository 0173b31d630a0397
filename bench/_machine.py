"""Says what the numbers were measured on."""

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Final

from souk.infra.postgres.embedded_layout import packaged_programs

PACKAGES: Final = ("litestar", "granian", "psycopg", "tantivy", "usearch", "onnxruntime")
GIB: Final = 1024**3


def machine_line() -> str:
    """Processor, cores, memory, kernel and versions, in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    return (
        f"{_cpu_model()}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB memory, "
        f"{platform.system()} {_kernel()}, Python {platform.python_version()}, "
        f"{_postgres()}, {versions}"
    )


def _kernel() -> str:
    """The kernel's version, without the builder's own suffix."""
    return platform.release().split("-", maxsplit=1)[0]


def _postgres() -> str:
    """The embedded server's own words: `PostgreSQL 18.1`."""
    done = subprocess.run(
        [packaged_programs() / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip().replace("postgres (PostgreSQL)", "PostgreSQL")


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
