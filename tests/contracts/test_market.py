"""The market: exact splits, pull payments, refunds, resales with royalty, and what it refuses."""

from typing import Any

import pytest
from eth_abi import encode
from eth_account.messages import encode_typed_data
from hexbytes import HexBytes
from web3 import Web3

from tests.chain import NATIVE, Reverted
from tests.contracts.conftest import Bazaar

WORK = "(uint256,address,uint96,bytes32,bytes32,uint64)"


def names(bazaar: Bazaar, *roles: str) -> tuple[str, ...]:
    """Names that no other test uses, so that what they are owed is this test's."""
    number = bazaar.fresh()
    return tuple(f"{role}-{number}" for role in roles)


def test_a_sale_is_split_to_the_last_unit(bazaar: Bazaar) -> None:
    creator, partner, affiliate = names(bazaar, "creator", "partner", "affiliate")
    shares = bazaar.shares(**{creator: 6000, partner: 2500, affiliate: 500})
    treasury = bazaar.owed("treasury")

    bazaar.buy(bazaar.offer(price=1_000_007, shares=shares))

    # floor of each part; what is left over is the creator's
    assert bazaar.owed(partner) == 250_001
    assert bazaar.owed(affiliate) == 50_000
    assert bazaar.owed("treasury") - treasury == 100_000
    assert bazaar.owed(creator) == 1_000_007 - 250_001 - 50_000 - 100_000


def test_what_is_owed_is_fetched_once_and_by_nobody_else(bazaar: Bazaar) -> None:
    (creator,) = names(bazaar, "creator")
    bazaar.buy(bazaar.offer(shares=bazaar.shares(**{creator: 9000})))
    target = Web3.to_checksum_address("0x" + "77" * 19 + f"{bazaar.fresh() % 256:02x}")
    before = bazaar.chain.web3.eth.get_balance(target)

    with pytest.raises(Reverted, match="NothingOwed"):
        bazaar.chain.send(bazaar.market.functions.withdraw(NATIVE, target), f"{creator}-thief")
    bazaar.chain.send(bazaar.market.functions.withdraw(NATIVE, target), creator)

    assert bazaar.chain.web3.eth.get_balance(target) - before == 1_000_003 - 100_000
    with pytest.raises(Reverted, match="NothingOwed"):
        bazaar.chain.send(bazaar.market.functions.withdraw(NATIVE, target), creator)


def test_the_first_sale_mints_the_work_and_issues_the_licence(bazaar: Bazaar) -> None:
    voucher = bazaar.work_voucher()
    signature = bazaar.chain.sign("registrar", bazaar.works, "WorkVoucher", voucher)
    work = encode([WORK, "bytes"], [tuple(voucher.values()), signature])
    offer = bazaar.offer(kind=2, duration=3600, workId=voucher["workId"])

    with pytest.raises(Reverted, match="WorkMissing"):
        bazaar.buy(offer)
    bazaar.buy(offer, work=work)
    bazaar.buy(bazaar.offer(kind=1, workId=voucher["workId"]), work=work)

    assert bazaar.works.functions.ownerOf(voucher["workId"]).call() == bazaar.address("creator")
    terms = bazaar.licences.functions.licenceOf(offer["licenceId"]).call()
    assert terms[4] == pytest.approx(bazaar.chain.now() + 3600, abs=30)
    assert bazaar.licences.functions.ownerOf(offer["licenceId"]).call() == bazaar.address("buyer")


def test_payments_that_are_not_the_price_are_refused(bazaar: Bazaar) -> None:
    native, in_coins = bazaar.offer(), bazaar.offer(token=bazaar.coin.address)

    for value in (0, native["price"] - 1, native["price"] + 1):
        with pytest.raises(Reverted, match="PaidNotExactly"):
            bazaar.chain.send(bazaar.buying(native), "buyer", value)
    with pytest.raises(Reverted, match="PaidNotExactly"):  # the wrong coin
        bazaar.chain.send(bazaar.buying(in_coins), "buyer", in_coins["price"])
    with pytest.raises(Reverted, match="ERC20InsufficientAllowance"):
        bazaar.chain.send(bazaar.buying(in_coins), "buyer")
    with pytest.raises(Reverted, match="PriceTooHigh"):
        bazaar.buy(native, max_price=native["price"] - 1)


