"""Who is counted, under which id, and what is kept of where they came from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.insight.analytics.model import (
    UNKNOWN,
    Source,
    country_of,
    is_part,
    is_robot,
    normal_query,
    source_of,
    visitor_id,
    wants_no_counting,
)


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "  ",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2)",
        "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/138.0.0.0 Safari/537.36",
        "curl/8.5.0",
        "UptimeRobot/2.0",
        "facebookexternalhit/1.1",
    ],
)
def test_robots_are_known(agent: str) -> None:
    assert is_robot(agent)


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Mozilla/5.0 (Linux; Android 14; CUBOT X70) Mobile Safari/537.36",
        "souk-client/0.3.0",
        "python-httpx/0.28.1",
    ],
)
def test_people_and_their_programs_are_not(agent: str) -> None:
    assert not is_robot(agent)


def test_who_asks_not_to_be_tracked_is_not() -> None:
    assert wants_no_counting({"dnt": "1"})
    assert wants_no_counting({"sec-gpc": "1"})
    assert wants_no_counting({"sec-purpose": "prefetch;prerender"})
    assert not wants_no_counting({"dnt": "0", "sec-gpc": "0"})
    assert is_part({"hx-request": "true"})
    assert not is_part({"hx-request": "true", "hx-boosted": "true"})


def test_an_id_holds_for_one_salt_only() -> None:
    def of(salt: bytes, **who: str | None) -> str:
        about = {"user_id": None, "address": "192.0.2.1", "user_agent": "Firefox", **who}
        return visitor_id(salt, **about)  # type: ignore[arg-type]  # the texts of a test

    today, tomorrow = b"a" * 32, b"b" * 32
    assert of(today) == of(today)
    assert of(today) != of(tomorrow)
    assert of(today) != of(today, address="192.0.2.2")
    assert of(today) != of(today, user_agent="Chrome")
    member = of(today, user_id="usr_1")
    assert member == of(today, user_id="usr_1", address="198.51.100.7", user_agent="Chrome")
    assert "192.0.2.1" not in of(today)


@given(st.text())
def test_kept_words_are_short_folded_and_name_nobody(typed: str) -> None:
    kept = normal_query(typed)
    assert len(kept) <= 80
    assert "@" not in kept
    assert kept.isprintable()
    assert normal_query(kept) == kept


def test_words_that_may_be_personal_are_left_out() -> None:
    assert normal_query("  Rose\n Water ada@example.org  +491701234567 7B ") == "rose water 7b"


@pytest.mark.parametrize(
    ("referrer", "source"),
    [
        ("", Source("direct")),
        ("javascript:alert(1)", Source("direct")),
        ("https://[broken", Source("direct")),
        ("https://www.news.example.org/a/b?secret=1", Source("news.example.org")),
        ("http://souk.example:8000/", Source("marketplace")),
        ("http://souk.example:8000/search?q=Red+Roses&kind=model", Source("search", "red roses")),
        ("http://souk.example:8000/search", Source("search")),
        ("http://souk.example/search?q=x", Source("souk.example")),
    ],
)
def test_of_a_referrer_only_the_host_is_kept(referrer: str, source: Source) -> None:
    assert source_of(referrer, own_host="souk.example:8000") == source


@given(st.text(), st.text())
def test_no_header_is_too_strange(referrer: str, host: str) -> None:
    assert source_of(referrer, own_host=host).name.isprintable()


def test_a_country_is_a_code_or_unknown() -> None:
    assert [
        country_of(named) for named in ("de", " MA ", "XX", "T1", "", "Deutschland", "D\0")
    ] == [
        "DE",
        "MA",
        *[UNKNOWN] * 5,
    ]
