"""The pure rules, on all that may be written in a header."""

from hypothesis import given
from hypothesis import strategies as st

from souk.edge.http_cache.directives import cache_control, seconds, targeted
from souk.edge.http_cache.fields import end_to_end, format_date, parse_date, split
from souk.edge.http_cache.freshness import freshness_of, may_store, reuse
from souk.edge.http_cache.keys import accepted_codings, has_dots, target_of
from souk.edge.sites import Site, SiteRules

TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60)
PIECES = st.sampled_from(
    ["max-age", "s-maxage", "=", "60", '"', ",", " ", "no-cache", "private", "(", ")", ";", "-1"]
)
VALUES = TEXT | st.lists(PIECES, max_size=12).map("".join)
NAMES = st.sampled_from(
    ["cache-control", "cdn-cache-control", "expires", "age", "date", "vary", "last-modified"]
)
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=6)


@given(st.integers(0, 4_000_000_000))
def test_dates_are_read_as_they_are_written(moment: int) -> None:
    assert parse_date(format_date(moment)) == moment


@given(VALUES)
def test_no_text_is_a_date_by_accident(text: str) -> None:
    found = parse_date(text)
    assert found is None or found > -62_200_000_000


def test_the_three_forms_of_a_date() -> None:
    for text in (
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "sun, 06 NOV 1994 08:49:37 gmt",
    ):
        assert parse_date(text) == 784111777


@given(FIELDS, FIELDS, st.integers(200, 599), st.floats(0, 1e9))
def test_whatever_is_said_there_is_an_answer(
    fields: list[tuple[str, str]], asked: list[tuple[str, str]], status: int, later: float
) -> None:
    rules = SiteRules()
    made = freshness_of(status, fields, requested_at=1.0, received_at=2.0, rules=rules)
    assert 0 <= made.lifetime_s <= 2**31
    assert made.initial_age_s >= 0
    may_store(status, fields, asked, freshness=made, rules=rules)
    reuse(made, asked, now=2.0 + later, max_stale_s=60)


@given(VALUES)
def test_directives_are_read_from_anything(text: str) -> None:
    found = cache_control([("cache-control", text)])
    for name in found:
        wanted = seconds(found, name)
        assert wanted is not None and wanted >= 0
    targeted([("cdn-cache-control", text)])
    assert all(piece == piece.strip() and piece for piece in split(text))


def test_a_targeted_field_counts_only_when_it_is_well_formed() -> None:
    def aimed(text: str) -> object:
        return targeted([("cdn-cache-control", text)])

    assert aimed("max-age=60, no-cache") == {"max-age": "60", "no-cache": None}
    assert aimed('max-age=60;x=1, private="a"') == {"max-age": "60", "private": "a"}
    assert aimed("max-age=60, no-store=?0") == {"max-age": "60"}
    for broken in ("", "max-age=60,", "Max-Age=60", "max-age= 60", "max-age=60 x", "=1", "a=("):
        assert aimed(broken) is None, broken
    assert aimed('max-age="60", no-store') == {"no-store": None}


@given(st.lists(st.sampled_from(["br", "gzip", "zstd", "BR;q=0.5", "gzip; q=0", "odd", "*"])))
def test_encodings_in_any_order_are_the_same(codings: list[str]) -> None:
    assert accepted_codings(", ".join(codings)) == accepted_codings(",".join(reversed(codings)))


@given(st.lists(st.sampled_from(["a=1", "b", "c=%20"]), max_size=5))
def test_a_sorted_query_has_one_order(pieces: list[str]) -> None:
    site = Site(
        id="sit_1",
        organisation_id="org_1",
        kind="origin",
        upstream="https://example.org",
        rules=SiteRules(query="sort"),
    )
    one = target_of(site, "/", "&".join(pieces))
    assert one == target_of(site, "/", "&".join(reversed(pieces)))


def test_dots_in_every_spelling() -> None:
    for path in ("/..", "/a/../b", "/%2e%2E/x", "/./a", "/a/.", "/.%2e/", "\\a"):
        assert has_dots(path), path
    for path in ("/", "/a.b", "/..a", "/a..", "/.well-known/x", "/%2ea"):
        assert not has_dots(path), path


def test_what_connection_names_is_for_one_hop() -> None:
    fields = [("connection", "X-A, close"), ("x-a", "1"), ("x-b", "2"), ("te", "trailers")]
    assert end_to_end(fields) == [("x-b", "2")]
