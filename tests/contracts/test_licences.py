"""Licences: terms on chain, uses counted by receipts, loans that end."""

from typing import Any

import pytest

from tests.chain import Reverted
from tests.contracts.conftest import Bazaar

PERPETUAL, TIMED, COUNTED = 1, 2, 3


def voucher_of(bazaar: Bazaar, **changes: Any) -> dict[str, Any]:
    voucher = {
        "licenceId": bazaar.fresh(),
        "workId": bazaar.fresh(),
        "holder": bazaar.address("buyer"),
        "kind": PERPETUAL,
        "transferable": True,
        "expires": 0,
        "uses": 0,
        "used": 0,
        "deadline": bazaar.chain.now() + 10**9,
    }
    return {**voucher, **changes}


def redeem(bazaar: Bazaar, **changes: Any) -> int:
    voucher = voucher_of(bazaar, **changes)
    signature = bazaar.chain.sign("registrar", bazaar.licences, "LicenceVoucher", voucher)
    bazaar.chain.send(bazaar.licences.functions.redeem(voucher, signature), "anybody")
    return int(voucher["licenceId"])


def valid(bazaar: Bazaar, licence: int) -> bool:
    return bool(bazaar.licences.functions.isValid(licence).call())


def may_use(bazaar: Bazaar, licence: int, name: str) -> bool:
    return bool(bazaar.licences.functions.mayUse(licence, bazaar.address(name)).call())


def test_a_licence_sold_elsewhere_becomes_a_token_once(bazaar: Bazaar) -> None:
    licence = redeem(bazaar)

    assert bazaar.licences.functions.ownerOf(licence).call() == bazaar.address("buyer")
    assert valid(bazaar, licence)
    with pytest.raises(Reverted, match="IssuedAlready"):
        redeem(bazaar, licenceId=licence)


@pytest.mark.parametrize(
    ("terms", "problem"),
    [
        ({"kind": 0}, "KindUnknown"),
        ({"kind": 4}, "KindUnknown"),
        ({"kind": TIMED}, "TermsContradict"),
        ({"kind": COUNTED}, "TermsContradict"),
        ({"kind": PERPETUAL, "uses": 5}, "TermsContradict"),
        ({"kind": COUNTED, "uses": 5, "used": 6}, "TermsContradict"),
    ],
)
def test_terms_that_contradict_themselves_are_refused(
    bazaar: Bazaar, terms: dict[str, int], problem: str
) -> None:
    with pytest.raises(Reverted, match=problem):
        redeem(bazaar, **terms)


def test_a_timed_licence_ends_by_itself(bazaar: Bazaar) -> None:
    licence = redeem(bazaar, kind=TIMED, expires=bazaar.chain.now() + 500)

    assert may_use(bazaar, licence, "buyer")
    bazaar.chain.pass_time(501)

    assert not valid(bazaar, licence)
    assert not may_use(bazaar, licence, "buyer")


def record(bazaar: Bazaar, licence: int, used: int, *, signer: str = "buyer", by: str = "") -> None:
    receipt = {"licenceId": licence, "used": used, "deadline": bazaar.chain.now() + 1000}
    signature = bazaar.chain.sign(signer, bazaar.licences, "UseReceipt", receipt)
    call = bazaar.licences.functions.recordUse(
        licence, used, receipt["deadline"], bazaar.address(by or signer), signature
    )
    bazaar.chain.send(call, "anybody")


def test_uses_are_counted_by_what_the_holder_signed(bazaar: Bazaar) -> None:
    licence = redeem(bazaar, kind=COUNTED, uses=10)

    record(bazaar, licence, 4)
    for wrong in (4, 3, 11):
        with pytest.raises(Reverted, match="UsesOutOfRange"):
            record(bazaar, licence, wrong)
    with pytest.raises(Reverted, match="NotYours"):
        record(bazaar, licence, 5, signer="stranger")
    with pytest.raises(Reverted, match="VoucherNotSigned"):
        record(bazaar, licence, 5, signer="stranger", by="buyer")
    assert valid(bazaar, licence)
    record(bazaar, licence, 10)

    assert not valid(bazaar, licence)


def test_a_borrower_uses_it_for_a_time_and_the_holder_not(bazaar: Bazaar) -> None:
    chain, licences = bazaar.chain, bazaar.licences
    licence = redeem(bazaar, kind=TIMED, expires=chain.now() + 5000)
    lend = licences.functions.setUser(licence, bazaar.address("borrower"), chain.now() + 1000)

    with pytest.raises(Reverted, match="NotYours"):
        chain.send(lend, "stranger")
    chain.send(lend, "buyer")
    assert may_use(bazaar, licence, "borrower")
    assert not may_use(bazaar, licence, "buyer")
    chain.pass_time(1001)

    assert not may_use(bazaar, licence, "borrower")
    assert may_use(bazaar, licence, "buyer")
    chain.send(licences.functions.setUser(licence, bazaar.address("borrower"), 2**63), "buyer")
    terms = licences.functions.licenceOf(licence).call()
    assert licences.functions.userExpires(licence).call() == terms[4]


def test_holders_cannot_pass_by_the_market(bazaar: Bazaar) -> None:
    licence = redeem(bazaar)
    buyer, other = bazaar.address("buyer"), bazaar.address("stranger")

    for name in ("buyer", "stranger"):
        with pytest.raises(Reverted, match=r"MarketOnly|ERC721InsufficientApproval"):
            call = bazaar.licences.functions.transferFrom(buyer, other, licence)
            bazaar.chain.send(call, name)


def test_only_the_market_issues_and_revokes_and_it_is_named_once(bazaar: Bazaar) -> None:
    chain, licences = bazaar.chain, bazaar.licences
    licence = redeem(bazaar)

    for name in ("owner", "registrar", "stranger"):
        with pytest.raises(Reverted, match="MarketOnly"):
            chain.send(licences.functions.revoke(licence), name)
        with pytest.raises(Reverted, match="MarketOnly"):
            issue = licences.functions.issue(bazaar.fresh(), 1, bazaar.address(name), 1, True, 0, 0)
            chain.send(issue, name)
    with pytest.raises(Reverted, match="MarketNamedAlready"):
        chain.send(licences.functions.nameMarket(bazaar.address("stranger")), "owner")


def test_a_licence_that_may_not_be_resold_cannot_be_lent(bazaar: Bazaar) -> None:
    licence = redeem(bazaar, transferable=False)

    with pytest.raises(Reverted, match="NotTransferable"):
        call = bazaar.licences.functions.setUser(licence, bazaar.address("borrower"), 2**60)
        bazaar.chain.send(call, "buyer")


@pytest.mark.parametrize("interface", ["0x80ac58cd", "0xad092b5c", "0x49064906"])
def test_it_says_which_standards_it_keeps(bazaar: Bazaar, interface: str) -> None:
    assert bazaar.licences.functions.supportsInterface(interface).call()
