"""The rules about who reviews whom, when, and what becomes of the purchase. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Final

from souk.discovery.reviews.api import ReviewFacts
from souk.trust.fraud.circles import circles
from souk.trust.fraud.duplicates import duplicates
from souk.trust.fraud.model import (
    BAD_STARS,
    GOOD_STARS,
    Facts,
    Suspicion,
    surety,
    suspicion,
)

BURST_LEAST: Final = 5
BOMBING_LEAST: Final = 8
FAN_LEAST: Final = 3
"""Reviews of one seller, all of five stars, that make somebody a fan."""
FANS_LEAST: Final = 3
REFUND_LEAST: Final = 2
REFUND_WITHIN: Final = timedelta(hours=48)


def bursts(facts: Facts) -> list[Suspicion]:
    """Many good reviews of one listing at once by young accounts that review nothing else."""
    sellers = _sellers_by_person(facts.reviews)
    found = []
    for reviews in _by_listing(facts.reviews).values():
        good = [review for review in reviews if review.stars >= GOOD_STARS]
        close = _densest(good, span=facts.burst)
        young = [review for review in close if facts.is_young(review)]
        if len(young) < BURST_LEAST:
            continue
        strangers = [one for one in young if len(sellers[one.user_id]) == 1]
        share = len(young) / len(close) * len(strangers) / len(young)
        found.append(
            suspicion(
                "burst",
                young,
                score=share * surety(len(young) - 2, each=0.35),
                reasons=[
                    f"{len(young)} of {len(close)} good reviews within {_hours(facts.burst)} "
                    f"are by accounts younger than {facts.young.days} days; "
                    f"{len(strangers)} of those reviewed no other seller."
                ],
            )
        )
    return found


def bombing(facts: Facts) -> list[Suspicion]:
    """A wave of bad reviews that does not fit what was said before."""
    found = []
    for reviews in _by_listing(facts.reviews).values():
        bad = [review for review in reviews if review.stars <= BAD_STARS]
        wave = _densest(bad, span=facts.burst)
        if len(wave) < BOMBING_LEAST:
            continue
        ids = {review.id for review in wave}
        rest = [review for review in reviews if review.id not in ids]
        kind = sum(review.stars > BAD_STARS for review in rest) / len(rest) if rest else 0.5
        young = sum(facts.is_young(review) for review in wave) / len(wave)
        silent = sum(not review.text for review in wave) / len(wave)
        oddity = max(kind, young, silent)
        found.append(
            suspicion(
                "bombing",
                wave,
                score=oddity * surety(len(wave) - 4, each=0.25),
                reasons=[
                    f"{len(wave)} reviews of 1 or 2 stars within {_hours(facts.burst)}; "
                    f"of the {len(rest)} others {kind:.0%} are better.",
                    f"{young:.0%} are by young accounts, {silent:.0%} say nothing.",
                ],
            )
        )
    return found


def fans(facts: Facts) -> list[Suspicion]:
    """People who gave five stars to everything of one seller, and reviewed nobody else."""
    by_person: dict[str, list[ReviewFacts]] = defaultdict(list)
    by_seller: dict[str, set[str]] = defaultdict(set)
    for review in facts.reviews:
        by_person[review.user_id].append(review)
        by_seller[review.seller_id].add(review.user_id)
    devoted: dict[str, list[ReviewFacts]] = defaultdict(list)
    for reviews in by_person.values():
        of_one = len({review.seller_id for review in reviews}) == 1
        if of_one and len(reviews) >= FAN_LEAST and all(one.stars == 5 for one in reviews):
            devoted[reviews[0].seller_id].extend(reviews)
    found = []
    for seller_id, reviews in devoted.items():
        people = {review.user_id for review in reviews}
        share = len(people) / len(by_seller[seller_id])
        if len(people) >= FANS_LEAST:
            found.append(
                suspicion(
                    "one_seller_only",
                    reviews,
                    score=share * surety(len(people), each=0.4),
                    reasons=[
                        f"{len(people)} people gave five stars {len(reviews)} times, always to the "
                        f"same seller: {share:.0%} of all who reviewed it."
                    ],
                )
            )
    return found


def refunds(facts: Facts) -> list[Suspicion]:
    """Good reviews whose purchase was given back right after."""
    by_seller: dict[str, list[ReviewFacts]] = defaultdict(list)
    for review in facts.reviews:
        if review.licence == "refunded" and review.licence_ended_at is not None:
            soon = review.licence_ended_at - review.created_at <= REFUND_WITHIN
            if soon and review.stars >= GOOD_STARS:
                by_seller[review.seller_id].append(review)
    return [
        suspicion(
            "refunded_after",
            reviews,
            score=surety(len(reviews), each=0.35),
            reasons=[
                f"{len(reviews)} good reviews of one seller were followed by a refund within "
                f"{_hours(REFUND_WITHIN)}."
            ],
        )
        for reviews in by_seller.values()
        if len(reviews) >= REFUND_LEAST
    ]


RULES: Final[tuple[Callable[[Facts], list[Suspicion]], ...]] = (
    circles,
    bursts,
    bombing,
    fans,
    refunds,
    duplicates,
)


def examine(facts: Facts, *, threshold: float) -> list[Suspicion]:
    """What every rule finds from this score on, the strongest first; the facts' order is nothing.

    Reviews that are hidden or withdrawn already raise no suspicion by themselves, so they are left
    out.
    """
    ordered = sorted((one for one in facts.reviews if one.is_public), key=lambda one: one.id)
    public = Facts(reviews=ordered, members=facts.members, young=facts.young, burst=facts.burst)
    found = (one for rule in RULES for one in rule(public) if one.score >= threshold)
    return sorted(found, key=lambda one: (-one.score, one.rule, one.listing_id))


def _by_listing(reviews: Iterable[ReviewFacts]) -> dict[str, list[ReviewFacts]]:
    grouped: dict[str, list[ReviewFacts]] = defaultdict(list)
    for review in reviews:
        grouped[review.listing_id].append(review)
    return grouped


def _sellers_by_person(reviews: Iterable[ReviewFacts]) -> dict[str, set[str]]:
    grouped: dict[str, set[str]] = defaultdict(set)
    for review in reviews:
        grouped[review.user_id].add(review.seller_id)
    return grouped


def _densest(reviews: Sequence[ReviewFacts], *, span: timedelta) -> list[ReviewFacts]:
    """The most reviews that lie within the span."""
    ordered = sorted(reviews, key=lambda review: (review.created_at, review.id))
    best: list[ReviewFacts] = []
    start = 0
    for end, review in enumerate(ordered, start=1):
        while review.created_at - ordered[start].created_at > span:
            start += 1
        if end - start > len(best):
            best = ordered[start:end]
    return best


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:g} hours"
