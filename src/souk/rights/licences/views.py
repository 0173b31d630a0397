"""A licence as others see it."""

from datetime import datetime

from souk.rights.licences.api import Grant
from souk.rights.licences.model import reason_of, state_of
from souk.rights.licences.store import LicenceRow, SeatRow
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.rights import Licence, LicenceCheck, LicenceState, Seat
from souk_client.contracts.works import LicenceTerms


def state_at(row: LicenceRow, now: datetime) -> LicenceState:
    """The licence's state at a moment."""
    return state_of(
        now=now,
        valid_until=row.valid_until,
        uses_left=row.uses_left,
        revoked_at=row.revoked_at,
    )


def licence_of(row: LicenceRow, *, now: datetime) -> Licence:
    """For both parties."""
    return Licence(
        id=row.id,
        state=state_at(row, now),
        listing_id=row.listing_id,
        listing_address=row.listing_address,
        listing_title=row.listing_title,
        version=row.version,
        licensee=OwnerRef(id=row.licensee_id, slug=row.licensee_slug, name=row.licensee_name),
        licensor=OwnerRef(id=row.licensor_id, slug=row.licensor_slug, name=row.licensor_name),
        order_id=row.order_id,
        spdx=row.spdx,
        terms=LicenceTerms(
            kind=row.kind,
            duration_days=row.duration_days,
            uses=row.use_limit,
            seats=row.seat_limit,
            transferable=row.transferable,
        ),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        uses_left=row.uses_left,
        seats_used=row.seats_used,
        provenance_entry_id=row.provenance_entry_id,
        revoked_at=row.revoked_at,
        revoked_reason=row.revoked_reason,
    )


def check_of(row: LicenceRow, *, now: datetime, seated: bool) -> LicenceCheck:
    """Whether it is good at this moment."""
    state = state_at(row, now)
    reason = reason_of(state, seated=seated)
    return LicenceCheck(
        licence_id=row.id,
        good=reason is None,
        state=state,
        reason=reason,
        uses_left=row.uses_left,
        checked_at=now,
    )


def grant_of(row: LicenceRow, *, now: datetime) -> Grant:
    """For delivery."""
    return Grant(
        licence_id=row.id,
        listing_id=row.listing_id,
        version_id=row.version_id,
        licensee_id=row.licensee_id,
        kind=row.kind,
        state=state_at(row, now),
        valid_until=row.valid_until,
    )


def seat_of(row: SeatRow) -> Seat:
    """For both parties."""
    return Seat(user_id=row.user_id, name=row.user_name, since=row.since)
