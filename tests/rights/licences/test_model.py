"""What follows from a licence's facts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.errors import Invalid
from souk.rights.licences.model import limits_of, reason_of, state_of
from souk_client.contracts.works import LicenceTerms

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
moments = st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001 (hypothesis adds the zone)
    max_value=datetime(2027, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(
    now=moments,
    until=st.none() | moments,
    left=st.none() | st.integers(0, 3),
    revoked=st.none() | moments,
)
def test_a_licence_is_active_only_when_nothing_ended_it(
    now: datetime, until: datetime | None, left: int | None, revoked: datetime | None
) -> None:
    state = state_of(now=now, valid_until=until, uses_left=left, revoked_at=revoked)
    ended = revoked is not None or (until is not None and now >= until) or left == 0
    assert (state == "active") is not ended
    assert (reason_of(state, seated=True) is None) is (state == "active")
    assert reason_of(state, seated=False) is not None
    if revoked is not None:
        assert state == "revoked"


@given(
    before=moments,
    until=moments,
    later=st.timedeltas(min_value=timedelta(0), max_value=timedelta(9)),
)
def test_what_has_expired_stays_expired(
    before: datetime, until: datetime, later: timedelta
) -> None:
    first = state_of(now=before, valid_until=until, uses_left=None, revoked_at=None)
    second = state_of(now=before + later, valid_until=until, uses_left=None, revoked_at=None)
    assert not (first == "expired" and second == "active")


@given(days=st.integers(1, 36_500))
def test_a_timed_licence_ends_after_its_days_and_a_perpetual_one_never(days: int) -> None:
    timed = limits_of(LicenceTerms(kind="timed", duration_days=days), valid_from=NOW)
    assert timed.valid_until == NOW + timedelta(days=days)
    perpetual = limits_of(LicenceTerms(duration_days=days), valid_from=NOW)
    assert (perpetual.valid_until, perpetual.use_limit, perpetual.seat_limit) == (None, None, None)


def test_limits_of_another_kind_are_left_out() -> None:
    counted = limits_of(LicenceTerms(kind="counted", uses=5, seats=3), valid_from=NOW)
    assert (counted.use_limit, counted.seat_limit, counted.valid_until) == (5, None, None)
    seats = limits_of(LicenceTerms(kind="seats", seats=3, duration_days=2), valid_from=NOW)
    assert (seats.use_limit, seats.seat_limit) == (None, 3)
    assert seats.valid_until == NOW + timedelta(days=2)


@pytest.mark.parametrize("kind", ["timed", "counted", "seats"])
def test_a_kind_without_its_limit_is_refused(kind: str) -> None:
    with pytest.raises(Invalid) as refused:
        limits_of(LicenceTerms(kind=kind), valid_from=NOW)
    assert refused.value.code == "terms_incomplete"
