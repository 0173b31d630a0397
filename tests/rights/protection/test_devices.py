"""Devices of a running marketplace, over its API and with `mp`."""

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from souk_client.cli.main import run
from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.protection import DeviceRequest
from souk_client.contracts.works import LicenceTerms, Listing, OfferRequest
from souk_client.proofs.canonical import encode_base64url
from souk_client.proofs.marked_copy import verify_marked_copy
from souk_client.proofs.receipts import Place, prove_device, write_receipt
from souk_client.sdk import Souk
from tests.market import funded, publish, refused, sign_up
from tests.rights.protection.test_fingerprint import safetensors_file, weights

CONTENT = os.urandom(2**20 + 99)
Mp = Callable[..., int]


@pytest.fixture(scope="module")
def seller(base_url: str) -> Souk:
    return sign_up(base_url)


@pytest.fixture(scope="module")
def work(seller: Souk) -> Listing:
    return publish(seller, content=CONTENT)


@pytest.fixture(scope="module")
def counted(seller: Souk) -> Listing:
    terms = LicenceTerms(kind="counted", uses=12)
    return publish(seller, offers=[OfferRequest(price_minor=100, terms=terms)])


def bought(base_url: str, listing: Listing) -> tuple[Souk, str]:
    """A buyer, and their licence."""
    buyer = funded(base_url)
    return buyer, buyer.orders.create(OrderRequest(listing_id=listing.id)).licence_id


def device_request(
    exchange: X25519PrivateKey | None = None, signing: Ed25519PrivateKey | None = None
) -> DeviceRequest:
    exchange = exchange or X25519PrivateKey.generate()
    signing = signing or Ed25519PrivateKey.generate()
    public = exchange.public_key().public_bytes_raw()
    return DeviceRequest(
        name="Laptop",
        exchange_key=encode_base64url(public),
        signing_key=encode_base64url(signing.public_key().public_bytes_raw()),
        proof=encode_base64url(prove_device(signing, public)),
    )


@pytest.fixture
def at_home(base_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Souk], Mp]:
    """`mp` on a machine of a buyer's, in a folder of its own; answers its exit code."""

    def machine(buyer: Souk) -> Mp:
        monkeypatch.setenv("SOUK_CONFIG_DIR", str(tmp_path / "config"))
        monkeypatch.setenv("SOUK_API_URL", base_url)
        monkeypatch.setenv("SOUK_API_KEY", buyer.api_keys.create(name="machine").key)
        monkeypatch.chdir(tmp_path)
        return lambda *arguments: run(list(arguments))

    return machine


def test_a_device_opens_files_offline_until_it_is_revoked(
    base_url: str, work: Listing, at_home: Callable[[Souk], Mp], tmp_path: Path
) -> None:
    buyer, licence_id = bought(base_url, work)
    mp = at_home(buyer)
    assert mp("download", licence_id, "--protected", "--to", "files") == 0
    protected = tmp_path / "files" / "data.txt.protected"
    assert CONTENT[:64] not in protected.read_bytes()
    (device,) = buyer.devices.list().items
    assert [held.licence_id for held in device.licences] == [licence_id]

    assert mp("open", str(protected)) == 0
    assert (tmp_path / "files" / "data.txt").read_bytes() == CONTENT
    notes = tmp_path / "config" / "devices.json"
    assert notes.stat().st_mode & 0o777 == 0o600

    whole = protected.read_bytes()
    protected.write_bytes(whole[:-1])
    assert mp("open", str(protected), "--to", "cut") == 7
    assert not (tmp_path / "cut").exists()
    protected.write_bytes(whole)

    assert mp("devices", "sync") == 0
    other = sign_up(base_url)
    with refused("device_unknown", 404):
        other.devices.revoke(device.id)
    buyer.devices.revoke(device.id)
    assert mp("open", str(protected), "--to", "still") == 0  # it has had no contact since
    assert mp("devices", "sync") == 0
    assert mp("open", str(protected), "--to", "no more") == 3
    with refused("device_revoked", 409):
        buyer.devices.key(licence_id, device.id)
    with refused("device_revoked", 409):
        buyer.devices.files(licence_id, device.id)


def test_a_revoked_licence_reaches_the_device_at_its_next_contact(
    base_url: str, seller: Souk, work: Listing, at_home: Callable[[Souk], Mp], tmp_path: Path
) -> None:
    buyer, licence_id = bought(base_url, work)
    mp = at_home(buyer)
    assert mp("download", licence_id, "--protected", "--to", "files") == 0
    seller.licences.revoke(licence_id, reason="a test")
    with refused("licence_not_good", 409):
        buyer.devices.key(licence_id, buyer.devices.list().items[0].id)
    assert mp("devices", "sync") == 0
    assert mp("open", str(tmp_path / "files" / "data.txt.protected"), "--to", "x") == 3


