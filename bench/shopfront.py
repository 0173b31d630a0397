"""The pages people see first: time to their first byte under load, their weight, their audit."""

import asyncio
import os
import subprocess
import sys
from typing import Final

import click

from bench._audit import CATEGORIES, scores, transferred_bytes
from bench._harness import (
    Line,
    LoadResult,
    Request,
    Section,
    Table,
    Target,
    bench_marketplace,
    format_duration,
    open_loop,
)
from souk.apps.demo.marketplace import ThrowAwayMarketplace
from souk_client.sdk import Souk

RATE: Final = 50.0
FIRST_BYTE_GOAL_S: Final = 0.080
WEIGHT_GOAL_BYTES: Final = 150_000
SCORE_GOAL: Final = 95
HOW: Final = """
A marketplace as `souk up` starts it, its edge nodes off, with the starting catalogue, visited
signed out. Under load the whole answer is timed, which is never less than the time to its first
byte. Weight is what Chromium counts over the line on a first visit, headers included, images left
out. Lighthouse 12 audits with its own phone and slowed network on the system's Chromium; each score
is the median of five runs, and the worst of the three pages counts.
"""


def run(*, quick: bool) -> Section:
    """Loads, weighs and audits home, search and a listing."""
    with bench_marketplace() as (market, target):
        _load_catalogue(market)
        paths = {
            "home": "/",
            "search": "/search?kind=model",
            "listing": _listing(market),
        }
        loads: dict[str, LoadResult] = {}
        for name in ("home", "search"):
            loads[name] = asyncio.run(_steady(target, paths[name], 2.0 if quick else 12.0))
            click.echo(f"{name}: {loads[name]}", err=True)
        weights = {name: transferred_bytes(market.base_url + path) for name, path in paths.items()}
        audits = {}
        for name, path in paths.items():
            audits[name] = scores(market.base_url + path, runs=1 if quick else 5)
            click.echo(f"{name}: {audits[name]}", err=True)
    lines = [
        Line(
            what=f"{name} page at an open-loop {RATE:.0f} a second",
            measured=str(load),
            promised=f"first byte p99 < {format_duration(FIRST_BYTE_GOAL_S)}",
            reached=load.latency.p99 < FIRST_BYTE_GOAL_S and not load.failures,
            beside=f"the generator's own lag p99 {format_duration(load.lag.p99)}",
            bounded_by="the two cores, shared with the generator and the worker",
        )
        for name, load in loads.items()
    ]
    for name, sizes in weights.items():
        weight = sum(size for kind, size in sizes.items() if kind != "Image")
        lines.append(
            Line(
                what=f"{name} page, transferred before images",
                measured=f"{weight / 1000:,.1f} kB",
                promised=f"< {WEIGHT_GOAL_BYTES // 1000} kB",
                reached=weight < WEIGHT_GOAL_BYTES,
                beside=", ".join(
                    f"{kind.lower()} {size / 1000:,.1f} kB" for kind, size in sizes.most_common()
                ),
                bounded_by="its fonts and scripts",
            )
        )
    for category in CATEGORIES:
        worst = min(found[category] for found in audits.values())
        lines.append(
            Line(
                what=f"Lighthouse: {category.replace('-', ' ')}, worst of the three pages",
                measured=f"{worst:.0f}",
                promised=f"≥ {SCORE_GOAL}",
                reached=worst >= SCORE_GOAL,
                bounded_by="see the table",
            )
        )
    table = Table(
        title="Lighthouse, median of the runs",
        columns=["page", *(category.replace("-", " ") for category in CATEGORIES)],
        rows=[
            [name, *(f"{found[category]:.0f}" for category in CATEGORIES)]
            for name, found in audits.items()
        ],
    )
    return Section(title="Shopfront", how=HOW, lines=lines, tables=[table])


async def _steady(target: Target, path: str, seconds: float) -> LoadResult:
    return await open_loop(
        target, lambda _number: Request(path), rate_per_s=RATE, duration_s=seconds
    )


def _load_catalogue(market: ThrowAwayMarketplace) -> None:
    subprocess.run(
        [sys.executable, "-m", "souk.apps.catalogue"],
        env={
            **os.environ,
            "SOUK_PORT": str(market.port),
            "SOUK_DATA_DIR": str(market.data_dir),
        },
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _listing(market: ThrowAwayMarketplace) -> str:
    """The page of the sentence embeddings, which has everything a listing can have."""
    with Souk(market.base_url) as souk:
        return f"/{souk.discovery.search('sentence embeddings', limit=1).items[0].listing.address}"
