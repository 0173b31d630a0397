"""Protected files, wrapped keys, chains of receipts: rules that need no marketplace."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from souk.delivery.downloads.protected import sealed_range
from souk.kernel.errors import SoukError
from souk.rights.protection.model import chain_on, offline_until, read_batch, uses_to_take
from souk_client.proofs import LICENCE, KeySet, ProofError, SigningKey
from souk_client.proofs.canonical import encode_base64url
from souk_client.proofs.device_key import (
    DeviceKeyFacts,
    check_offline,
    sign_device_key,
    unwrap_key,
    verify_device_key,
    wrap_key,
)
from souk_client.proofs.protected_file import (
    SEGMENT_BYTES,
    ProtectedFile,
    ProtectedHeader,
    read_header,
)
from souk_client.proofs.receipts import Place, check_device, prove_device, write_receipt

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY, DEVICE = b"k" * 32, Ed25519PrivateKey.from_private_bytes(b"d" * 32)
DEVICE_KEY = DEVICE.public_key().public_bytes_raw()
CONTENT = bytes(range(256)) * (SEGMENT_BYTES // 128) + b"the end"
HEADER = ProtectedHeader(
    licence_id="lic_1", path="a/model.bin", sha256="0" * 64, size_bytes=len(CONTENT)
)


def sealed(file: ProtectedFile, content: bytes = CONTENT) -> bytes:
    parts = [content[at : at + SEGMENT_BYTES] for at in range(0, len(content), SEGMENT_BYTES)]
    return file.head + b"".join(file.seal(n, part) for n, part in enumerate(parts or [b""]))


class TestProtectedFiles:
    def test_a_file_opens_with_its_licences_key_alone(self) -> None:
        file = ProtectedFile(HEADER, KEY)
        whole = sealed(file)
        assert len(whole) == file.stored_bytes
        header, at = read_header(whole[:4096])
        assert (header, at) == (HEADER, len(file.head))
        first = whole[at : file.offset_of(1)]
        assert ProtectedFile(header, KEY).open(0, first) == CONTENT[:SEGMENT_BYTES]
        others = (
            ProtectedFile(header, b"x" * 32),
            ProtectedFile(replace(HEADER, licence_id="lic_2"), KEY),
            ProtectedFile(replace(HEADER, path="b"), KEY),
            ProtectedFile(replace(HEADER, size_bytes=SEGMENT_BYTES), KEY),
        )
        for other in others:
            with pytest.raises(ProofError):
                other.open(0, first)
        with pytest.raises(ProofError):
            file.open(1, first)
        with pytest.raises(ProofError):
            file.open(0, first[:-1])

    @pytest.mark.parametrize("head", [b"", b"no", b"souk-protected/1\n", b"x" * 5000])
    def test_what_is_no_protected_file_is_said_to_be_none(self, head: bytes) -> None:
        with pytest.raises(ProofError):
            read_header(head)

    @settings(max_examples=30)
    @given(st.integers(0, len(CONTENT) + 300), st.integers(0, len(CONTENT) + 300))
    async def test_every_range_is_that_of_the_whole(self, one: int, other: int) -> None:
        file = ProtectedFile(HEADER, KEY)
        start, end = sorted((min(one, file.stored_bytes), min(other, file.stored_bytes)))

        async def read(first: int, last: int):  # type: ignore[no-untyped-def]  # a generator of bytes
            yield CONTENT[first:last]

        got = b"".join([part async for part in sealed_range(file, read, start=start, end=end)])
        assert got == sealed(file)[start:end]


class TestWrappedKeys:
    def facts(self, device: X25519PrivateKey, **changes: object) -> DeviceKeyFacts:
        public = device.public_key().public_bytes_raw()
        once, wrapped = wrap_key(KEY, licence_id="lic_1", device_id="dev_1", device_key=public)
        values: dict[str, object] = {
            "issuer": "souk.example",
            "licence_id": "lic_1",
            "device_id": "dev_1",
            "device_key": encode_base64url(public),
            "issued_at": NOW,
            "expires_at": NOW + timedelta(days=14),
            "kind": "perpetual",
            "once_key": once,
            "wrapped_key": wrapped,
        }
        return DeviceKeyFacts(**(values | changes))  # type: ignore[arg-type]  # of its fields

    def test_only_the_device_unwraps_it_and_only_for_this_licence(self) -> None:
        device = X25519PrivateKey.generate()
        assert unwrap_key(self.facts(device), device) == KEY
        for wrong in (
            (self.facts(device), X25519PrivateKey.generate()),
            (self.facts(device, licence_id="lic_2"), device),
            (self.facts(device, device_id="dev_2"), device),
            (self.facts(device, once_key=encode_base64url(b"\0" * 32)), device),
        ):
            with pytest.raises(ProofError):
                unwrap_key(*wrong)

    def test_a_document_is_checked_with_no_server_and_ends(self) -> None:
        signer = SigningKey.generate(purpose=LICENCE)
        trusted = KeySet(origin="souk.example", keys=(signer.public,))
        text = sign_device_key(self.facts(X25519PrivateKey.generate()), signer)
        facts = verify_device_key(text, trusted)
        check_offline(facts, NOW + timedelta(days=13))
        with pytest.raises(ProofError, match="devices sync"):
            check_offline(facts, NOW + timedelta(days=14))
        head, payload, signature = text.split(".")
        for forged in (f"{head}.{payload}.{signature[:-2]}AA", f"{head}.{payload}", "é.b.c"):
            with pytest.raises(ProofError):
                verify_device_key(forged, trusted)
        with pytest.raises(ProofError, match="not by other"):
            verify_device_key(text, KeySet(origin="other", keys=trusted.keys))

    def test_a_devices_two_keys_are_bound_together(self) -> None:
        exchange = b"e" * 32
        proof = prove_device(DEVICE, exchange)
        check_device(DEVICE_KEY, exchange, proof)
        with pytest.raises(ProofError):
            check_device(DEVICE_KEY, b"f" * 32, proof)


def receipts(uses: list[int], *, place: Place = Place(), licence: str = "lic_1") -> list[str]:  # noqa: B008  # immutable
    texts = []
    for number in uses:
        text, place = write_receipt(
            DEVICE, place, licence_id=licence, device_id="dev_1", uses=number, used_at=NOW
        )
        texts.append(text)
    return texts


def taken(texts: list[str], *, after: list[str] | None = None, granted: int = 1000) -> int:
    """How many uses a chain has when these arrive after those."""
    known: dict[int, str] = {}
    place = Place()
    for batch in (after or [], texts):
        read = read_batch(batch, licence_id="lic_1", device_id="dev_1", device_key=DEVICE_KEY)
        fresh = chain_on(place, read, known=known, granted=granted)
        for item in fresh:
            known[item.receipt.sequence] = item.hash
            place = Place(
                sequence=item.receipt.sequence, total=item.receipt.total, last_hash=item.hash
            )
    return place.total


def refusal(*args: object, **kwargs: object) -> str:
    with pytest.raises(SoukError) as caught:
        taken(*args, **kwargs)  # type: ignore[arg-type]  # as taken takes them
    return caught.value.code


class TestReceipts:
    @given(st.lists(st.integers(1, 50), min_size=1, max_size=12), st.data())
    def test_however_they_are_batched_and_repeated_each_counts_once(
        self, uses: list[int], data: st.DataObject
    ) -> None:
        texts = receipts(uses)
        first = data.draw(st.integers(0, len(texts)))
        again = data.draw(st.integers(0, first))
        assert taken(texts[again:], after=texts[:first]) == sum(uses)

    def test_gaps_forks_and_overdrafts_are_found(self) -> None:
        texts = receipts([1, 2, 3])
        assert refusal(texts[1:]) == "receipts_missing"
        assert refusal([texts[0], texts[2]]) == "receipts_missing"
        assert refusal(receipts([5]), after=texts) == "receipts_forked"
        other = receipts([5, 1])
        assert refusal([other[1]], after=texts[:1]) == "receipts_forked"
        assert refusal(texts, granted=5) == "uses_too_few"
        assert taken(texts, granted=6) == 6

    def test_strangers_and_changed_receipts_are_refused(self) -> None:
        (text,) = receipts([1])
        payload, signature = text.split(".")
        assert refusal(receipts([1], licence="lic_2")) == "receipt_wrong"
        for wrong in ("", "x", f"{payload}.{payload}", f"{payload}A.{signature}", "é.é"):
            assert refusal([wrong]) == "receipt_wrong"
        by_other, _ = write_receipt(
            Ed25519PrivateKey.generate(),
            Place(),
            licence_id="lic_1",
            device_id="dev_1",
            uses=1,
            used_at=NOW,
        )
        assert refusal([by_other]) == "receipt_wrong"
        (cheap,) = receipts([1], place=Place(sequence=0, total=7))
        assert refusal([cheap]) == "receipt_wrong"

    @given(st.integers(1, 99), st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
    def test_never_more_is_set_aside_than_there_is(
        self, wanted: int, granted: int, receipted: int, left: int
    ) -> None:
        receipted = min(receipted, granted)
        more = uses_to_take(wanted=wanted, granted=granted, receipted=receipted, left=left)
        assert 0 <= more <= left
        assert granted + more - receipted <= max(wanted, granted - receipted)

    def test_offline_time_ends_with_the_licence(self) -> None:
        day = timedelta(days=1)
        assert offline_until(NOW, days=14, valid_until=None) == NOW + 14 * day
        assert offline_until(NOW, days=14, valid_until=NOW + day) == NOW + day
