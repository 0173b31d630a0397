"""The rules of offers: prices, licence terms, and how a sale is split."""

from collections.abc import Sequence
from typing import Final

from souk.kernel.errors import Invalid
from souk.kernel.money import BASIS_POINTS, check_amount, currency
from souk_client.contracts.works import LicenceTerms, OfferRequest, SplitShare

STANDARD: Final = (
    SplitShare(role="creator", basis_points=8_500),
    SplitShare(role="platform", basis_points=1_000),
    SplitShare(role="affiliate", basis_points=500),
)
PREMIUM: Final = (
    SplitShare(role="creator", basis_points=8_000),
    SplitShare(role="platform", basis_points=1_000),
    SplitShare(role="affiliate", basis_points=500),
    SplitShare(role="compliance", basis_points=500),
)

_TERM_OF: Final = {"timed": "duration_days", "counted": "uses", "seats": "seats"}


def check_offer(request: OfferRequest) -> None:
    """Whether this can be an offer.

    Raises:
        Invalid: `amount_invalid`, `currency_unknown`, `terms_invalid`, `split_invalid`.
    """
    check_amount(request.price_minor, allow_zero=True)
    currency(request.currency)
    check_terms(request.terms)
    plan_split(request)


def check_terms(terms: LicenceTerms) -> None:
    """Each kind of licence has its own measure, and no other.

    Raises:
        Invalid: `terms_invalid`.
    """
    needed = _TERM_OF.get(terms.kind)
    given = {name for name in _TERM_OF.values() if getattr(terms, name) is not None}
    if given != ({needed} if needed else set()):
        measure = f"{needed} and no other measure" if needed else "no measure of its own"
        raise Invalid("terms_invalid", f"A {terms.kind} licence takes {measure}.")


def plan_split(request: OfferRequest) -> list[SplitShare]:
    """Who gets how much of a sale; sums to 10,000 basis points.

    Raises:
        Invalid: `split_invalid`.
    """
    if request.split != "custom":
        if request.shares:
            raise Invalid("split_invalid", "Only a custom split takes shares.")
        return list(STANDARD if request.split == "standard" else PREMIUM)
    total = sum(share.basis_points for share in request.shares)
    if total != BASIS_POINTS:
        raise Invalid(
            "split_invalid",
            f"The shares sum to {total} basis points; they must sum to {BASIS_POINTS} (100 %).",
        )
    _check_shares(request.shares)
    return request.shares


def _check_shares(shares: Sequence[SplitShare]) -> None:
    seen = set()
    for share in shares:
        if share.role == "partner" and share.organisation_id is None:
            raise Invalid("split_invalid", "A partner's share names its organisation_id.")
        if share.role not in {"partner", "creator"} and share.organisation_id is not None:
            raise Invalid("split_invalid", f"A {share.role} share names no organisation.")
        if (share.role, share.organisation_id) in seen:
            raise Invalid("split_invalid", f"The {share.role} share is there twice.")
        seen.add((share.role, share.organisation_id))


def organisations_named(request: OfferRequest) -> set[str]:
    """The organisations that an offer names beside its seller."""
    named = {share.organisation_id for share in request.shares}
    return {name for name in (*named, request.creator_organisation_id) if name is not None}
