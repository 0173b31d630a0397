"""Commitments to a party: opened by the salt in the licence, useless without it."""

from hypothesis import given
from hypothesis import strategies as st

from souk_client import proofs
from souk_client.proofs import commit_party, new_salt
from tests.client.evidence import (
    BUYER,
    FILE_HASHES,
    NOW,
    SELLER,
    TRUSTED,
    licence_facts,
    make_bundle,
    sale_entry,
)

SALT = "5a" * 32


def failures(salt: str | None, actor: str) -> dict[str, str]:
    bundle = make_bundle(
        facts=licence_facts(licensee_salt=salt), entry=sale_entry(actor_organisation_id=actor)
    )
    result = proofs.verify_bundle(
        proofs.write_bundle(bundle), file_hashes=FILE_HASHES, trusted=TRUSTED, now=NOW
    )
    return {check.name: check.detail for check in result.checks if not check.ok}


def test_the_licence_opens_the_commitment_of_its_own_licensee_only() -> None:
    assert failures(SALT, commit_party(BUYER, SALT)) == {}
    for salt, actor in (
        (SALT, commit_party(BUYER, new_salt())),
        (SALT, commit_party("org_" + "z" * 26, SALT)),
        (SALT, BUYER),
        (None, commit_party(BUYER, SALT)),
    ):
        assert list(failures(salt, actor)) == ["entry"]


def test_the_form_is_as_documented() -> None:
    expected = "sha256:ca596f81b2c699389f4b739c296622e7c162410a071d27aa84ba99f1c3aff32a"
    assert commit_party(SELLER, SALT) == expected  # as `sha256sum` gives it for the JSON text


@given(st.sets(st.tuples(st.text(max_size=30), st.from_regex("[0-9a-f]{64}", fullmatch=True))))
def test_other_parties_and_other_salts_give_other_commitments(
    opened: set[tuple[str, str]],
) -> None:
    assert len({commit_party(party, salt) for party, salt in opened}) == len(opened)
