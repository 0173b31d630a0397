"""Certificates of ownership: made by the holder, shown to who has the code, checked by anybody."""

from io import BytesIO
from pathlib import Path

import httpx
import pytest
from pypdf import PdfReader

from souk_client.cli.main import run
from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.rights import Licence
from souk_client.contracts.works import LicenceTerms, OfferRequest
from souk_client.proofs import ATTACHMENT, is_certificate, read_certificate, read_certificate_bundle
from souk_client.sdk import Souk
from tests.market import funded, organisation_of, publish, refused, sign_up
from tests.web.test_promotions import send
from tests.web.test_selling import page_session

CONTENT = b"x,y\n" + b"1,2\n" * 40


@pytest.fixture(scope="module")
def seller(base_url: str) -> Souk:
    return sign_up(base_url, "Ada Certified")


@pytest.fixture(scope="module")
def buyer(base_url: str) -> Souk:
    return funded(base_url)


def bought(seller: Souk, buyer: Souk) -> Licence:
    listing = publish(seller, content=CONTENT)
    return buyer.licences.get(buyer.orders.create(OrderRequest(listing_id=listing.id)).licence_id)


@pytest.fixture(scope="module")
def licence(seller: Souk, buyer: Souk) -> Licence:
    return bought(seller, buyer)


def keys_file(base_url: str, folder: Path) -> Path:
    path = folder / "keys.json"
    path.write_bytes(httpx.get(f"{base_url}/.well-known/souk-keys.json").content)
    return path


def verify(*arguments: str) -> int:
    return run(["verify", *arguments])


def test_a_certificate_is_public_by_its_code_and_names_nobody_unasked(
    buyer: Souk, licence: Licence
) -> None:
    made = buyer.certificates.make(licence.id)
    assert made.check_url.endswith(f"/certificates/{made.code}")
    assert buyer.certificates.make(licence.id) == made, "made once"
    found = buyer.certificates.check(made.code)
    assert (found.state, found.reason, found.holder) == ("valid", None, None)
    assert found.listing_address == licence.listing_address
    assert [file.path for file in found.files] == ["data.txt"]
    assert found.proof is None or found.proof.entry.id == licence.provenance_entry_id

    shown = buyer.certificates.make(licence.id, shows_holder=True)
    assert shown.code == made.code
    holder = buyer.certificates.check(made.code).holder
    assert holder is not None and holder.id == organisation_of(buyer)
    assert buyer.certificates.get(licence.id).shows_holder