def test_offers_that_should_not_count_do_not(bazaar: Bazaar) -> None:
    chain, market = bazaar.chain, bazaar.market
    used = bazaar.offer()
    bazaar.buy(used)

    for offer, problem in (
        (used, "UsedAlready"),
        (bazaar.offer(nonce=used["nonce"]), "UsedAlready"),
        (bazaar.offer(deadline=chain.now() - 1), "VoucherExpired"),
        (bazaar.offer(buyer=bazaar.address("somebody")), "NotForYou"),
        (bazaar.offer(feeBps=2001, shares=bazaar.shares(creator=7999)), "FeeTooHigh"),
        (bazaar.offer(shares=bazaar.shares(creator=8999)), "SharesWrong"),
        (bazaar.offer(shares=bazaar.shares(creator=9001)), "SharesWrong"),
        (bazaar.offer(feeBps=0, shares=[]), "SharesWrong"),
        (bazaar.offer(shares=[{"account": NATIVE, "bps": 9000}]), "SharesWrong"),
        (bazaar.offer(shares=bazaar.shares(creator=8990) + bazaar.shares(a=1) * 10), "SharesWrong"),
        (bazaar.offer(refundWindow=31 * 86400), "WindowTooLong"),
    ):
        with pytest.raises(Reverted, match=problem):
            bazaar.buy(offer)
    with pytest.raises(Reverted, match="VoucherNotSigned"):
        bazaar.buy(bazaar.offer(), signer="stranger")
    elsewhere = chain.deploy(
        "Market",
        bazaar.address("owner"),
        bazaar.address("registrar"),
        bazaar.works.address,
        bazaar.licences.address,
        bazaar.address("treasury"),
    )
    offer = bazaar.offer()
    signature = chain.sign("registrar", elsewhere, "Offer", offer)
    with pytest.raises(Reverted, match="VoucherNotSigned"):
        call = market.functions.buy(offer, signature, offer["price"], b"", b"")
        chain.send(call, "buyer", offer["price"])


def permit_of(bazaar: Bazaar, owner: str, value: int, *, nonce: int) -> bytes:
    """An ERC-2612 permit for the market, encoded as it wants it."""
    deadline = bazaar.chain.now() + 1000
    fields = (
        "address owner",
        "address spender",
        "uint256 value",
        "uint256 nonce",
        "uint256 deadline",
    )
    types = {"Permit": [dict(zip(("type", "name"), f.split(), strict=True)) for f in fields]}
    domain = {
        "name": "Genx",
        "version": "1",
        "chainId": bazaar.chain.chain_id,
        "verifyingContract": bazaar.coin.address,
    }
    message = {
        "owner": bazaar.address(owner),
        "spender": bazaar.market.address,
        "value": value,
        "nonce": nonce,
        "deadline": deadline,
    }
    signed = bazaar.chain.account(owner).sign_message(encode_typed_data(domain, types, message))
    parts = [value, deadline, signed.v, signed.r.to_bytes(32), signed.s.to_bytes(32)]
    return encode(["uint256", "uint256", "uint8", "bytes32", "bytes32"], parts)


def test_tokens_are_paid_by_a_permit_for_exactly_the_price(bazaar: Bazaar) -> None:
    creator, payer = names(bazaar, "creator", "payer")
    bazaar.chain.send(bazaar.coin.functions.transfer(bazaar.address(payer), 10**9), "owner")
    token = bazaar.coin.address
    offer = bazaar.offer(token=token, shares=bazaar.shares(**{creator: 9000}))

    bazaar.buy(offer, payer, permit=permit_of(bazaar, payer, offer["price"], nonce=0))

    spender = bazaar.market.address
    assert bazaar.coin.functions.allowance(bazaar.address(payer), spender).call() == 0
    assert bazaar.owed(creator, token) == 1_000_003 - 100_000
    bazaar.chain.send(bazaar.market.functions.withdraw(token, bazaar.address(creator)), creator)
    assert bazaar.coin.functions.balanceOf(bazaar.address(creator)).call() == 1_000_003 - 100_000


def test_a_permit_that_somebody_sent_before_still_pays(bazaar: Bazaar) -> None:
    (payer,) = names(bazaar, "payer")
    bazaar.chain.send(bazaar.coin.functions.transfer(bazaar.address(payer), 10**9), "owner")
    offer = bazaar.offer(token=bazaar.coin.address)
    permit = permit_of(bazaar, payer, offer["price"], nonce=0)
    value, deadline, v, r, s = (
        int.from_bytes(permit[i : i + 32]) if i < 96 else permit[i : i + 32]
        for i in range(0, 160, 32)
    )
    sent = bazaar.coin.functions.permit(
        bazaar.address(payer), bazaar.market.address, value, deadline, v, r, s
    )
    bazaar.chain.send(sent, "stranger")

    bazaar.buy(offer, payer, permit=permit)

    assert bazaar.market.functions.offerUsed(offer["nonce"]).call()


