"""What follows from a licence's facts: pure, no I/O."""

from datetime import datetime, timedelta

import msgspec

from souk.kernel.errors import Invalid
from souk_client.contracts.rights import LicenceState
from souk_client.contracts.works import LicenceTerms

_REASONS: dict[LicenceState, str] = {
    "revoked": "The licence was revoked.",
    "expired": "The licence's time is over.",
    "used_up": "All uses of the licence are taken.",
}


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a licence allows, from its terms."""

    valid_until: datetime | None
    """The first moment at which it no longer holds; None: for ever."""
    use_limit: int | None
    seat_limit: int | None


def limits_of(terms: LicenceTerms, *, valid_from: datetime) -> Limits:
    """The limits of a licence that begins now. Any kind may also end after `duration_days`.

    Raises:
        Invalid: `terms_incomplete` when the kind's own limit is missing.
    """
    own = {"timed": terms.duration_days, "counted": terms.uses, "seats": terms.seats}
    if own.get(terms.kind, 1) is None:
        raise Invalid("terms_incomplete", f"A {terms.kind} licence needs its limit.")
    days = None if terms.kind == "perpetual" else terms.duration_days
    return Limits(
        valid_until=None if days is None else valid_from + timedelta(days=days),
        use_limit=terms.uses if terms.kind == "counted" else None,
        seat_limit=terms.seats if terms.kind == "seats" else None,
    )


def state_of(
    *,
    now: datetime,
    valid_until: datetime | None,
    uses_left: int | None,
    revoked_at: datetime | None,
) -> LicenceState:
    """The state at a moment: a revocation outweighs the end of the time, that the last use."""
    if revoked_at is not None:
        return "revoked"
    if valid_until is not None and now >= valid_until:
        return "expired"
    if uses_left == 0:
        return "used_up"
    return "active"


def reason_of(state: LicenceState, *, seated: bool) -> str | None:
    """Why a licence in this state is not good, in words for people; None when it is good."""
    if state == "active" and not seated:
        return "The caller has no seat of the licence."
    return _REASONS.get(state)
