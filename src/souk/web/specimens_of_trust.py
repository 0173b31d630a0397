"""One of each thing that says whom and what to trust, for the gallery `/_design`: ratings, reviews,
checks, measured figures, pictures, reasons and charts."""

from datetime import timedelta
from typing import Final

from souk.web.pages.selling_range import Bar, Chart
from souk.web.specimens import NOW, OWNER, listing, summaries
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.collections import CollectionSummary, FollowState
from souk_client.contracts.evaluations import MeasuredMetric, MetricVerification
from souk_client.contracts.galleries import GalleryImage, ImageVariant
from souk_client.contracts.recommendations import Reason, Recommendation
from souk_client.contracts.reviews import RatingSummary, Review, SellerReply
from souk_client.contracts.storefronts import Badge, SellerCheck

BUYER: Final = OwnerRef(id="org_00000000000000000000000002", slug="omar", name="Omar Haddad")


def rating() -> RatingSummary:
    """Nine ratings, most of them good."""
    return RatingSummary(mean=4.2, bayesian=3.9, count=9, histogram=[1, 0, 1, 1, 6])


def review() -> Review:
    """A good review with the seller's reply."""
    return Review(
        id="rev_00000000000000000000000001",
        listing_id=listing().id,
        version="1.0.0",
        author=BUYER,
        stars=4,
        text="Does what the card says. I get **0.97** on our own rows; the example ran as it is.",
        created_at=NOW - timedelta(days=2),
        edits=1,
        helpful=7,
        reply=SellerReply(
            seller=OWNER,
            text="Thank you. Version 1.1.0 gives calibrated probabilities too.",
            created_at=NOW - timedelta(days=1),
        ),
    )


def badge() -> Badge:
    """A verified seller; one check of each state."""
    checks = [
        SellerCheck(
            kind="website",
            state="passed",
            words="The website hakima.example belongs to the seller",
            checked_at=NOW - timedelta(days=4),
        ),
        SellerCheck(kind="identity", state="pending", words="Who is behind the seller"),
        SellerCheck(kind="standing", state="failed", words="A work of the seller was taken down"),
        SellerCheck(kind="works", state="open", words="No work has a version yet"),
    ]
    return Badge(verified=True, checks=checks)


def measured() -> list[MeasuredMetric]:
    """One figure that the marketplace got too, and one that only the seller states."""
    verified = MetricVerification(
        evaluation_id="evl_00000000000000000000000001",
        value=0.979,
        at=NOW - timedelta(days=1),
        dataset=f"{OWNER.slug}/breast-cancer-test",
        row_count=143,
    )
    first, second = listing().metrics
    return [
        MeasuredMetric(metric=first, verified=verified),
        MeasuredMetric(metric=second, verified=None),
    ]


def pictures() -> list[GalleryImage]:
    """Two tiles as if they were photographs."""
    return [
        GalleryImage(
            id=f"img_0000000000000000000000000{place}",
            alt=alt,
            place=place,
            width=480,
            height=160,
            variants=[
                ImageVariant(
                    width=480, height=160, size_bytes=4096, url=f"/tiles/{kind}/gallery.svg"
                )
            ],
            created_at=NOW,
        )
        for place, (kind, alt) in enumerate(
            (("model", "Confusion matrix on the test set"), ("dataset", "Rows by age"))
        )
    ]


def recommendations() -> list[Recommendation]:
    """Works with their reasons."""
    reasons = ("Because you bought Wine chemistry", "Popular with buyers of datasets")
    return [
        Recommendation(listing=work, reason=Reason(kind="bought", text=text))
        for work, text in zip(summaries()[:2], reasons, strict=True)
    ]


def shelf() -> CollectionSummary:
    """A collection in a list."""
    return CollectionSummary(
        id="col_00000000000000000000000001",
        address=f"{OWNER.slug}/small-and-honest",
        owner=OWNER,
        title="Small and honest",
        description="Models under a megabyte that say where they fail.",
        visibility="public",
        item_count=4,
        updated_at=NOW,
        preview=summaries()[:3],
    )


def following() -> FollowState:
    """A seller that the visitor does not follow."""
    return FollowState(organisation=OWNER, following=False, followers=128)


def chart() -> Chart:
    """Two weeks of sales."""
    values = (3, 5, 4, 0, 7, 9, 6, 8, 12, 10, 4, 9, 14, 11)
    start = NOW.date() - timedelta(days=len(values) - 1)
    return Chart(
        key="sales",
        title="Sales by day",
        column="Sales",
        digits=0,
        bars=[
            Bar(start + timedelta(days=at), value, str(value)) for at, value in enumerate(values)
        ],
    )
