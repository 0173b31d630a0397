"""How listings are lined up, and which cell of a row is the best: pure."""

from collections.abc import Collection, Mapping, Sequence
from math import inf
from typing import Final

import msgspec

from souk.works.listings.api import current_version
from souk_client.contracts.comparisons import (
    ComparedCell,
    ComparedMoney,
    ComparedRow,
    Direction,
    RowGroup,
)
from souk_client.contracts.works import LicenceTerms, Listing, Metric, Version

EMPTY: Final = ComparedCell()
_OTHER_DATA: Final = "measured on different data"
_OTHER_CURRENCIES: Final = "different currencies, and no rate between them"
_SMALLER_IS_BETTER: Final = frozenset({"model", "api", "plugin", "agent"})
"""Kinds that do the same job more lightly when they are smaller; a dataset's size is no fault."""


def mark_best(row: ComparedRow, keys: Sequence[float | None]) -> ComparedRow:
    """The row with its best cells marked: those with the least (or greatest) key.

    One cell that says anything is better than nothing, but compares with nothing: a best needs two.
    """
    known = [key for key in keys if key is not None]
    if row.better is None or row.unmarked or len(known) < 2:
        return row
    best = min(known) if row.better == "lower" else max(known)
    cells = [
        msgspec.structs.replace(cell, best=key == best)
        for cell, key in zip(row.cells, keys, strict=True)
    ]
    return msgspec.structs.replace(row, cells=cells)


def number_row(
    group: RowGroup,
    name: str,
    cells: Sequence[ComparedCell],
    *,
    unit: str = "",
    better: Direction | None = None,
    unmarked: str = "",
) -> ComparedRow:
    """A row of numbers, its best marked."""
    row = ComparedRow(
        group=group, name=name, unit=unit, better=better, unmarked=unmarked, cells=list(cells)
    )
    return mark_best(row, [cell.number for cell in cells])


def price_row(prices: Sequence[ComparedMoney | None]) -> ComparedRow:
    """The lowest price of each; the least is marked where all are in one currency, or converted."""
    named = [price for price in prices if price is not None]
    unmarked = ""
    if len({price.currency for price in named}) <= 1:
        keys = [None if price is None else float(price.amount_minor) for price in prices]
    elif all(price.converted_minor is not None for price in named):
        keys = [None if price is None else price.converted_minor for price in prices]
    else:
        # What is free is the least in every currency; the rest cannot be told apart.
        keys = [None if price is None else (inf if price.amount_minor else 0.0) for price in prices]
        unmarked = "" if 0.0 in keys else _OTHER_CURRENCIES
    row = ComparedRow(
        group="price",
        name="Price",
        better="lower",
        unmarked=unmarked,
        cells=[EMPTY if price is None else ComparedCell(money=price) for price in prices],
    )
    return mark_best(row, keys)


def offer_rows(listings: Sequence[Listing]) -> list[ComparedRow]:
    """What a buyer gets with each edition."""
    sold = [[o for o in listing.offers if o.state == "active"] for listing in listings]
    return [
        values_row(
            "price",
            "Editions",
            [[f"{offer.edition}: {_terms(offer.terms)}" for offer in offers] for offers in sold],
        )
    ]


def _terms(terms: LicenceTerms) -> str:
    match terms.kind:
        case "timed":
            words = f"{terms.duration_days} days"
        case "counted":
            words = f"{terms.uses} uses"
        case "seats":
            words = f"{terms.seats} seats"
        case _:
            words = "for good"
    return f"{words}, may be passed on" if terms.transferable else words


def metric_rows(
    listings: Sequence[Listing], *, verified: Collection[tuple[str, Metric]] = ()
) -> list[ComparedRow]:
    """One row a metric: same name, unit and direction.

    Where a listing has the metric more than once (on several datasets, on several splits), each
    dataset and split makes a row of its own. Values measured on different data stand side by side,
    but none is called the best.

    Args:
        verified: figures that the platform measured itself, each with its listing's id.
    """
    rows: dict[_Key, dict[int, _Shown]] = {}
    split_up = _repeated(listings)
    for place, listing in enumerate(listings):
        for metric in listing.metrics:
            key = _key(metric)
            if key in split_up:
                key = (*key[:3], metric.dataset.strip().casefold(), metric.split.strip().casefold())
            is_verified = (listing.id, metric) in verified
            rows.setdefault(key, {}).setdefault(place, (metric, is_verified))
    ordered = sorted(rows.items(), key=lambda pair: -len(pair[1]))
    return [_metric_row(found, len(listings), named=bool(key[3])) for key, found in ordered]


_Key = tuple[str, str, bool, str, str]
_Shown = tuple[Metric, bool]
"""A figure, and whether the platform measured it itself."""


def _key(metric: Metric) -> _Key:
    name, unit = metric.name.strip().casefold(), metric.unit.strip().casefold()
    return (name, unit, metric.higher_is_better, "", "")