def test_a_buyer_gets_everything_back_while_the_window_is_open(bazaar: Bazaar) -> None:
    creator, buyer = names(bazaar, "creator", "buyer")
    work = bazaar.mint()
    shares = bazaar.shares(**{creator: 9000})
    offer = bazaar.offer(kind=1, workId=work, refundWindow=1000, shares=shares)
    bazaar.buy(offer, buyer)
    until = bazaar.chain.now() + 1000
    refund = bazaar.market.functions.refund(offer, bazaar.address(buyer), until)
    release = bazaar.market.functions.release(offer, bazaar.address(buyer), until)

    assert bazaar.owed(creator) == 0
    with pytest.raises(Reverted, match="WindowOpen"):
        bazaar.chain.send(release, creator)
    with pytest.raises(Reverted, match="NotForYou"):
        bazaar.chain.send(refund, "stranger")
    with pytest.raises(Reverted, match="NotHeld"):
        wrong = bazaar.market.functions.refund(
            {**offer, "price": 2 * offer["price"]}, bazaar.address(buyer), until
        )
        bazaar.chain.send(wrong, buyer)
    bazaar.chain.send(refund, buyer)

    assert bazaar.owed(buyer) == offer["price"]
    assert not bazaar.licences.functions.isValid(offer["licenceId"]).call()
    for again in (refund, bazaar.market.functions.refund(offer, bazaar.address(buyer), until)):
        with pytest.raises(Reverted, match="NotHeld"):
            bazaar.chain.send(again, buyer)
    with pytest.raises(Reverted, match="UsedAlready"):
        bazaar.buy(offer, buyer)


def test_after_the_window_the_money_is_the_sellers(bazaar: Bazaar) -> None:
    creator, buyer = names(bazaar, "creator", "buyer")
    offer = bazaar.offer(refundWindow=1000, shares=bazaar.shares(**{creator: 9000}))
    bazaar.buy(offer, buyer)
    until = bazaar.chain.now() + 1000
    bazaar.chain.pass_time(1000)

    with pytest.raises(Reverted, match="WindowClosed"):
        bazaar.chain.send(
            bazaar.market.functions.refund(offer, bazaar.address(buyer), until), buyer
        )
    release = bazaar.market.functions.release(offer, bazaar.address(buyer), until)
    bazaar.chain.send(release, "anybody")
    with pytest.raises(Reverted, match="NotHeld"):
        bazaar.chain.send(release, "anybody")

    assert bazaar.owed(creator) == 1_000_003 - 100_000


def ask_of(bazaar: Bazaar, licence: int, seller: str, **changes: Any) -> dict[str, Any]:
    ask = {
        "nonce": bazaar.fresh(),
        "licenceId": licence,
        "seller": bazaar.address(seller),
        "buyer": NATIVE,
        "token": NATIVE,
        "price": 100_003,
        "maxFeeBps": 500,
        "maxRoyaltyBps": 1000,
        "deadline": bazaar.chain.now() + 10**9,
    }
    return {**ask, **changes}


def buy_resale(bazaar: Bazaar, ask: dict[str, Any], *, seller: str, buyer: str) -> None:
    signature = bazaar.chain.sign(seller, bazaar.market, "Ask", ask)
    call = bazaar.market.functions.buyResale(ask, signature, ask["price"], b"")
    bazaar.chain.send(call, buyer, ask["price"])


def approve(bazaar: Bazaar, licence: int, seller: str) -> None:
    call = bazaar.licences.functions.approve(bazaar.market.address, licence)
    bazaar.chain.send(call, seller)


def test_a_resale_pays_the_creator(bazaar: Bazaar) -> None:
    creator, seller, buyer = names(bazaar, "creator", "seller", "buyer")
    work = bazaar.mint(creator=bazaar.address(creator))
    licence = bazaar.licence(seller, workId=work)
    already = bazaar.owed(creator)
    ask = ask_of(bazaar, licence, seller)

    with pytest.raises(Reverted, match="ERC721InsufficientApproval"):
        buy_resale(bazaar, ask, seller=seller, buyer=buyer)
    approve(bazaar, licence, seller)
    with pytest.raises(Reverted, match="VoucherNotSigned"):
        buy_resale(bazaar, ask, seller=buyer, buyer=buyer)
    buy_resale(bazaar, ask, seller=seller, buyer=buyer)

    assert bazaar.licences.functions.ownerOf(licence).call() == bazaar.address(buyer)
    assert bazaar.owed(creator) - already == 10_000
    assert bazaar.owed(seller) == 100_003 - 10_000
    with pytest.raises(Reverted, match="UsedAlready"):
        buy_resale(bazaar, ask, seller=seller, buyer=buyer)


