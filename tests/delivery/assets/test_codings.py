"""The choice of a content coding, by RFC 9110."""

from hypothesis import given
from hypothesis import strategies as st

from souk.delivery.assets.codings import CODINGS, IDENTITY, choose

SIZES = {"identity": 100, "br": 10, "zstd": 20, "gzip": 30}


def test_the_header_s_rules() -> None:
    assert choose(None, SIZES) == "identity"
    assert choose("", SIZES) == "identity"
    assert choose("gzip, deflate, br, zstd", SIZES) == "br"
    assert choose("x-gzip", SIZES) == "gzip"
    assert choose("GZIP;Q=1", SIZES) == "gzip"
    assert choose("*", SIZES) == "br"
    assert choose("*;q=0", SIZES) is None
    assert choose("identity;q=0", SIZES) is None
    assert choose("*;q=0, identity;q=0.1", SIZES) == "identity"
    assert choose("gzip; q=0.5; x=y, br;q=0.4", SIZES) == "gzip"
    assert choose("gzip;q=nan", SIZES) == "gzip"
    assert choose("gzip;q=banana", SIZES) == "gzip"


@given(st.text(max_size=80))
def test_any_header_gets_a_form_that_is_there_or_none(accept: str) -> None:
    assert choose(accept, SIZES) in {None, *SIZES}


@given(
    st.dictionaries(
        st.sampled_from([*CODINGS, IDENTITY, "*"]), st.sampled_from([0, 0.001, 0.5, 1]), min_size=1
    )
)
def test_what_is_refused_is_never_sent_and_what_is_sent_weighs_most(
    weights: dict[str, float],
) -> None:
    accept = ", ".join(f"{name};q={weight}" for name, weight in weights.items())
    chosen = choose(accept, SIZES)
    default = weights.get("*", 0)

    def weight(coding: str) -> float:
        return weights.get(coding, default)

    if chosen is None:
        assert all(weight(coding) == 0 for coding in CODINGS)
    elif chosen != IDENTITY:
        assert weight(chosen) == max(weight(coding) for coding in CODINGS) > 0