def test_protected_files_come_in_ranges(base_url: str, work: Listing) -> None:
    buyer, licence_id = bought(base_url, work)
    device = buyer.devices.register(device_request())
    with refused("device_without_key", 404):
        buyer.devices.files(licence_id, device.id)
    buyer.devices.key(licence_id, device.id)
    url = buyer.devices.files(licence_id, device.id).items[0].url
    whole = httpx.get(url)
    assert whole.status_code == 200
    assert int(whole.headers["content-length"]) == len(whole.content)
    for header, part in (("bytes=5-99", slice(5, 100)), ("bytes=1048570-", slice(1048570, None))):
        answer = httpx.get(url, headers={"range": header})
        assert answer.status_code == 206
        assert answer.content == whole.content[part]
    assert httpx.get(url, headers={"if-none-match": whole.headers["etag"]}).status_code == 304


def test_only_so_many_devices_have_a_licences_key(base_url: str, work: Listing) -> None:
    buyer, licence_id = bought(base_url, work)
    devices = [buyer.devices.register(device_request()).id for _ in range(4)]
    for device in devices[:3]:
        buyer.devices.key(licence_id, device)
    with refused("devices_full", 409):
        buyer.devices.key(licence_id, devices[3])
    assert len(buyer.devices.of_licence(licence_id).items) == 3

    buyer.devices.take_back(licence_id, devices[0])
    buyer.devices.key(licence_id, devices[3])
    with refused("devices_full", 409):
        buyer.devices.key(licence_id, devices[0])
    states = {d.id: d.licences[0].state for d in buyer.devices.list().items}
    assert states[devices[0]] == "revoked"
    assert states[devices[3]] == "active"


def test_devices_are_their_keys(base_url: str) -> None:
    one, other = sign_up(base_url), sign_up(base_url)
    request = device_request()
    device = one.devices.register(request)
    assert one.devices.register(request).id == device.id
    with refused("device_keys_taken", 409):
        other.devices.register(request)
    stolen = DeviceRequest(
        name="x",
        exchange_key=device_request().exchange_key,
        signing_key=request.signing_key,
        proof=request.proof,
    )
    with refused("device_keys_wrong", 422):
        other.devices.register(stolen)
    with refused("device_unknown", 404):
        other.devices.get(device.id)
    weak = X25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    zero = bytes(32)
    with refused("device_keys_wrong", 422):
        other.devices.register(
            DeviceRequest(
                name="x",
                exchange_key=encode_base64url(zero),
                signing_key=encode_base64url(weak[1].public_key().public_bytes_raw()),
                proof=encode_base64url(prove_device(weak[1], zero)),
            )
        )


def test_counted_uses_are_set_aside_and_told_by_receipts(
    base_url: str, counted: Listing, at_home: Callable[[Souk], Mp], tmp_path: Path
) -> None:
    buyer, licence_id = bought(base_url, counted)
    mp = at_home(buyer)
    assert mp("download", licence_id, "--protected", "--to", "files") == 0
    assert buyer.licences.get(licence_id).uses_left == 2  # ten are set aside for the device
    protected = str(tmp_path / "files" / "data.txt.protected")
    for number in range(3):
        assert mp("open", protected, "--to", f"out-{number}") == 0
    assert mp("open", protected, "--to", "too many", "--uses", "8") == 1
    assert mp("devices", "sync") == 0
    (held,) = buyer.devices.list().items[0].licences
    assert held.uses_receipted == 3
    assert held.uses_granted == 12
    assert buyer.licences.get(licence_id).uses_left == 0
    assert mp("open", protected, "--to", "rest", "--uses", "9") == 0
    assert mp("devices", "sync") == 0
    assert mp("open", protected, "--to", "none left") in {1, 3}


def test_replayed_receipts_count_once_and_copied_devices_are_found(
    base_url: str, counted: Listing
) -> None:
    buyer, licence_id = bought(base_url, counted)
    signing = Ed25519PrivateKey.generate()
    device = buyer.devices.register(device_request(signing=signing)).id
    assert buyer.devices.key(licence_id, device, uses=6).uses_granted == 6

    def write(place: Place, uses: int) -> tuple[str, Place]:
        return write_receipt(
            signing,
            place,
            licence_id=licence_id,
            device_id=device,
            uses=uses,
            used_at=datetime.now(UTC),
        )

    first, place = write(Place(), 2)
    second, after = write(place, 3)
    with refused("receipts_missing", 409):
        buyer.devices.send_receipts(licence_id, device, [second])
    taken = buyer.devices.send_receipts(licence_id, device, [first, second])
    assert (taken.accepted, taken.known, taken.uses_receipted) == (2, 0, 5)
    again = buyer.devices.send_receipts(licence_id, device, [first, second])
    assert (again.accepted, again.known, again.uses_receipted) == (0, 2, 5)
    too_many, _ = write(after, 2)
    with refused("uses_too_few", 409):
        buyer.devices.send_receipts(licence_id, device, [too_many])
    with refused("receipt_wrong", 422):
        buyer.devices.send_receipts(licence_id, device, ["x.y"])
    copied, _ = write(place, 1)
    with refused("receipts_forked", 409):
        buyer.devices.send_receipts(licence_id, device, [copied])
    with refused("receipts_forked", 409):
        buyer.devices.key(licence_id, device)


