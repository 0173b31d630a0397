"""Rules of fees and settings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.rights.chain.model import (
    CHAINS,
    Fees,
    bumped_fees,
    chains_of,
    depth_of,
    network_key,
    pairs_of,
    suggested_fees,
)

WEI = st.integers(0, 10**13)
FEES = st.builds(lambda a, b: Fees(max_fee_wei=max(a, b), tip_wei=min(a, b)), WEI, WEI)


@given(before=FEES, suggested=FEES, limit=st.integers(1, 10**14))
def test_a_replacement_pays_enough_more_or_is_not_made(
    before: Fees, suggested: Fees, limit: int
) -> None:
    fees = bumped_fees(before, suggested, limit_wei=limit)

    if fees is None:
        assert max(before.max_fee_wei * 115 // 100 + 1, suggested.max_fee_wei) > limit
        return
    assert fees.max_fee_wei * 1000 >= before.max_fee_wei * 1125
    assert fees.tip_wei * 1000 >= before.tip_wei * 1125
    assert fees.tip_wei <= fees.max_fee_wei <= limit


@given(base=WEI, tip=WEI, limit=WEI)
def test_what_is_offered_stays_below_the_limit(base: int, tip: int, limit: int) -> None:
    fees = suggested_fees(base_fee_wei=base, tip_wei=tip, limit_wei=limit)

    assert 0 <= fees.tip_wei <= fees.max_fee_wei <= limit


def test_the_chains_have_their_published_ids() -> None:
    ids = {name: spec.chain_id for name, spec in CHAINS.items()}

    assert ids == {
        "local": 31337,
        "ethereum": 1,
        "polygon": 137,
        "bnb": 56,
        "avalanche": 43114,
        "arbitrum": 42161,
    }


def test_settings_name_chains() -> None:
    assert [spec.name for spec in chains_of("polygon, local,polygon")] == ["polygon", "local"]
    assert chains_of("") == chains_of("none") == ()
    with pytest.raises(ValueError, match="known are local, ethereum"):
        chains_of("dogecoin")


def test_settings_are_pairs() -> None:
    assert pairs_of("a=b  c=d=e") == {"a": "b", "c": "d=e"}
    for wrong in ("a", "=b", "a="):
        with pytest.raises(ValueError, match="name=value"):
            pairs_of(wrong)


def test_depth_counts_the_block_itself() -> None:
    assert [depth_of(5, head=head) for head in (4, 5, 6)] == [0, 1, 2]
    assert network_key(5, "0x" + "ab" * 32) == "5:abababababababab"
