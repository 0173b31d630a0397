"""Values in the words of the pages."""

from datetime import UTC, datetime, timedelta

import pytest

from souk.web import words
from souk_client.contracts.works import LicenceTerms

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (90_868_376, "90.9 MB")]
)
def test_sizes(count: int, shown: str) -> None:
    assert words.size(count) == shown


@pytest.mark.parametrize(
    ("value_s", "shown"),
    [
        (-1, "0 s"),
        (0, "0 s"),
        (89.4, "89 s"),
        (90, "2 min"),
        (3600, "60 min"),
        (5400, "1.5 h"),
        (86_400, "24 h"),
        (172_800, "2 d"),
        (10**9, "11574.1 d"),
    ],
)
def test_spans(value_s: float, shown: str) -> None:
    assert words.seconds(value_s) == shown


@pytest.mark.parametrize(
    ("past", "shown"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=23), "23 hours ago"),
        (timedelta(days=1, hours=3), "yesterday"),
        (timedelta(days=9), "9 days ago"),
        (timedelta(days=40), "12 Oct 2026"),
    ],
)
def test_how_long_ago(past: timedelta, shown: str) -> None:
    assert words.ago(NOW - past, NOW) == shown


@pytest.mark.parametrize(
    ("terms", "shown"),
    [
        (LicenceTerms(), "Yours for good"),
        (LicenceTerms(kind="timed", duration_days=30), "For 30 days"),
        (LicenceTerms(kind="counted", uses=1), "For 1 use"),
        (LicenceTerms(kind="seats", seats=1), "For 1 person at a time"),
        (
            LicenceTerms(kind="seats", seats=5, transferable=True),
            "For 5 people at a time, may be passed on",
        ),
    ],
)
def test_licence_terms(terms: LicenceTerms, shown: str) -> None:
    assert words.terms(terms) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.9790209, "0.979"), (12.0, "12"), (1204.0, "1,204"), (0.000012, "1.2e-05")],
)
def test_measured_figures(value: float, shown: str) -> None:
    assert words.figure(value) == shown


def test_prices_and_names() -> None:
    assert words.price(0, "USD") == "Free"
    assert words.price(None, None) == "No price yet"
    assert words.signed_money(-350, "EUR") == "−€3.50"
    assert words.compact(1480) == "1.5k"
    assert words.initials("Amina El Fassi") == "AF"
    assert words.licence_name("LicenseRef-Acme") == "Seller's terms"