def test_a_seller_lets_files_out_only_for_devices(base_url: str, seller: Souk) -> None:
    listing = publish(seller)
    buyer, licence_id = bought(base_url, listing)
    assert buyer.devices.protection(listing.id).delivery == "open"
    assert len(buyer.licences.files(licence_id).items) == 1
    with refused("not_listing_manager", 403):
        buyer.devices.choose(listing.id, "devices")
    hub = f"{base_url}/datasets/{listing.address}/resolve/main/data.txt"
    key = {"authorization": f"Bearer {buyer.api_keys.create(name='hub').key}"}
    assert httpx.get(hub, headers=key).status_code in {200, 302, 307}

    seller.devices.choose(listing.id, "devices")
    with refused("protected_only", 403):
        buyer.licences.files(licence_id)
    assert httpx.get(hub, headers=key).status_code == 403
    assert "open only on your registered devices" in httpx.get(f"{base_url}/{listing.address}").text
    device = buyer.devices.register(device_request()).id
    buyer.devices.key(licence_id, device)
    assert len(buyer.devices.files(licence_id, device).items) == 1
    seller.devices.choose(listing.id, "open")
    assert len(buyer.licences.files(licence_id).items) == 1


def test_a_marked_copy_is_traced_back_to_its_licence(
    base_url: str, seller: Souk, tmp_path: Path
) -> None:
    content = safetensors_file(weights(3))
    listing = publish(seller, content=content, filename="model.safetensors")
    buyers = [bought(base_url, listing) for _ in range(2)]
    copies = [b.devices.make_marked(lic, path="model.safetensors") for b, lic in buyers]
    buyer, licence_id = buyers[0]
    assert buyer.devices.make_marked(licence_id, path="model.safetensors") == copies[0]
    assert copies[0].sha256 != copies[1].sha256
    with refused("file_unknown", 404):
        buyer.devices.marked_file(licence_id, copies[1].sha256)

    got = httpx.get(buyer.devices.marked_file(licence_id, copies[0].sha256).url).content
    facts = verify_marked_copy(copies[0].statement, buyer.keys())
    assert facts.sha256 == hashlib.sha256(got).hexdigest()
    assert facts.source_sha256 == hashlib.sha256(content).hexdigest()
    assert licence_id.encode() in got

    leaked = tmp_path / "leaked.safetensors"
    leaked.write_bytes(got[:-4] + bytes(4))
    uploaded = seller.upload_file(leaked)
    traced = seller.devices.trace(
        listing.id, sha256=uploaded.sha256, source_sha256=facts.source_sha256
    )
    assert traced.found == licence_id
    assert traced.licences == 2
    assert traced.matches[1].chance > 1e-3
    with refused("artifact_unknown", 404):
        seller.devices.trace(listing.id, sha256="0" * 64, source_sha256=facts.source_sha256)
    with refused("file_not_markable", 422):
        card = publish(seller)
        one, licence = bought(base_url, card)
        one.devices.make_marked(licence, path="data.txt")


def test_verify_tells_marked_copies_from_changed_files(
    base_url: str,
    seller: Souk,
    at_home: Callable[[Souk], Mp],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    content = safetensors_file(weights(4))
    listing = publish(seller, content=content, filename="model.safetensors")
    buyer, licence_id = bought(base_url, listing)
    mp = at_home(buyer)
    assert mp("download", licence_id, "--to", "work", "--marked") == 0
    copy = tmp_path / "work" / "model.safetensors"
    assert licence_id.encode() in copy.read_bytes()
    assert mp("verify", "work") == 0
    assert f"a copy marked for {licence_id}" in capsys.readouterr().out

    whole = copy.read_bytes()
    copy.write_bytes(whole[:-1] + b"x")
    assert mp("verify", "work") == 7
    copy.write_bytes(whole)
    (tmp_path / "work" / "model.safetensors.mark.jws").unlink()
    assert mp("verify", "work") == 7
    copy.write_bytes(content)
    assert mp("verify", "work") == 0
