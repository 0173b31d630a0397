"""The bytes of a leaf: canonical JSON, whatever an entry says."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.errors import Invalid
from souk.rights.provenance.model import leaf_text, log_name
from souk_client.proofs import EntryBody, leaf_of

texts = st.text(max_size=40).filter(lambda text: "\0" not in text and "\\u0000" not in text)
names = st.text(st.characters(max_codepoint=127, exclude_characters="\0\\"), max_size=12)
hashes = st.from_regex("[0-9a-f]{64}", fullmatch=True)
bodies = st.builds(
    EntryBody,
    id=texts,
    kind=st.sampled_from(["sold", "published", "edited"]),
    created_at=st.datetimes(timezones=st.just(UTC)),
    listing_id=texts,
    actor_organisation_id=texts,
    counterparty_organisation_id=st.none() | texts,
    version=st.none() | texts,
    content_sha256=st.none() | hashes,
    file_sha256s=st.lists(hashes, max_size=3).map(tuple),
    order_id=st.none() | texts,
    licence_id=st.none() | texts,
    details=st.dictionaries(names, texts, max_size=5),
)


@given(bodies)
def test_a_leaf_is_what_every_client_computes(body: EntryBody) -> None:
    assert leaf_text(body).encode() == leaf_of(body)
    assert leaf_text(body).encode() == leaf_of(body.members())


@pytest.mark.parametrize("details", [{"\0": "x"}, {"x": "\0"}, {"é": "x"}, {"x": "\ud800"}])
def test_what_would_not_be_canonical_or_cannot_be_stored_is_refused(
    details: dict[str, str],
) -> None:
    body = EntryBody(
        id="prv",
        kind="sold",
        created_at=datetime(2026, 11, 21, tzinfo=UTC),
        listing_id="lst",
        actor_organisation_id="org",
        details=details,
    )
    with pytest.raises(Invalid) as refused:
        leaf_text(body)
    assert refused.value.code == "entry_invalid"


@pytest.mark.parametrize(
    ("public_url", "name"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("https://souk.example", "souk.example"),
        ("https://example.org/souk/", "example.org/souk"),
    ],
)
def test_the_log_is_named_like_the_marketplace(public_url: str, name: str) -> None:
    assert log_name(public_url) == name
