"""Search over HTTP at 100,000 listings: the real `souk up`, its index filled through its worker."""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import click
import msgspec
import numpy as np
import numpy.typing as npt
import psycopg

from bench._cpu import wait_until_idle
from bench._http import Request, Target
from bench._load import LoadResult, Saturation, find_saturation, open_loop
from bench._marketplace import bench_marketplace
from bench._search_corpus import Query
from souk.discovery.search.documents import text_to_embed, write_body
from souk.discovery.search.engine.engine import SearchEngine
from souk.discovery.search.engine.errors import IndexMissing
from souk.discovery.search.engine.layout import current_generation
from souk.discovery.search.model import SearchDocument
from souk.infra.postgres.embedded import running_dsn

RATE_PER_S: Final = 50
P99_LIMIT_S: Final = 0.050
_FILL_LIMIT_S: Final = 900
_CHECK_LIMIT_S: Final = 20
_SETTLE_LIMIT_S: Final = 300
_QUIET_S: Final = 5.0
_TAIL: Final = 4_096
"""So many rows outside the graph are left for later."""
_REPEATED: Final = 100
_ASKED_BEFORE: Final = 3_000
"""Queries from this number on have not been asked when the saturation is looked for."""


class HttpFindings(msgspec.Struct, frozen=True):
    """What the loads measured."""

    filled_s: float
    steady: LoadResult
    repeated: LoadResult
    """The same load with queries that are asked again and again."""
    suggestions: LoadResult
    saturation: Saturation


def measure(
    documents: Sequence[SearchDocument],
    vectors: npt.NDArray[np.float32],
    queries: Sequence[Query],
    *,
    model: str,
    seconds: float,
) -> HttpFindings:
    """Fills a throw-away marketplace and puts load on its search route."""
    with bench_marketplace() as (market, target):
        filled_s = _fill(market.data_dir, documents, vectors, model=model)
        return asyncio.run(_load(target, queries, seconds=seconds, filled_s=filled_s))


def _fill(
    data_dir: Path,
    documents: Sequence[SearchDocument],
    vectors: npt.NDArray[np.float32],
    *,
    model: str,
) -> float:
    """Hands the documents to the worker as if works had published them; seconds until all are
    found."""
    dsn = running_dsn(data_dir)
    assert dsn is not None
    _wait_for_first_check(dsn)
    started = time.perf_counter()
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        with cursor.copy(
            "COPY discovery.search_documents (listing_id, change, body, text_hash, vector, model)"
            " FROM STDIN WITH (FORMAT binary)"
        ) as copy:
            copy.set_types(["text", "int8", "bytea", "bytea", "bytea", "text"])
            for document, vector in zip(documents, vectors, strict=True):
                copy.write_row(_row(document, vector, model))
        cursor.execute("SELECT setval('discovery.search_changes', 10000000)")
        cursor.execute("SELECT pg_notify('souk_search', '')")
    engine = SearchEngine(data_dir / "search")
    while _indexed(engine) < len(documents):
        if time.perf_counter() - started > _FILL_LIMIT_S:
            raise TimeoutError("the worker did not index everything")
        time.sleep(0.5)
    filled_s = time.perf_counter() - started
    _settle(data_dir / "search", rows=len(documents))
    return filled_s


def _settle(root: Path, *, rows: int) -> None:
    """Waits until the worker has grown the graph and merged the text index: what follows measures
    searching, not the minute after a hundred thousand listings came in at once."""
    deadline = time.perf_counter() + _SETTLE_LIMIT_S
    seen, since = "", time.perf_counter()
    while time.perf_counter() < deadline:
        generation = current_generation(root)
        graphs = [int(path.stem.partition("-")[2]) for path in generation.path.glob("graph-*")]
        state = f"{sorted(graphs)} {(generation.text / 'meta.json').stat().st_mtime_ns}"
        if state != seen:
            seen, since = state, time.perf_counter()
        covered = max(graphs, default=0)
        enough = rows - covered < max(_TAIL, covered // 10)
        if enough and time.perf_counter() - since > _QUIET_S:
            # PostgreSQL has its rows to look through as well.
            wait_until_idle(busy=0.25, for_s=_QUIET_S, limit_s=deadline - time.perf_counter())
            return
        time.sleep(0.5)


def _wait_for_first_check(dsn: str) -> None:
    """The worker's first comparison with works takes away what works does not know: a marker goes
    with it. Where that came before the marker, nothing happens for a while."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO discovery.search_documents (listing_id, change, body)"
            " VALUES ('lst_marker', nextval('discovery.search_changes'), '')"
        )
        deadline = time.perf_counter() + _CHECK_LIMIT_S
        while time.perf_counter() < deadline:
            if connection.execute(
                "SELECT 1 FROM discovery.search_documents"
                " WHERE listing_id = 'lst_marker' AND body IS NULL"
            ).fetchone():
                return
            time.sleep(0.2)


def _row(
    document: SearchDocument, vector: npt.NDArray[np.float32], model: str
) -> tuple[str, int, bytes, bytes, bytes, str]:
    return (
        f"lst_{document.seq:026d}",
        document.seq + 1_000_000,
        write_body(document),
        hashlib.sha256(text_to_embed(document).encode()).digest(),
        vector.astype("<f2").tobytes(),
        model,
    )


def _indexed(engine: SearchEngine) -> int:
    try:
        return int(engine.snapshot().searcher.num_docs)
    except IndexMissing:
        return 0


async def _load(
    target: Target, queries: Sequence[Query], *, seconds: float, filled_s: float
) -> HttpFindings:
    def ask(number: int) -> Request:
        return Request(_path(queries[number % len(queries)]))

    steady = await open_loop(
        target, ask, rate_per_s=RATE_PER_S, duration_s=seconds, warmup_s=5, seed=1
    )
    repeated = await open_loop(
        target,
        lambda number: Request(_path(queries[number % _REPEATED])),
        rate_per_s=RATE_PER_S,
        duration_s=seconds,
        warmup_s=5,
        seed=2,
    )
    suggestions = await open_loop(
        target,
        lambda number: Request(_typed_so_far(queries[number % len(queries)], number)),
        rate_per_s=RATE_PER_S,
        duration_s=seconds,
        warmup_s=5,
        seed=3,
    )
    saturation = await find_saturation(
        target,
        ask,
        p99_limit_s=P99_LIMIT_S,
        start_rate_per_s=RATE_PER_S,
        step_s=min(5.0, seconds),
        report=lambda line: click.secho(f"  {line}", dim=True, err=True),
        first_number=_ASKED_BEFORE,
    )
    return HttpFindings(
        filled_s=filled_s,
        steady=steady,
        repeated=repeated,
        suggestions=suggestions,
        saturation=saturation,
    )


def _path(query: Query) -> str:
    return f"/api/v1/search?{urlencode({'q': query.typed, 'sort': str(query.sort)})}"


def _typed_so_far(query: Query, number: int) -> str:
    """A query half typed, as the box asks for suggestions."""
    typed = query.typed[: 3 + number % max(1, len(query.typed) - 2)]
    return f"/api/v1/search/suggest?{urlencode({'q': typed})}"
