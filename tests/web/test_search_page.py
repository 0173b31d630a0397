"""What the search page draws around an answer: facets, chips, and where a query goes wrong."""

import pytest
from multidict import MultiDict

from souk.discovery.search.errors import QueryInvalid
from souk.kernel.errors import Invalid
from souk.web.pages.search import SearchView, problem_of, view_of
from souk.web.pages.search_address import Address, read_address
from souk.web.pages.search_dropped import MAX_TOLD, not_understood
from souk.web.pages.search_facets import FacetView
from souk.web.specimens import summaries
from souk_client.contracts.discovery import Facet, FacetValue, ParsedPart, SearchAnswer, SearchHit


def answer(*facets: Facet, parsed: tuple[ParsedPart, ...] = ()) -> SearchAnswer:
    return SearchAnswer(
        items=[], total=0, facets=list(facets), text="words", parsed=list(parsed), took_ms=1.0
    )


def view(given: SearchAnswer, *pairs: tuple[str, str]) -> SearchView:
    return view_of(read_address(MultiDict(pairs)), given, sort="relevance", view="grid")


def facet(shown: SearchView, name: str) -> FacetView:
    return next(one for one in shown.facets if one.name == name)


def prices(counts: dict[str, int], unit: str = "USD", digits: int = 2) -> Facet:
    one = 10**digits
    bands = {
        "free": (None, 0),
        "under_10": (1, 10 * one - 1),
        "from_10": (10 * one, 100 * one - 1),
        "over_1000": (1000 * one, None),
    }
    return Facet(
        name="price",
        unit=unit,
        values=[
            FacetValue(value=name, count=count, low=bands[name][0], high=bands[name][1])
            for name, count in counts.items()
        ],
    )


def words(name: str, **counts: int) -> Facet:
    return Facet(name=name, values=[FacetValue(value=v, count=n) for v, n in counts.items()])


def test_price_bands_read_in_the_currency_chosen() -> None:
    bands = {"free": 1, "under_10": 2, "from_10": 3, "over_1000": 4}
    shown = view(answer(prices(bands)))
    names = [choice.name for choice in facet(shown, "price").choices]
    assert names == ["Free", "Under $10", "$10 to $100", "$1,000 and more"]
    ether = view(answer(prices(bands, "ETH", 9)), ("currency", "ETH"))
    names = [choice.name for choice in facet(ether, "price").choices]
    assert names == ["Free", "Under 10 ETH", "10 ETH to 100 ETH", "1,000 ETH and more"]


def test_choosing_a_band_marks_it_and_it_can_be_taken_away() -> None:
    found = answer(prices({"from_10": 3}))
    band = facet(view(found), "price").choices[0]
    shown = view(found, ("price", band.value), ("q", "words"))
    assert [choice.chosen for choice in facet(shown, "price").choices] == [True]
    assert not facet(shown, "price").own
    assert [(c.name, c.href) for c in shown.chips] == [("Price: $10 to $100", "/search?q=words")]


def test_a_range_of_ones_own_stands_in_the_boxes() -> None:
    shown = facet(view(answer(prices({"from_10": 3})), ("price", "5..20")), "price")
    assert (shown.own, shown.low, shown.high, shown.unit) == (True, "5", "20", "USD")


def test_bands_show_their_numbers_beside_several_currencies() -> None:
    both = answer(prices({"free": 9, "from_10": 4}), words("currency", USD=3, EUR=1))
    assert [c.count for c in facet(view(both), "price").choices] == [9, 4]
    chosen = view(both, ("currency", "EUR"))
    assert [c.count for c in facet(chosen, "price").choices] == [9, 4]
    assert [c.chosen for c in facet(chosen, "currency").choices] == [True, False]


def test_a_chosen_value_is_marked_whatever_its_case_and_stays_without_matches() -> None:
    shown = view(answer(words("tag", nlp=3)), ("tag", "NLP"), ("tag", "gone"))
    assert [(c.name, c.count, c.chosen) for c in facet(shown, "tag").choices] == [
        ("nlp", 3, True),
        ("gone", 0, True),
    ]


def test_many_values_are_folded_away() -> None:
    shown = facet(view(answer(words("task", **{f"t{n}": 50 - n for n in range(20)}))), "task")
    assert len(shown.choices) == 8 and len(shown.more) == 12


