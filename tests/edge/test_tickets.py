"""Tickets: only home makes them, they end in time, and no change of one passes."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from souk.edge.tickets import MAX_LIFE_S, SKEW_S, EdgeTicket, TicketReader, TicketRefused
from souk_client.proofs import SigningKey
from souk_client.proofs.canonical import encode_base64url
from tests.edge.making import KEY, NOW, reader, signed, ticket_for

TICKET = ticket_for(b"content")


def refusal(text: str, *, now_s: float = NOW, by: TicketReader | None = None) -> TicketRefused:
    with pytest.raises(TicketRefused) as caught:
        (by or reader()).read(text, now_s=now_s)
    return caught.value


def test_a_ticket_says_what_was_signed() -> None:
    by = reader()
    for _ in range(2):  # the second time it is remembered
        read = by.read(signed(TICKET), now_s=NOW + 1)
        assert isinstance(read, EdgeTicket)
        assert (read.sha256, read.path, read.key_id) == (
            TICKET.sha256,
            "/ada/maps/data.bin",
            KEY.public.kid,
        )


def test_it_ends_in_time_whether_it_is_remembered_or_not() -> None:
    by = reader()
    by.read(signed(TICKET), now_s=NOW + 300)
    by.read(signed(TICKET), now_s=NOW + 300 + SKEW_S)
    for one in (by, reader()):
        refused = refusal(signed(TICKET), now_s=NOW + 301 + SKEW_S, by=one)
        assert (refused.status, refused.code) == (410, "address_expired")
    assert by.read(signed(TICKET), now_s=NOW + 1000, grace_s=3600).sha256 == TICKET.sha256


def test_it_does_not_count_before_its_time_nor_live_longer_than_it_may() -> None:
    assert refusal(signed(TICKET), now_s=NOW - SKEW_S - 1).code == "address_invalid"
    reader().read(signed(TICKET), now_s=NOW - SKEW_S)
    eternal = ticket_for(b"content", expires_at=NOW + MAX_LIFE_S + 1)
    assert refusal(signed(eternal)).code == "address_invalid"


@given(st.data())
def test_no_changed_text_is_a_ticket(data: st.DataObject) -> None:
    text = signed(TICKET)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("ABCxyz019-_.~ "))
    changed = text[:at] + other + text[at + 1 :]
    if changed != text:
        assert refusal(changed).status == 403


@given(st.text(max_size=100))
def test_nothing_else_is_a_ticket(text: str) -> None:
    assert refusal(text).status == 403


def test_what_another_key_or_another_purpose_signed_is_none() -> None:
    stranger = TicketReader()
    stranger.trust([SigningKey.from_seed(b"s" * 32, purpose="urls").public])
    assert refusal(signed(TICKET), by=stranger).code == "address_invalid"
    payload = signed(TICKET).partition(".")[0]
    # As home signs its own download addresses: without the prefix of this kind.
    bare = f"{payload}.{encode_base64url(KEY.sign(payload.encode()))}"
    assert refusal(bare).code == "address_invalid"


def test_a_key_that_no_longer_counts_opens_nothing_more() -> None:
    by = reader()
    by.read(signed(TICKET), now_s=NOW)
    by.trust([SigningKey.from_seed(b"n" * 32, purpose="urls").public])
    assert refusal(signed(TICKET), by=by).code == "address_invalid"
