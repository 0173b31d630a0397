"""Works: one token a work, minted when it is needed."""

import pytest

from tests.chain import Reverted, sign_typed
from tests.contracts.conftest import Bazaar


def test_a_voucher_mints_for_the_creator_whoever_brings_it(bazaar: Bazaar) -> None:
    work = bazaar.mint()

    assert bazaar.works.functions.ownerOf(work).call() == bazaar.address("creator")
    assert bazaar.works.functions.contentHash(work).call() == b"\x11" * 32
    assert bazaar.works.functions.royaltyInfo(work, 10_000).call() == [
        bazaar.address("creator"),
        1000,
    ]


def test_the_metadata_is_a_cid_of_one_raw_block(bazaar: Bazaar) -> None:
    work = bazaar.mint(metadata=bytes(range(32)))

    address = bazaar.works.functions.tokenURI(work).call()

    assert address == "ipfs://f01551220" + bytes(range(32)).hex()


@pytest.mark.parametrize("interface", ["0x80ac58cd", "0x2a55205a", "0x49064906", "0x01ffc9a7"])
def test_it_says_which_standards_it_keeps(bazaar: Bazaar, interface: str) -> None:
    assert bazaar.works.functions.supportsInterface(interface).call()


def test_vouchers_are_refused_that_are_not_what_they_say(bazaar: Bazaar) -> None:
    chain, works = bazaar.chain, bazaar.works
    good = bazaar.work_voucher()
    signature = chain.sign("registrar", works, "WorkVoucher", good)
    late = bazaar.work_voucher(deadline=chain.now() - 1)
    dear = bazaar.work_voucher(royaltyBps=2501)
    elsewhere = sign_typed(
        chain.account("registrar"), works, "WorkVoucher", good, chain_id=chain.chain_id + 1
    )
    other = sign_typed(
        chain.account("registrar"), bazaar.coin, "WorkVoucher", good, chain_id=chain.chain_id
    )

    for voucher, sealed, problem in (
        ({**good, "royaltyBps": 2000}, signature, "VoucherNotSigned"),
        (good, chain.sign("stranger", works, "WorkVoucher", good), "VoucherNotSigned"),
        (good, elsewhere, "VoucherNotSigned"),
        (good, other, "VoucherNotSigned"),
        (good, signature[:-1], "VoucherNotSigned"),
        (late, chain.sign("registrar", works, "WorkVoucher", late), "VoucherExpired"),
        (dear, chain.sign("registrar", works, "WorkVoucher", dear), "RoyaltyTooHigh"),
    ):
        with pytest.raises(Reverted, match=problem):
            chain.send(works.functions.redeem(voucher, sealed), "anybody")
    chain.send(works.functions.redeem(good, signature), "anybody")
    with pytest.raises(Reverted, match="ERC721InvalidSender"):
        chain.send(works.functions.redeem(good, signature), "anybody")


def test_new_content_needs_a_newer_revision(bazaar: Bazaar) -> None:
    chain, works = bazaar.chain, bazaar.works
    work = bazaar.mint()

    def revise(revision: int) -> None:
        voucher = {
            "workId": work,
            "revision": revision,
            "contentHash": bytes([revision]) * 32,
            "metadata": b"\xcd" * 32,
            "deadline": chain.now() + 1000,
        }
        signature = chain.sign("registrar", works, "ContentVoucher", voucher)
        chain.send(works.functions.revise(voucher, signature), "anybody")

    revise(2)
    for again in (1, 2):
        with pytest.raises(Reverted, match="RevisionNotNewer"):
            revise(again)

    assert works.functions.contentHash(work).call() == b"\x02" * 32


def test_only_the_owner_names_the_registrar_and_hands_over_in_two_steps(bazaar: Bazaar) -> None:
    chain = bazaar.chain
    works = chain.deploy("Works", bazaar.address("owner"), bazaar.address("registrar"))

    with pytest.raises(Reverted, match="OwnableUnauthorizedAccount"):
        chain.send(works.functions.setRegistrar(bazaar.address("stranger")), "stranger")
    chain.send(works.functions.transferOwnership(bazaar.address("heir")), "owner")
    assert works.functions.owner().call() == bazaar.address("owner")
    chain.send(works.functions.acceptOwnership(), "heir")
    assert works.functions.owner().call() == bazaar.address("heir")


def test_a_contract_wallet_can_be_the_registrar(bazaar: Bazaar) -> None:
    chain = bazaar.chain
    wallet = chain.deploy("Wallet", bazaar.address("registrar"))
    works = chain.deploy("Works", bazaar.address("owner"), wallet.address)
    voucher = bazaar.work_voucher()

    with pytest.raises(Reverted, match="VoucherNotSigned"):
        forged = chain.sign("stranger", works, "WorkVoucher", voucher)
        chain.send(works.functions.redeem(voucher, forged), "anybody")
    signature = chain.sign("registrar", works, "WorkVoucher", voucher)
    chain.send(works.functions.redeem(voucher, signature), "anybody")

    assert works.functions.exists(voucher["workId"]).call()