def _repeated(listings: Sequence[Listing]) -> set[_Key]:
    repeated = set()
    for listing in listings:
        keys = [_key(metric) for metric in listing.metrics]
        repeated |= {key for key in keys if keys.count(key) > 1}
    return repeated


def _metric_row(found: Mapping[int, _Shown], width: int, *, named: bool) -> ComparedRow:
    first, _ = next(iter(found.values()))
    data = {(m.dataset.strip().casefold(), m.split.strip().casefold()) for m, _ in found.values()}
    name = f"{first.name} ({first.dataset})" if named and first.dataset else first.name
    return number_row(
        "metrics",
        name,
        [_metric_cell(found.get(place)) for place in range(width)],
        unit=first.unit,
        better="higher" if first.higher_is_better else "lower",
        unmarked=_OTHER_DATA if len(data) > 1 else "",
    )


def _metric_cell(shown: _Shown | None) -> ComparedCell:
    if shown is None:
        return EMPTY
    metric, is_verified = shown
    where = " · ".join(filter(None, (metric.dataset, metric.split)))
    note = ". ".join(filter(None, (where, metric.how)))
    return ComparedCell(number=metric.value, note=note, verified=is_verified)


def text_row(group: RowGroup, name: str, texts: Sequence[str]) -> ComparedRow:
    """A row of words."""
    cells = [ComparedCell(text=text) if text else EMPTY for text in texts]
    return ComparedRow(group=group, name=name, cells=cells)


def values_row(group: RowGroup, name: str, lists: Sequence[Sequence[str]]) -> ComparedRow:
    """A row of lists of words."""
    cells = [ComparedCell(values=list(values)) if values else EMPTY for values in lists]
    return ComparedRow(group=group, name=name, cells=cells)


def spec_rows(listings: Sequence[Listing]) -> list[ComparedRow]:
    """What they are for and what they run on."""
    runs_on = [listing.compatibility for listing in listings]
    memory = [
        EMPTY if one.min_memory_gb is None else ComparedCell(number=one.min_memory_gb)
        for one in runs_on
    ]
    return [
        text_row("specs", "Task", [listing.task for listing in listings]),
        text_row("specs", "Category", [listing.category for listing in listings]),
        values_row("specs", "Frameworks", [one.frameworks for one in runs_on]),
        values_row("specs", "Runtimes", [one.runtimes for one in runs_on]),
        values_row("specs", "Hardware", [one.hardware for one in runs_on]),
        number_row("specs", "Memory needed", memory, unit="GB", better="lower"),
    ]


def file_rows(listings: Sequence[Listing]) -> list[ComparedRow]:
    """The version that buyers get: its files, their size and formats."""
    versions = [current_version(listing) for listing in listings]
    light = all(listing.kind in _SMALLER_IS_BETTER for listing in listings)
    sizes = [EMPTY if v is None else ComparedCell(number=v.size_bytes) for v in versions]
    counts = [EMPTY if v is None else ComparedCell(number=len(v.files)) for v in versions]
    return [
        number_row("files", "Size", sizes, unit="bytes", better="lower" if light else None),
        number_row("files", "Files", counts),
        values_row("files", "Formats", [_formats(version) for version in versions]),
        number_row("files", "Parameters", [_parameters(version) for version in versions]),
    ]


def _formats(version: Version | None) -> list[str]:
    files = version.files if version else []
    return sorted({file.scan.format for file in files if file.scan.format})


def _parameters(version: Version | None) -> ComparedCell:
    """What the scan counted in the files; they are not added up, since files may repeat weights.

    None counted is none known: a forest's weights stand in its nodes, where nobody counts them.
    """
    files = version.files if version else []
    counted = [file.scan.facts.get("parameters") for file in files]
    known = [count for count in counted if isinstance(count, int) and not isinstance(count, bool)]
    return ComparedCell(number=max(known)) if any(known) else EMPTY


def activity_rows(listings: Sequence[Listing]) -> list[ComparedRow]:
    """How much they are used, and how they are kept up."""
    versions = [current_version(listing) for listing in listings]
    published = [[v for v in listing.versions if v.published_at] for listing in listings]
    return [
        _count_row("Downloads", [listing.downloads for listing in listings]),
        _count_row("Sales", [listing.sales for listing in listings]),
        text_row("activity", "Version", [v.version if v else "" for v in versions]),
        number_row(
            "activity", "Versions", [ComparedCell(number=len(found)) for found in published]
        ),
        text_row("activity", "Updated", [f"{v.created_at:%F}" if v else "" for v in versions]),
    ]


def _count_row(name: str, counts: Sequence[int]) -> ComparedRow:
    """What nobody used yet is not the best, however many others nobody used."""
    cells = [ComparedCell(number=count) for count in counts]
    row = ComparedRow(group="activity", name=name, better="higher", cells=cells)
    return mark_best(row, [count or None for count in counts])


def told(rows: Sequence[ComparedRow]) -> list[ComparedRow]:
    """The rows that say something of at least one listing."""
    return [row for row in rows if any(cell != EMPTY for cell in row.cells)]