def test_asks_that_should_not_count_do_not(bazaar: Bazaar) -> None:
    seller, buyer = names(bazaar, "seller", "buyer")
    licence = bazaar.licence(seller)
    fixed = bazaar.licence(seller, transferable=False)
    for one in (licence, fixed):
        approve(bazaar, one, seller)
    cancelled = ask_of(bazaar, licence, seller)
    bazaar.chain.send(bazaar.market.functions.cancelAsk(cancelled["nonce"]), seller)

    for ask, problem in (
        (cancelled, "UsedAlready"),
        (ask_of(bazaar, licence, seller, maxRoyaltyBps=999), "FeeTooHigh"),
        (ask_of(bazaar, licence, seller, buyer=bazaar.address("somebody")), "NotForYou"),
        (ask_of(bazaar, licence, seller, deadline=bazaar.chain.now() - 1), "VoucherExpired"),
        (ask_of(bazaar, fixed, seller), "NotTransferable"),
        (ask_of(bazaar, bazaar.licence("buyer"), seller), "ERC721InsufficientApproval"),
    ):
        with pytest.raises(Reverted, match=problem):
            buy_resale(bazaar, ask, seller=seller, buyer=buyer)


def test_a_licence_that_was_sold_on_is_not_refunded(bazaar: Bazaar) -> None:
    first, second = names(bazaar, "first", "second")
    offer = bazaar.offer(kind=1, transferable=True, workId=bazaar.mint(), refundWindow=1000)
    bazaar.buy(offer, first)
    until = bazaar.chain.now() + 1000
    approve(bazaar, offer["licenceId"], first)
    buy_resale(bazaar, ask_of(bazaar, offer["licenceId"], first), seller=first, buyer=second)

    with pytest.raises(Reverted, match="LicenceMoved"):
        bazaar.chain.send(
            bazaar.market.functions.refund(offer, bazaar.address(first), until), first
        )


def test_a_pause_stops_sales_and_never_what_is_owed(bazaar: Bazaar) -> None:
    creator, buyer = names(bazaar, "creator", "buyer")
    shares = bazaar.shares(**{creator: 9000})
    sold = bazaar.offer(shares=shares)
    held = bazaar.offer(shares=shares, refundWindow=1000)
    bazaar.buy(sold, buyer)
    bazaar.buy(held, buyer)
    until = bazaar.chain.now() + 1000
    with pytest.raises(Reverted, match="OwnableUnauthorizedAccount"):
        bazaar.chain.send(bazaar.market.functions.pause(), "registrar")
    bazaar.chain.send(bazaar.market.functions.pause(), "owner")
    try:
        with pytest.raises(Reverted, match="EnforcedPause"):
            bazaar.buy(bazaar.offer(), buyer)
        refund = bazaar.market.functions.refund(held, bazaar.address(buyer), until)
        bazaar.chain.send(refund, buyer)
        for name in (buyer, creator):
            call = bazaar.market.functions.withdraw(NATIVE, bazaar.address(name))
            bazaar.chain.send(call, name)
    finally:
        bazaar.chain.send(bazaar.market.functions.unpause(), "owner")


def test_the_owner_has_no_door_to_money(bazaar: Bazaar) -> None:
    market = bazaar.market
    doors = {
        entry["name"]
        for entry in market.abi
        if entry["type"] == "function" and entry["stateMutability"] in {"nonpayable", "payable"}
    }

    assert doors == {
        *("buy", "buyResale", "refund", "release", "withdraw", "cancelAsk"),
        *("pause", "unpause", "setTreasury", "setResaleFee", "setRegistrar"),
        *("transferOwnership", "acceptOwnership", "renounceOwnership"),
    }
    with pytest.raises(Reverted, match="FeeTooHigh"):
        bazaar.chain.send(market.functions.setResaleFee(2001), "owner")
    with pytest.raises(Reverted, match="NothingOwed"):
        bazaar.chain.send(market.functions.withdraw(NATIVE, bazaar.address("owner")), "owner")


