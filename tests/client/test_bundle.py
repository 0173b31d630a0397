"""Licence files and evidence bundles: what holds is accepted, anything changed is refused."""

from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OKPKey

from souk_client import proofs
from souk_client.proofs import EvidenceBundle, LicensedFile, Party, ProofError, SigningKey
from souk_client.proofs.signed import SignedForm
from tests.client.evidence import (
    BUYER,
    FILE_HASHES,
    FILES,
    LICENCE_KEY,
    LOG_KEY,
    NOW,
    TRUSTED,
    licence_facts,
    make_bundle,
    sale_entry,
)

GOOD = proofs.write_bundle(make_bundle())


def failures(
    data: bytes,
    *,
    hashes: dict[str, str] | None = None,
    trusted: proofs.KeySet = TRUSTED,
    now: datetime = NOW,
) -> dict[str, str]:
    outcome = proofs.verify_bundle(
        data, file_hashes=FILE_HASHES if hashes is None else hashes, trusted=trusted, now=now
    )
    failed = {check.name: check.detail for check in outcome.checks if not check.ok}
    assert outcome.ok == (not failed)
    return failed


def failures_of(bundle: EvidenceBundle, **options: object) -> dict[str, str]:
    return failures(proofs.write_bundle(bundle), **options)


def test_a_true_bundle_passes_every_check() -> None:
    outcome = proofs.verify_bundle(GOOD, file_hashes=FILE_HASHES, trusted=TRUSTED, now=NOW)
    assert outcome.ok
    assert [check.name for check in outcome.checks] == [
        "bundle",
        "keys",
        "licence",
        "checkpoint",
        "inclusion",
        "term",
        "entry",
        "file README.md",
        "file weights/iris.onnx",
    ]
    assert outcome.licence == licence_facts()
    assert outcome.checkpoint is not None
    assert outcome.checkpoint.signed_at_s == int(NOW.timestamp())


@given(bit=st.integers(min_value=0))
def test_any_flipped_bit_of_the_bundle_fails(bit: int) -> None:
    data = bytearray(GOOD)
    bit %= len(data) * 8
    data[bit // 8] ^= 1 << bit % 8
    assert failures(bytes(data))


def test_every_flipped_bit_of_every_byte_fails() -> None:
    """Each byte once, with one of its bits, so that no member is forgotten."""
    for place in range(len(GOOD)):
        data = bytearray(GOOD)
        data[place] ^= 1 << place % 8
        assert failures(bytes(data)), f"byte {place} of the bundle is not covered"


@given(cut=st.integers(0, len(GOOD) - 1), extra=st.binary(min_size=1, max_size=3))
def test_a_cut_or_longer_bundle_fails(cut: int, extra: bytes) -> None:
    assert failures(GOOD[:cut])
    assert failures(GOOD + extra)


@given(data=st.data())
def test_any_flipped_bit_of_a_file_fails(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(FILE_HASHES)))
    bit = data.draw(st.integers(0, 255))
    changed = f"{int(FILE_HASHES[path], 16) ^ 1 << bit:064x}"
    assert list(failures(GOOD, hashes=FILE_HASHES | {path: changed})) == [f"file {path}"]


def test_missing_and_foreign_files_fail() -> None:
    assert failures(GOOD, hashes={"README.md": FILE_HASHES["README.md"], "x": "0" * 64}) == {
        "file weights/iris.onnx": "is missing.",
        "file x": "is not covered by the licence.",
    }


@given(text=st.text(max_size=200) | st.binary(max_size=200))
def test_rubbish_is_refused_without_a_crash(text: str | bytes) -> None:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    assert list(failures(data)) == ["bundle"]


def test_deeply_nested_rubbish_is_refused() -> None:
    assert list(failures(b'{"entry":' + b"[" * 100_000 + b"\n")) == ["bundle"]


def test_untrusted_keys_fail_even_when_the_bundle_carries_them() -> None:
    thief_licence = SigningKey.from_seed(b"x" * 32, purpose=proofs.LICENCE)
    thief_log = SigningKey.from_seed(b"y" * 32, purpose=proofs.LOG)
    forged = make_bundle(licence_key=thief_licence, log_key=thief_log)
    assert set(failures_of(forged)) == {"keys", "licence", "checkpoint", "inclusion", "files"}


def test_a_key_of_one_purpose_does_not_serve_another() -> None:
    swapped = make_bundle(licence_key=LOG_KEY, log_key=LICENCE_KEY)
    assert {"licence", "checkpoint"} <= set(failures_of(swapped))


def test_another_marketplace_fails() -> None:
    failed = failures_of(make_bundle(origin="other.example"))
    assert {"keys", "checkpoint"} <= set(failed)
    assert (
        "not by souk.example/log"
        in failures_of(make_bundle(facts=licence_facts(issuer="other.example")))["licence"]
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": "prv_" + "1" * 26}, "another id"),
        ({"listing_id": "lst_" + "1" * 26}, "another listing_id"),
        ({"licence_id": "lic_" + "1" * 26}, "another licence_id"),
        ({"licence_id": None}, "another licence_id"),
        ({"content_sha256": "0" * 64}, "another content_sha256"),
        ({"kind": "refunded"}, "says refunded"),
        ({"actor_organisation_id": "org_" + "z" * 26}, "other parties"),
        ({"counterparty_organisation_id": None}, "other parties"),
    ],
)
def test_an_entry_about_something_else_fails(change: dict[str, object], reason: str) -> None:
    failed = failures_of(make_bundle(entry=sale_entry(**change)))
    assert list(failed) == ["entry"]
    assert reason in failed["entry"]


