"""Runs benches by name, prints their tables, and writes them into the benchmarks page."""

import dataclasses
import datetime as dt
import importlib
import pkgutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

import bench
from bench._machine import machine_line
from bench._report import Section, write_section

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "benchmarks.md"
RESULTS = ROOT / "var" / "bench"


def bench_names() -> list[str]:
    """Every bench there is: the public modules of this package."""
    names = (module.name for module in pkgutil.iter_modules(bench.__path__))
    return sorted(name for name in names if not name.startswith("_"))


def run_benches(names: list[str], *, quick: bool) -> Iterator[tuple[str, Section]]:
    """Runs each bench in turn; its section says where and when it was measured."""
    machine = machine_line()
    for name in names:
        click.secho(f"\n{name} …", bold=True, err=True)
        started = time.monotonic()
        try:
            section: Section = importlib.import_module(f"bench.{name}").run(quick=quick)
        except Exception as error:  # the others are still worth measuring
            click.secho(f"{name} failed: {error!r}", fg="red", err=True)
            continue
        today = dt.datetime.now(dt.UTC).date().isoformat()
        section = dataclasses.replace(section, machine=machine, measured_on=today)
        click.echo(section.markdown())
        click.secho(f"{name}: {time.monotonic() - started:.0f} s", dim=True, err=True)
        yield name, section


@click.command()
@click.argument("names", nargs=-1)
@click.option("--quick", is_flag=True, help="Only prove that the benches work; write nothing.")
@click.option("--no-page", is_flag=True, help="Leave the benchmarks page as it is.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write results here.")
def main(names: tuple[str, ...], *, quick: bool, no_page: bool, json_path: Path | None) -> None:
    """Runs the named benches, or all of them."""
    # A normal exit, so that what a bench has started and written is cleaned up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    known = bench_names()
    if unknown := [name for name in names if name not in known]:
        raise click.BadParameter(f"{', '.join(unknown)}; there are: {', '.join(known)}")
    results: dict[str, Section] = {}
    for name, section in run_benches(list(names) or known, quick=quick):
        results[name] = section
        if not quick and not no_page:
            write_section(PAGE, name, section.markdown())
    encoded = msgspec.json.format(msgspec.json.encode(results))
    target = json_path or (None if quick else RESULTS / "results.json")
    if target:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(encoded)
    missed = [f"{name}: {line.what}" for name, found in results.items() for line in found.missed]
    for line in missed:
        click.secho(f"not reached: {line}", fg="yellow", err=True)
    sys.exit(0 if len(results) == len(names or known) else 1)


if __name__ == "__main__":
    main()