@pytest.mark.parametrize(
    ("token", "problem"),
    [("FeeToken", "PaidNotExactly"), ("FalseToken", "SafeERC20FailedOperation")],
)
def test_tokens_that_pay_less_than_they_say_are_refused(
    bazaar: Bazaar, token: str, problem: str
) -> None:
    odd = bazaar.chain.deploy(token, bazaar.address("buyer"))
    bazaar.chain.send(odd.functions.approve(bazaar.market.address, 10**18), "buyer")

    with pytest.raises(Reverted, match=problem):
        bazaar.buy(bazaar.offer(token=odd.address))


def test_a_token_that_fails_harms_only_those_who_are_paid_in_it(bazaar: Bazaar) -> None:
    (creator,) = names(bazaar, "creator")
    moody = bazaar.chain.deploy("MoodyToken", bazaar.address("buyer"))
    bazaar.chain.send(moody.functions.approve(bazaar.market.address, 10**18), "buyer")
    shares = bazaar.shares(**{creator: 9000})
    bazaar.buy(bazaar.offer(token=moody.address, shares=shares))
    bazaar.buy(bazaar.offer(shares=shares))
    bazaar.chain.send(moody.functions.setFailing(True), "anybody")

    with pytest.raises(Reverted, match="not in the mood"):
        call = bazaar.market.functions.withdraw(moody.address, bazaar.address(creator))
        bazaar.chain.send(call, creator)
    native = bazaar.market.functions.withdraw(NATIVE, bazaar.address(creator))
    bazaar.chain.send(native, creator)
    assert bazaar.owed(creator, moody.address) == 1_000_003 - 100_000


def test_calling_back_gains_nothing(bazaar: Bazaar) -> None:
    (thief,) = names(bazaar, "thief")
    wallet = bazaar.chain.deploy("Wallet", bazaar.address(thief))
    shares = [{"account": wallet.address, "bps": 9000}]
    bazaar.buy(bazaar.offer(shares=shares))
    bazaar.buy(bazaar.offer())  # money of others to reach for
    owed = bazaar.market.functions.owed(NATIVE, wallet.address).call()
    again = HexBytes(bazaar.market.encode_abi("withdraw", [NATIVE, wallet.address]))
    bazaar.chain.send(wallet.functions.callBack(bazaar.market.address, again), thief)

    bazaar.chain.send(wallet.functions.act(bazaar.market.address, 0, again), thief)

    assert bazaar.chain.web3.eth.get_balance(wallet.address) == owed
    assert not wallet.functions.lastCallWorked().call()


def test_a_token_that_calls_back_gains_nothing(bazaar: Bazaar) -> None:
    (creator,) = names(bazaar, "creator")
    moody = bazaar.chain.deploy("MoodyToken", bazaar.address("buyer"))
    bazaar.chain.send(moody.functions.approve(bazaar.market.address, 10**18), "buyer")
    shares = [{"account": moody.address, "bps": 9000}]
    bazaar.buy(bazaar.offer(token=moody.address, shares=shares))
    again = HexBytes(bazaar.market.encode_abi("withdraw", [moody.address, moody.address]))
    bazaar.chain.send(moody.functions.callBack(bazaar.market.address, again), "anybody")

    bazaar.buy(bazaar.offer(token=moody.address, shares=bazaar.shares(**{creator: 9000})))

    assert not moody.functions.lastCallWorked().call()
    assert bazaar.market.functions.owed(moody.address, moody.address).call() == 900_003
    assert bazaar.owed(creator, moody.address) == 900_003


def test_a_receiver_that_refuses_coins_can_send_them_elsewhere(bazaar: Bazaar) -> None:
    (owner,) = names(bazaar, "owner")
    wallet = bazaar.chain.deploy("Wallet", bazaar.address(owner))
    bazaar.chain.send(wallet.functions.setRefusing(True), owner)
    bazaar.buy(bazaar.offer(shares=[{"account": wallet.address, "bps": 9000}]))

    def act(to: str) -> None:
        data = HexBytes(bazaar.market.encode_abi("withdraw", [NATIVE, to]))
        bazaar.chain.send(wallet.functions.act(bazaar.market.address, 0, data), owner)

    with pytest.raises(Reverted):
        act(wallet.address)
    act(bazaar.address(owner))
    assert bazaar.market.functions.owed(NATIVE, wallet.address).call() == 0


def test_coins_cannot_get_lost_in_the_market(bazaar: Bazaar) -> None:
    with pytest.raises(Reverted):
        bazaar.chain.rpc(
            "eth_call",
            {"from": bazaar.address("buyer"), "to": bazaar.market.address, "value": "0x1"},
            "latest",
        )