def test_the_pdf_carries_a_proof_that_needs_no_server(
    buyer: Souk, licence: Licence, base_url: str, tmp_path: Path
) -> None:
    buyer.certificates.make(licence.id, shows_holder=False)
    pdf = buyer.certificates.pdf(licence.id)
    reader = PdfReader(BytesIO(pdf))
    words = "\n".join(page.extract_text() for page in reader.pages)
    assert "CERTIFICATE OF OWNERSHIP" in words and licence.id in words
    assert organisation_of(buyer) not in words and "Grace Hopper" not in words

    (attached,) = reader.attachments[ATTACHMENT]
    assert is_certificate(attached)
    facts, _ = read_certificate(read_certificate_bundle(attached).certificate)
    assert facts.holder is None and facts.holder_salt is None
    assert organisation_of(buyer) not in attached.decode()

    keys = str(keys_file(base_url, tmp_path))
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(pdf)
    assert verify(str(paper), "--keys", keys) == 0
    (tmp_path / "data.txt").write_bytes(CONTENT)
    assert verify(str(paper), "--keys", keys) == 0
    (tmp_path / "data.txt").write_bytes(CONTENT + b"!")
    assert verify(str(paper), "--keys", keys) == 7, "a tampered file"
    (tmp_path / "data.txt").unlink()
    changed = tmp_path / "changed.certificate.json"
    changed.write_bytes(attached.replace(b'"leaf_index":', b'"leaf_index":1'))
    assert verify(str(changed), "--keys", keys) == 7, "a tampered proof"
    paper.write_bytes(pdf[: len(pdf) // 2])
    assert verify(str(paper), "--keys", keys) == 7, "half a PDF"


def test_a_named_holder_is_proven(
    buyer: Souk, licence: Licence, base_url: str, tmp_path: Path
) -> None:
    buyer.certificates.make(licence.id, shows_holder=True)
    path = tmp_path / "mine.certificate.json"
    path.write_bytes(buyer.certificates.bundle(licence.id))
    assert verify(str(path), "--keys", str(keys_file(base_url, tmp_path))) == 0
    facts, _ = read_certificate(read_certificate_bundle(path.read_bytes()).certificate)
    assert facts.holder is not None and facts.holder.organisation_id == organisation_of(buyer)


def test_a_revoked_licence_shows_as_revoked(seller: Souk, buyer: Souk) -> None:
    licence = bought(seller, buyer)
    code = buyer.certificates.make(licence.id).code
    seller.licences.revoke(licence.id, reason="Stolen card")
    found = buyer.certificates.check(code)
    assert found.state == "revoked"
    assert "Stolen card" not in repr(found), "the reason is between the parties"
    with refused("licence_not_good", 409):
        buyer.certificates.pdf(licence.id)
    with refused("licence_not_good", 409):
        buyer.certificates.make(licence.id)


def test_a_counted_licence_expires_with_its_last_use(seller: Souk, buyer: Souk) -> None:
    offer = OfferRequest(price_minor=500, terms=LicenceTerms(kind="counted", uses=2))
    listing = publish(seller, offers=[offer])
    licence_id = buyer.orders.create(OrderRequest(listing_id=listing.id)).licence_id
    code = buyer.certificates.make(licence_id).code
    buyer.licences.use(licence_id, uses=2)
    assert buyer.certificates.check(code).state == "expired"


def test_a_withdrawn_certificate_is_unknown_for_good(seller: Souk, buyer: Souk) -> None:
    licence = bought(seller, buyer)
    first = buyer.certificates.make(licence.id).code
    buyer.certificates.withdraw(licence.id)
    buyer.certificates.withdraw(licence.id)
    with refused("certificate_unknown", 404):
        buyer.certificates.check(first)
    with refused("certificate_unknown", 404):
        buyer.certificates.pdf(licence.id)
    assert buyer.certificates.make(licence.id).code != first


@pytest.mark.parametrize("code", ["0", "a" * 26, "%00", "A" * 26, "a" * 64])
def test_a_code_of_nobody_is_unknown(buyer: Souk, base_url: str, code: str) -> None:
    answer = httpx.get(f"{base_url}/api/v1/certificates/{code}")
    assert (answer.status_code, answer.json()["code"]) == (404, "certificate_unknown")


def test_only_the_holder_makes_and_fetches(seller: Souk, licence: Licence, base_url: str) -> None:
    with refused("licensee_only", 403):
        seller.certificates.make(licence.id)
    with refused("licensee_only", 403):
        seller.certificates.pdf(licence.id)
    with refused("licence_unknown", 404):
        sign_up(base_url).certificates.get(licence.id)


def test_the_pages(base_url: str, seller: Souk, buyer: Souk) -> None:
    licence = bought(seller, buyer)
    here = f"/library/{licence.id}"
    with page_session(base_url, buyer) as browser:
        assert "Make the certificate" in browser.get(here).text
        made = send(browser, f"{here}/certificate", here, shows_holder="yes")
        assert (made.status_code, made.headers["location"]) == (303, f"{here}#certificate")
        code = buyer.certificates.get(licence.id).code
        assert f"/certificates/{code}" in browser.get(here).text
        page = httpx.get(f"{base_url}/certificates/{code}")
        assert page.status_code == 200 and "Valid" in page.text and "Grace Hopper" in page.text
        assert httpx.get(f"{base_url}/api/v1/certificates/{code}/qr").text.startswith("<svg")
        send(browser, f"{here}/certificate", here, act="withdraw")
        gone = httpx.get(f"{base_url}/certificates/{code}")
        assert gone.status_code == 404 and "Unknown" in gone.text