def test_filters_written_in_the_query_are_chips_that_cut_themselves_out() -> None:
    typed = "kind:model price:<10 red wine"
    parsed = (
        ParsedPart(field="kind", op=":", value="model", start=0, end=10),
        ParsedPart(field="price", op="<", value="10 USD", start=11, end=20),
    )
    shown = view(answer(parsed=parsed), ("q", typed), ("tag", "x"))
    assert [chip.name for chip in shown.chips] == ["Kind: model", "Price: < 10 USD", "x"]
    assert shown.chips[0].href == "/search?q=price%3A%3C10+red+wine&tag=x"
    assert shown.chips[1].href == "/search?q=kind%3Amodel+red+wine&tag=x"
    assert shown.clear_href == "/search?q=words", "the words of the query stay"


def test_a_mistake_is_cut_out_where_it_is_and_its_mending_keeps_the_filters() -> None:
    address = Address({"q": ("🦊 kind:toaster wine",), "tag": ("x",)})
    error = QueryInvalid(
        "There is no kind toaster.", position=7, length=7, suggestion="🦊 kind:dataset wine"
    )
    problem = problem_of(address, error)
    assert (problem.before, problem.wrong, problem.after) == ("🦊 kind:", "toaster", " wine")
    assert problem.suggestion_href.endswith("&tag=x")
    ended = problem_of(address, QueryInvalid("Say more.", position=19, length=1))
    assert (ended.before, ended.wrong, ended.after) == ("🦊 kind:toaster wine", "", "")


def test_a_mistake_in_a_long_query_is_shown_with_what_stands_around_it() -> None:
    address = Address({"q": ("a" * 500 + "!" + "b" * 500,)})
    problem = problem_of(address, QueryInvalid("No.", position=500, length=1))
    assert problem.before == "…" + "a" * 80 and problem.after == "b" * 80 + "…"


def test_everything_the_panel_does_not_draw_is_kept_by_its_form() -> None:
    pairs = (("q", "words"), ("view", "list"), ("kind", "model"), ("rating", "4.."))
    ready = view(answer(words("kind", model=2)), *pairs)
    assert ready.hidden == [("q", "words"), ("view", "list")]
    address = read_address(MultiDict(pairs))
    starting = view_of(address, None, sort="relevance", view="grid")
    assert starting.state == "starting" and set(starting.hidden) == set(pairs)


def test_a_search_that_found_no_words_says_so() -> None:
    listing = summaries()[0]
    for matched, is_near_only in ((["meaning"], True), (["text", "meaning"], False)):
        hit = SearchHit(listing=listing, score=0.5, matched=matched)
        found = SearchAnswer(items=[hit], total=1, facets=[], text="words", took_ms=1.0)
        assert view(found, ("q", "words")).by_meaning_only is is_near_only
    everything = SearchAnswer(items=[hit], total=1, facets=[], took_ms=1.0)
    assert not view(everything).by_meaning_only


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("price", "1e999..", "Price “1e999..”"),
        ("price", "-5..3", "Price “-5..3”"),
        ("latency", "..-1", "Latency “..-1”"),
        ("accuracy", "abc", "Accuracy “abc”"),
        ("rating", "99,,x..", "Rating “99,,x..”"),
        ("kind", 'model" OR 1=1', 'Kind “model" OR 1=1”'),
        ("sort", "evil", "Sort by “evil”"),
        ("currency", "XYZ", "Currency “XYZ”"),
        ("owner", "../etc", "Seller “../etc”"),
        ("price_min", "a\0b", "Price “a\N{REPLACEMENT CHARACTER}b”"),
        ("memory", "9" * 99, f"Memory needed “{'9' * 60}…”"),
    ],
)
def test_what_the_address_says_in_vain_is_told(name: str, value: str, told: str) -> None:
    assert not_understood(MultiDict([("q", "words"), (name, value)])) == [told]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("price", "4.."),
        ("price", "own"),
        ("price", ""),
        ("price_max", "1,000"),
        ("rating", "1..2"),
        ("kind", "model"),
        ("sort", "newest"),
        ("view", "list"),
        ("utm_source", "elsewhere"),
    ],
)
def test_what_is_understood_is_no_matter_of_notes(name: str, value: str) -> None:
    assert not_understood(MultiDict([(name, value)])) == []


def test_many_mistakes_are_told_shortly() -> None:
    assert len(not_understood(MultiDict([("kind", f"no-{n}") for n in range(500)]))) == MAX_TOLD


def test_refusals_are_told_in_the_words_of_pages() -> None:
    upside_down = Invalid("price_range_invalid", "price_min_minor 1000 is above price_max_minor 5.")
    assert "minor" not in problem_of(Address({}), upside_down).detail
    lost = problem_of(Address({}), Invalid("cursor_invalid", "Pass next_cursor as a page gave it."))
    assert "cursor" not in lost.title + lost.detail
    long = problem_of(Address({}), Invalid("query_invalid", "Too long."), typed=10_000)
    assert "10,000" in long.detail
