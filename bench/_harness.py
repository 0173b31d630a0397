"""What a bench module needs, in one place to import from.

A bench is a module `bench/<name>.py` with one function:

    def run(*, quick: bool) -> Section: ...

`quick` asks for a run of seconds that only proves the bench works; its numbers are not published.
Each `Line` of the section says what was measured, what was promised, whether it was reached and
the peer or limit measured in the same run. A number that was not reached stays in the table, with
what bounds it.
"""

from bench._http import Answer, Connection, Request, Target
from bench._load import (
    LoadResult,
    RequestMaker,
    Saturation,
    closed_loop,
    describe,
    find_saturation,
    open_loop,
)
from bench._machine import machine_line
from bench._marketplace import bearer, bench_marketplace, signed_up
from bench._report import Line, Section, Table, markdown_table
from bench._stats import Percentiles, format_duration, percentiles

__all__ = [
    "Answer",
    "Connection",
    "Line",
    "LoadResult",
    "Percentiles",
    "Request",
    "RequestMaker",
    "Saturation",
    "Section",
    "Table",
    "Target",
    "bearer",
    "bench_marketplace",
    "closed_loop",
    "describe",
    "find_saturation",
    "format_duration",
    "machine_line",
    "markdown_table",
    "open_loop",
    "percentiles",
    "signed_up",
]
