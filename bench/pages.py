"""The token check, the listing API and the listing page: at a steady rate and at saturation."""

import asyncio
import secrets
import tempfile
import time
from pathlib import Path
from typing import Final

import click

from bench._harness import (
    Line,
    LoadResult,
    Percentiles,
    Request,
    Saturation,
    Section,
    Target,
    bearer,
    bench_marketplace,
    find_saturation,
    format_duration,
    open_loop,
    percentiles,
    signed_up,
)
from souk.apps.container import build_container
from souk.infra.postgres.embedded import running_dsn
from souk_client.contracts.works import Listing, ListingRequest, VersionFile
from souk_client.sdk import Souk

RATE: Final = 100.0
P99_GOAL_S: Final = 0.050
TOKEN_GOAL_S: Final = 0.001
CHECKS: Final = 20_000
HOW: Final = """
`GET /api/v1/listings/{id}` and the page of the same listing (signed out), on a marketplace as
`souk up` starts it, its edge nodes off, with the load generator on the same machine. The floor
beside them is `/health/live`, which passes the same edge and touches no database. The token check
is measured inside a process, without HTTP: warm is a token that was seen in the last minute; cold
verifies the signature and reads session, user and memberships.
"""


def run(*, quick: bool) -> Section:
    """Measures tokens, then each address at a steady rate and at saturation."""
    seconds = 2.0 if quick else 12.0
    with bench_marketplace() as (market, target):
        with signed_up(market, "maker") as maker:
            listing = _listing(maker)
            token = bearer(maker)["Authorization"].removeprefix("Bearer ")
        warm, cold = asyncio.run(_token_checks(market.data_dir, market.base_url, token))
        floor = asyncio.run(_saturation(target, "/health/live", quick=quick, start=400))
        results: dict[str, tuple[LoadResult, Saturation]] = {}
        for name, path in {
            "listing API": f"/api/v1/listings/{listing.id}",
            "listing page": f"/{listing.address}",
        }.items():
            steady = asyncio.run(_steady(target, path, seconds))
            results[name] = (steady, asyncio.run(_saturation(target, path, quick=quick, start=50)))
            click.echo(
                f"{name}: {steady}; saturation {results[name][1].rate_per_s:,.0f}/s", err=True
            )
    lines = [
        Line(
            what="token check, warm",
            measured=f"p50 {format_duration(warm.p50)}, p99 {format_duration(warm.p99)}",
            promised=f"< {format_duration(TOKEN_GOAL_S)}",
            reached=warm.p99 < TOKEN_GOAL_S,
            beside=f"cold: p50 {format_duration(cold.p50)}, p99 {format_duration(cold.p99)}",
        )
    ]
    for name, (steady, saturation) in results.items():
        lines.append(
            Line(
                what=f"{name} at an open-loop {RATE:.0f} a second",
                measured=str(steady),
                promised=f"p99 < {format_duration(P99_GOAL_S)}",
                reached=steady.latency.p99 < P99_GOAL_S and not steady.failures,
                beside=f"the generator's own lag p99 {format_duration(steady.lag.p99)}",
                bounded_by="the two cores, shared with the generator and the worker",
            )
        )
        lines.append(
            Line(
                what=f"{name}, saturation (p99 within {format_duration(P99_GOAL_S)})",
                measured=f"{saturation.rate_per_s:,.0f}/s",
                beside=f"/health/live: {floor.rate_per_s:,.0f}/s",
            )
        )
    return Section(title="Tokens and pages", how=HOW, lines=lines)


async def _steady(target: Target, path: str, seconds: float) -> LoadResult:
    return await open_loop(
        target, lambda _number: Request(path), rate_per_s=RATE, duration_s=seconds
    )


async def _saturation(target: Target, path: str, *, quick: bool, start: float) -> Saturation:
    return await find_saturation(
        target,
        lambda _number: Request(path),
        p99_limit_s=P99_GOAL_S,
        start_rate_per_s=start,
        step_s=1.0 if quick else 3.0,
    )


async def _token_checks(
    data_dir: Path, base_url: str, token: str
) -> tuple[Percentiles, Percentiles]:
    """Warm and cold checks of a real token, by the very code that HTTP requests pass."""
    environ = {
        "SOUK_DATABASE_URL": running_dsn(data_dir) or "",
        "SOUK_SECRET": (data_dir / "secrets" / "marketplace").read_text().strip(),
        "SOUK_DATA_DIR": str(data_dir),
        "SOUK_PUBLIC_URL": base_url,
    }
    container = build_container(environ=environ)
    callers = container.people.callers
    warm: list[float] = []
    cold: list[float] = []
    await container.core.database.open()
    try:
        await container.core.keyring.load()
        for times, count in ((cold, CHECKS // 50), (warm, CHECKS)):
            for _ in range(count):
                if times is cold:
                    callers.forget(None)
                started = time.perf_counter()
                await callers.by_bearer(token)
                times.append(time.perf_counter() - started)
    finally:
        await container.core.database.close()
    return percentiles(warm), percentiles(cold)


def _listing(maker: Souk) -> Listing:
    """A published listing with a real card and a dozen files."""
    card = "# A work\n\n" + "\n\n".join(
        f"## Part {number}\n\nWhat it does, and **how** it was measured: `value`."
        for number in range(8)
    )
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number in range(12):
            path = Path(folder, f"part-{number}.txt")
            path.write_bytes(secrets.token_hex(64).encode())
            artifact = maker.upload_file(path)
            files.append(VersionFile(path=path.name, sha256=artifact.sha256))
    listing = maker.listings.create(
        ListingRequest(
            kind="dataset",
            slug="work",
            title="A work",
            summary="For the bench.",
            card=card,
            licence="MIT",
            tags=["bench", "text"],
            price_minor=1250,
        )
    )
    maker.listings.create_version(listing.id, version="1.0.0", files=files)
    return maker.listings.publish(listing.id)
