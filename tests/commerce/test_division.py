"""Who gets what of a price: exact for every amount and every plan."""

from hypothesis import given
from hypothesis import strategies as st

from souk.commerce.orders.model import Share, divide
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.works import SplitShare

CREATOR = OwnerRef(id="org_creator", slug="ada", name="Ada")
AFFILIATE = OwnerRef(id="org_affiliate", slug="blog", name="Blog")
PARTNER = OwnerRef(id="org_partner", slug="lab", name="Lab")
STANDARD = [
    SplitShare(role="creator", basis_points=8500),
    SplitShare(role="platform", basis_points=1000),
    SplitShare(role="affiliate", basis_points=500),
]
PREMIUM = [
    SplitShare(role="creator", basis_points=8000),
    SplitShare(role="platform", basis_points=1000),
    SplitShare(role="affiliate", basis_points=500),
    SplitShare(role="compliance", basis_points=500),
]


def amounts(shares: list[Share]) -> dict[str, int]:
    return {share.role: share.amount_minor for share in shares}


def test_the_standard_split_with_and_without_an_affiliate() -> None:
    with_one = divide(10_000, STANDARD, creator=CREATOR, affiliate=AFFILIATE, partners={})
    assert amounts(with_one) == {"creator": 8500, "platform": 1000, "affiliate": 500}
    without = divide(10_000, STANDARD, creator=CREATOR, affiliate=None, partners={})
    assert amounts(without) == {"creator": 9000, "platform": 1000}


def test_the_published_premium_split_of_ten_thousand_dollars() -> None:
    shares = divide(1_000_000, PREMIUM, creator=CREATOR, affiliate=AFFILIATE, partners={})
    assert [share.amount_minor for share in shares] == [800_000, 100_000, 50_000, 50_000]
    assert [share.organisation for share in shares] == [CREATOR, None, AFFILIATE, None]


def test_a_partner_of_a_custom_split_is_paid_by_name() -> None:
    plan = [
        SplitShare(role="partner", basis_points=3333, organisation_id=PARTNER.id),
        SplitShare(role="creator", basis_points=6667),
    ]
    shares = divide(100, plan, creator=CREATOR, affiliate=None, partners={PARTNER.id: PARTNER})
    assert [(share.organisation, share.amount_minor) for share in shares] == [
        (PARTNER, 33),
        (CREATOR, 67),
    ]


@given(
    st.integers(0, 10**15),
    st.lists(st.integers(0, 10_000), max_size=6),
    st.booleans(),
    st.data(),
)
def test_every_division_sums_to_the_price(
    price: int, cuts: list[int], has_affiliate: bool, data: st.DataObject
) -> None:
    points = [
        high - low for low, high in zip([0, *sorted(cuts)], [*sorted(cuts), 10_000], strict=True)
    ]
    roles = data.draw(
        st.lists(
            st.sampled_from(["creator", "platform", "affiliate", "compliance"]),
            min_size=len(points),
            max_size=len(points),
        )
    )
    plan = [
        SplitShare(role=role, basis_points=share) for role, share in zip(roles, points, strict=True)
    ]
    affiliate = AFFILIATE if has_affiliate else None
    shares = divide(price, plan, creator=CREATOR, affiliate=affiliate, partners={})
    assert sum(share.amount_minor for share in shares) == price
    assert sum(share.basis_points for share in shares) == 10_000
    assert all(share.amount_minor >= 0 for share in shares)
    assert has_affiliate or all(share.role != "affiliate" for share in shares)
