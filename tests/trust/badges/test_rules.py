"""The rule of the badge, and which addresses may be looked at."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.trust.badges.model import Facts, Outcome, badge_of, verification_address
from souk.trust.badges.website import NotProved, Website, is_public

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SITE = "https://ada.example"
STATES = st.sampled_from(["passed", "pending", "failed"])


def outcome(kind: str, state: str, subject: str = SITE) -> Outcome:
    return Outcome(
        kind=kind,
        state=state,
        subject=subject,
        outcome="",
        requested_at=NOW,
        checked_at=None,
        checked_name="Ada",
    )  # type: ignore[arg-type]  # drawn from its values


@given(
    age=st.integers(0, 100),
    works=st.integers(0, 3),
    against=st.integers(0, 2),
    website=st.none() | st.sampled_from([SITE, "https://other.example"]),
    site_state=st.none() | STATES,
    identity_state=st.none() | STATES,
    name=st.sampled_from(["Ada", "Somebody Else"]),
)
def test_verified_means_known_and_in_order(
    age: int,
    works: int,
    against: int,
    website: str | None,
    site_state: str | None,
    identity_state: str | None,
    name: str,
) -> None:
    outcomes = {}
    if site_state:
        outcomes["website"] = outcome("website", site_state)
    if identity_state:
        outcomes["identity"] = outcome("identity", identity_state)
    facts = Facts(
        name=name,
        since=NOW - timedelta(days=age),
        works=works,
        decisions_against=against,
        website=website,
        outcomes=outcomes,
    )
    badge = badge_of(facts, now=NOW, min_age_days=30, standing_days=180)
    known = (website == SITE and site_state == "passed") or (
        identity_state == "passed" and name == "Ada"
    )
    assert badge.verified == (known and age >= 30 and works > 0 and against == 0)
    assert len({check.kind for check in badge.checks}) == len(badge.checks) == 5


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.9",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "ff02::1",
    ],
)
def test_private_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_public_ones_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("website", "why"),
    [
        ("http://ada.example", "https"),
        ("https://localhost", "public internet"),
        ("https://127.0.0.1:5432", "public internet"),
        ("https://[::1]", "public internet"),
        ("https://a..b", "cannot be read"),
        (f"https://{'a' * 70}.example", "cannot be read"),
    ],
)
async def test_nothing_on_this_machine_is_looked_at(website: str, why: str) -> None:
    with pytest.raises(NotProved, match=why):
        await Website(timeout_s=1, allow_private=False).must_carry(website, "text")


def test_the_text_is_looked_for_at_the_root_of_the_site() -> None:
    expected = "https://ada.example:8443/.well-known/souk-verification.txt"
    assert verification_address("https://ada.example:8443/shop/a?b#c") == expected