def test_a_licence_may_cover_a_later_version_than_the_sale() -> None:
    later = (*FILES, LicensedFile(path="new.bin", sha256="5" * 64, size_bytes=9))
    bundle = make_bundle(facts=licence_facts(version="1.1.0", files=later))
    assert failures_of(bundle, hashes=FILE_HASHES | {"new.bin": "5" * 64}) == {}


def test_an_entry_that_the_log_does_not_hold_fails() -> None:
    bundle = make_bundle()
    changed = msgspec.structs.replace(bundle, entry=bundle.entry | {"version": "9.9.9"})
    assert list(failures_of(changed)) == ["inclusion"]


def test_a_proof_for_another_size_fails() -> None:
    bundle = make_bundle()
    proof = msgspec.structs.replace(bundle.proof, tree_size=12)
    assert list(failures_of(msgspec.structs.replace(bundle, proof=proof))) == ["inclusion"]


def test_a_licence_holds_from_its_beginning_until_just_before_its_end() -> None:
    end = NOW + timedelta(days=30)
    bundle = make_bundle(facts=licence_facts(kind="timed", valid_until=end))
    assert failures_of(bundle, now=end - timedelta(microseconds=1)) == {}
    assert "ended" in failures_of(bundle, now=end)["term"]
    assert "begins" in failures_of(bundle, now=NOW - timedelta(seconds=1))["term"]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "timed"},
        {"kind": "counted"},
        {"kind": "seats"},
        {"kind": "counted", "use_limit": 0},
        {"kind": "eternal"},
        {"valid_until": NOW},
        {"files": ()},
        {"files": FILES + FILES},
        {"issued_at": NOW.replace(tzinfo=None)},
        {"files": (LicensedFile(path="a", sha256="ABC", size_bytes=1),)},
        {"files": (LicensedFile(path="a", sha256="0" * 64, size_bytes=-1),)},
        {"files": (LicensedFile(path="a", sha256="0" * 64, size_bytes=2**60),)},
        {"licensee": Party(organisation_id=BUYER, name="\ud800")},
    ],
)
def test_facts_that_break_their_rules_are_not_signed(change: dict[str, object]) -> None:
    with pytest.raises((ProofError, UnicodeEncodeError)):
        proofs.sign_licence(licence_facts(**change), LICENCE_KEY)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "timed", "valid_until": NOW + timedelta(days=1)},
        {"kind": "counted", "use_limit": 5},
        {"kind": "seats", "seats": 3},
        {"spdx": None},
    ],
)
def test_every_kind_of_licence_is_signed_and_read(change: dict[str, object]) -> None:
    facts = licence_facts(**change)
    assert proofs.verify_licence(proofs.sign_licence(facts, LICENCE_KEY), TRUSTED) == facts


# RFC 9864 calls `EdDSA` deprecated in favour of `Ed25519`, which few libraries know yet.
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_a_standard_jose_library_checks_the_licence_file() -> None:
    text = proofs.sign_licence(licence_facts(), LICENCE_KEY)
    key = OKPKey.import_key(msgspec.to_builtins(LICENCE_KEY.public))
    checked = jws.deserialize_compact(text, key, algorithms=["EdDSA"])
    assert checked.headers() == {
        "alg": "EdDSA",
        "kid": LICENCE_KEY.public.kid,
        "typ": "souk-licence+jws",
    }
    assert msgspec.json.decode(checked.payload)["address"] == "ada/iris"


@given(bit=st.integers(min_value=0))
def test_any_flipped_bit_of_a_licence_file_is_refused(bit: int) -> None:
    text = bytearray(proofs.sign_licence(licence_facts(), LICENCE_KEY).encode())
    bit %= len(text) * 8
    text[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ProofError):
        proofs.verify_licence(text.decode("latin-1"), TRUSTED)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "ES256"])
def test_other_algorithms_are_refused(algorithm: str) -> None:
    from souk_client.proofs.canonical import canonical_json, encode_base64url

    header = {"alg": algorithm, "kid": LICENCE_KEY.public.kid, "typ": "souk-licence+jws"}
    rest = proofs.sign_licence(licence_facts(), LICENCE_KEY).split(".", 1)[1]
    with pytest.raises(ProofError, match="header"):
        proofs.verify_licence(f"{encode_base64url(canonical_json(header))}.{rest}", TRUSTED)


def test_a_signed_document_of_another_kind_is_no_licence() -> None:
    other = SignedForm(proofs.LicenceFacts, typ="souk-certificate+jws", name="certificate")
    with pytest.raises(ProofError, match="souk-certificate"):
        proofs.verify_licence(other.sign(licence_facts(), LICENCE_KEY), TRUSTED)


def test_the_digest_of_files_does_not_depend_on_their_order() -> None:
    assert proofs.content_digest(FILES) == proofs.content_digest(reversed(FILES))
    assert proofs.content_digest(FILES) != proofs.content_digest(FILES[:1])


def test_an_entry_leaves_out_what_does_not_apply() -> None:
    entry = sale_entry(order_id=None, version=None)
    assert set(entry.members()) == {
        "id",
        "kind",
        "created_at",
        "listing_id",
        "actor_organisation_id",
        "counterparty_organisation_id",
        "content_sha256",
        "licence_id",
    }
    assert proofs.leaf_of(entry) == proofs.leaf_of(entry.members())
