"""What a command prints: a JSON document for programs, or text for people."""

import shutil
import unicodedata
from collections.abc import Iterable, Sequence

import click
import msgspec

from souk_client.sdk.money import format_amount


def emit_json(value: object) -> None:
    """One JSON document on standard output."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table as wide as the terminal; the last column is cut to fit."""
    lines = [list(headings), *(list(row) for row in rows)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    room = shutil.get_terminal_size((100, 24)).columns - sum(widths[:-1]) - 2 * (len(widths) - 1)
    widths[-1] = max(min(widths[-1], room), 12)
    for line in lines:
        cells = [_fitted(cell, width) for cell, width in zip(line, widths, strict=True)]
        click.echo("  ".join(cells).rstrip())


def facts(pairs: Iterable[tuple[str, str | None]]) -> None:
    """Names and values, one a line; those without a value are left out."""
    kept = [(name, value) for name, value in pairs if value]
    width = max((_width(name) for name, _ in kept), default=0)
    for name, value in kept:
        click.echo(f"{_fitted(name, width)}  {value}")


def price(amount_minor: int | None, currency: str | None) -> str:
    """A price for people; a dash when there is none."""
    if amount_minor is None or currency is None:
        return "–"
    return "free" if amount_minor == 0 else format_amount(amount_minor, currency)


def size(size_bytes: int) -> str:
    """A length for people: `12 B`, `1.5 MiB`."""
    amount = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def plain(text: str) -> str:
    """Text of others without control characters: it cannot move the cursor or hide itself."""
    return "".join(char if char.isprintable() else " " for char in text)


def _fitted(text: str, width: int) -> str:
    clean = plain(text)
    while _width(clean) > width:
        clean = clean[:-2].rstrip() + "…"
    return clean + " " * (width - _width(clean))


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )
