"""The rules of the watch: rings are found, honest traffic is left alone, order means nothing."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from souk.discovery.reviews.api import ReviewFacts
from souk.kernel.ids import made_at, new_id
from souk.trust.fraud.duplicates import jaccard, shingles
from souk.trust.fraud.model import Facts, Suspicion
from souk.trust.fraud.rules import examine

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OLD = timedelta(days=400)
THRESHOLD = 0.5
WORDS = """
    fast slow exact wrong model data licence label row weight small large noisy clean parts edge
    card metric train test batch image text sound speech vision graph table price seller support
    install import export memory thread format schema column missing value answer question tool
""".split()


class Market:
    """Writes reviews into a made-up market with a seed of its own."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.reviews: list[ReviewFacts] = []
        self.members: dict[str, frozenset[str]] = {}
        self._count = 0

    def seller(self, listings: int = 1, people: int = 1) -> tuple[str, list[str], list[str]]:
        """An organisation with its listings and its members."""
        organisation = f"org_{self._next()}"
        users = [self.person() for _ in range(people)]
        self.members[organisation] = frozenset(users)
        return organisation, [f"lst_{self._next()}" for _ in range(listings)], users

    def person(self, *, age: timedelta = OLD, at: datetime = NOW) -> str:
        """An account that is this old at that time."""
        return new_id("usr", at - age)

    def text(self) -> str:
        """Words that nobody else puts together like this."""
        return " ".join(self.chance.choices(WORDS, k=self.chance.randint(12, 30)))

    def review(
        self,
        user: str,
        seller: str,
        listing: str,
        *,
        stars: int,
        at: datetime = NOW,
        text: str | None = None,
        refunded_after: timedelta | None = None,
    ) -> str:
        review_id = f"rvw_{self._next()}"
        self.reviews.append(
            ReviewFacts(
                id=review_id,
                listing_id=listing,
                seller_id=seller,
                organisation_id=f"org_of_{user}",
                user_id=user,
                stars=stars,
                text=self.text() if text is None else text,
                created_at=at,
                licence="held" if refunded_after is None else "refunded",
                licence_ended_at=None if refunded_after is None else at + refunded_after,
                is_public=True,
            )
        )
        return review_id

    def honest(self, *, people: int = 60, sellers: int = 12) -> None:
        """People who try this and that over a month, and say what they think of it."""
        shops = [self.seller(listings=self.chance.randint(1, 5)) for _ in range(sellers)]
        for _ in range(people):
            user = self.person(age=timedelta(days=self.chance.randint(0, 700)), at=NOW)
            for seller, listings, _ in self.chance.sample(shops, self.chance.randint(1, 4)):
                self.review(
                    user,
                    seller,
                    self.chance.choice(listings),
                    stars=self.chance.choices((1, 2, 3, 4, 5), (1, 1, 2, 5, 6))[0],
                    at=NOW - timedelta(minutes=self.chance.randint(0, 30 * 24 * 60)),
                )

    def found(self, threshold: float = THRESHOLD) -> list[Suspicion]:
        return examine(Facts(reviews=self.reviews, members=self.members), threshold=threshold)

    def _next(self) -> str:
        self._count += 1
        return f"{self._count:06}"


def only(found: Sequence[Suspicion], rule: str) -> Suspicion:
    """The one finding, which must be of this rule."""
    assert [one.rule for one in found] == [rule], found
    assert found[0].reasons and THRESHOLD <= found[0].score <= 1
    return found[0]


@pytest.mark.parametrize("seed", range(40))
def test_honest_traffic_raises_no_suspicion(seed: int) -> None:
    market = Market(seed)
    market.honest()
    assert market.found() == []


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(2, 6))
def test_sellers_who_praise_each_other_are_found_among_honest_people(seed: int, size: int) -> None:
    market = Market(seed)
    market.honest()
    ring = [market.seller(listings=2) for _ in range(size)]
    praise = set()
    for at, (_, _, people) in enumerate(ring):
        taker, listings, _ = ring[(at + 1) % size]
        for number, listing in enumerate(listings):
            when = NOW - timedelta(days=at * 2 + number)
            praise.add(market.review(people[0], taker, listing, stars=5, at=when))
    found = only(market.found(), "mutual")
    assert set(found.review_ids) == praise


def test_two_sellers_who_like_each_others_work_once_are_no_ring() -> None:
    market = Market(1)
    first, (one,), (ada,) = market.seller()
    second, (two,), (grace,) = market.seller()
    market.review(ada, second, two, stars=5)
    market.review(grace, first, one, stars=5)
    assert market.found() == []


def test_praise_that_mostly_leaves_the_circle_is_no_ring() -> None:
    market = Market(2)
    first, ones, (ada,) = market.seller(listings=2)
    second, twos, (grace,) = market.seller(listings=2)
    for one, two in zip(ones, twos, strict=True):
        market.review(ada, second, two, stars=5)
        market.review(grace, first, one, stars=5)
    for _ in range(10):
        other, (listing,), _ = market.seller()
        for user in (ada, grace):
            market.review(user, other, listing, stars=4)
    assert market.found() == []


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(6, 25))
def test_a_burst_of_young_accounts_is_found(seed: int, size: int) -> None:
    market = Market(seed)
    market.honest()
    seller, (listing,), _ = market.seller()
    written = {
        market.review(
            market.person(age=timedelta(days=1)),
            seller,
            listing,
            stars=5,
            at=NOW - timedelta(minutes=market.chance.randint(0, 600)),
        )
        for _ in range(size)
    }
    assert set(only(market.found(), "burst").review_ids) == written


def test_the_same_praise_by_people_who_have_been_here_for_long_is_no_burst() -> None:
    market = Market(3)
    seller, (listing,), _ = market.seller()
    for _ in range(12):
        market.review(market.person(), seller, listing, stars=5)
    assert market.found() == []


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(9, 40))
def test_review_bombing_is_found_and_names_the_wave_alone(seed: int, size: int) -> None:
    market = Market(seed)
    seller, (listing,), _ = market.seller()
    for day in range(2, 22):
        market.review(market.person(), seller, listing, stars=5, at=NOW - timedelta(days=day))
    wave = {
        market.review(
            market.person(), seller, listing, stars=1, at=NOW - timedelta(minutes=number), text=""
        )
        for number in range(size)
    }
    assert set(only(market.found(), "bombing").review_ids) == wave


def test_a_work_that_was_always_bad_is_not_bombed() -> None:
    market = Market(4)
    seller, (listing,), _ = market.seller()
    for day in range(30):
        market.review(market.person(), seller, listing, stars=1, at=NOW - timedelta(days=day))
    for hour in range(9):
        market.review(market.person(), seller, listing, stars=1, at=NOW - timedelta(hours=hour))
    assert market.found() == []


def test_fans_of_one_seller_are_found_when_they_are_most_of_its_reviewers() -> None:
    market = Market(5)
    seller, listings, _ = market.seller(listings=3)
    praise = set()
    for _ in range(4):
        fan = market.person()
        for day, listing in enumerate(listings):
            when = NOW - timedelta(days=3 * day)
            praise.add(market.review(fan, seller, listing, stars=5, at=when))
    assert set(only(market.found(), "one_seller_only").review_ids) == praise
    for _ in range(12):
        market.review(market.person(), seller, listings[0], stars=4, at=NOW - timedelta(days=10))
    assert market.found() == [], "among many others, fans are just fans"


def test_praise_that_is_refunded_right_after_is_found() -> None:
    market = Market(6)
    market.honest()
    seller, (listing,), _ = market.seller()
    praise = {
        market.review(
            market.person(),
            seller,
            listing,
            stars=5,
            at=NOW - timedelta(days=3 * day),
            refunded_after=timedelta(hours=1),
        )
        for day in range(3)
    }
    assert set(only(market.found(), "refunded_after").review_ids) == praise
    late = Market(7)
    seller, (listing,), _ = late.seller()
    for _ in range(3):
        late.review(late.person(), seller, listing, stars=5, refunded_after=timedelta(days=6))
        late.review(late.person(), seller, listing, stars=1, refunded_after=timedelta(hours=1))
    assert late.found() == []


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(3, 8))
def test_nearly_the_same_text_by_different_people_is_found(seed: int, size: int) -> None:
    market = Market(seed)
    market.honest()
    seller, (listing,), _ = market.seller()
    pattern = " ".join(market.chance.sample(WORDS, 25))
    copies = {
        market.review(
            market.person(),
            seller,
            listing,
            stars=5,
            text=f"{pattern} {market.chance.choice(WORDS)}",
            at=NOW - timedelta(days=4 * number),
        )
        for number in range(size)
    }
    assert set(only(market.found(), "same_text").review_ids) == copies


def test_copies_are_found_in_scripts_without_spaces_and_short_praise_is_not() -> None:
    market = Market(8)
    seller, (listing,), _ = market.seller()
    words = (
        "このモデルは私のデータでとても速く正確に動きました。"
        "設定も簡単で説明も分かりやすかったです。"
    )
    for number in range(4):
        text = words + "。" * number
        market.review(
            market.person(),
            seller,
            listing,
            stars=5,
            text=text,
            at=NOW - timedelta(days=3 * number),
        )
    assert only(market.found(), "same_text")
    short = Market(9)
    seller, (listing,), _ = short.seller()
    for number in range(6):
        short.review(
            short.person(),
            seller,
            listing,
            stars=5,
            text="Works great, thank you!",
            at=NOW - timedelta(days=3 * number),
        )
    assert short.found() == []


@settings(max_examples=25, deadline=None)
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_the_order_of_the_facts_changes_nothing(data: st.DataObject, seed: int) -> None:
    market = Market(seed)
    market.honest(people=20, sellers=5)
    seller, (listing,), _ = market.seller()
    for _ in range(7):
        market.review(market.person(age=timedelta(days=1)), seller, listing, stars=5, text="")
    shuffled = Facts(reviews=data.draw(st.permutations(market.reviews)), members=market.members)
    assert examine(shuffled, threshold=0) == market.found(threshold=0)


def test_what_is_hidden_or_withdrawn_raises_nothing_again() -> None:
    market = Market(10)
    seller, (listing,), _ = market.seller()
    for _ in range(8):
        market.review(market.person(age=timedelta(days=1)), seller, listing, stars=5)
    finding = only(market.found(), "burst")
    hidden = [
        ReviewFacts(**{**{n: getattr(one, n) for n in one.__struct_fields__}, "is_public": False})
        for one in market.reviews
    ]
    assert examine(Facts(reviews=hidden, members=market.members), threshold=0) == []
    second = Market(10)
    second._count = 1_000
    for _ in range(8):
        second.review(second.person(age=timedelta(days=1)), seller, listing, stars=5)
    assert only(second.found(), "burst").fingerprint != finding.fingerprint
    market.review(market.person(age=timedelta(days=1)), seller, listing, stars=5)
    assert only(market.found(), "burst").fingerprint == finding.fingerprint
    for _ in range(10):
        market.review(market.person(age=timedelta(days=1)), seller, listing, stars=5)
    assert only(market.found(), "burst").fingerprint != finding.fingerprint


@given(st.text(), st.text())
def test_likeness_is_a_share_and_the_same_both_ways(first: str, second: str) -> None:
    one, two = shingles(first), shingles(second)
    assert 0 <= jaccard(one, two) == jaccard(two, one) <= 1
    assert jaccard(one, one) == 1


@given(st.integers(0, 7 * 10**9))
def test_an_id_tells_when_it_was_made(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    assert abs(made_at(new_id("usr", moment)) - moment) < timedelta(milliseconds=2)
