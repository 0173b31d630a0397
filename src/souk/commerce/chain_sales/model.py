"""Rules of sales on chains: exact prices, who is paid on the chain, what a hint shows. No I/O."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Final

import msgspec

from souk.commerce.orders.api import Share
from souk.kernel.money import BASIS_POINTS

MAX_FEE_BPS: Final = 2000
"""What `Market` takes as a fee; what the platform gets beyond goes to it as a share."""
MAX_SHARES: Final = 10
TOKEN_DECIMALS: Final = 18


class Payee(msgspec.Struct, frozen=True, kw_only=True):
    """An account on the chain, and its part in basis points."""

    account: str
    bps: int


class Division(msgspec.Struct, frozen=True, kw_only=True):
    """A split plan as the contract carries it out."""

    fee_bps: int
    payees: tuple[Payee, ...]
    """The creator's account first: it gets what rounding leaves."""
    direct: tuple[str, ...]
    """The organisations whose parts reach wallets of theirs; all others' reach the treasury."""


def price_in(price_minor: int, rate: Fraction, *, digits: int, to_digits: int) -> int:
    """A price in other minor units, rounded up: never less than what is listed."""
    exact = price_minor * rate * Fraction(10) ** (to_digits - digits)
    return -(-exact.numerator // exact.denominator)


def units_of(price_minor: int, *, digits: int, decimals: int = TOKEN_DECIMALS) -> int:
    """An amount of minor units in a token's smallest units, exactly.

    Raises:
        ValueError: the token is coarser than the books.
    """
    if decimals < digits:
        raise ValueError(f"a token of {decimals} decimals cannot carry amounts of {digits}")
    return price_minor * int(10 ** (decimals - digits))


def divided(shares: Sequence[Share], wallets: Mapping[str, str], *, treasury: str) -> Division:
    """The split by accounts of the chain.

    Args:
        shares: sum to 10,000 basis points; the creator's is the first of its role.
        wallets: where organisations want their parts, by id.
        treasury: gets the platform's parts, and keeps those of organisations without a wallet.
    """
    bps: dict[str, int] = {}
    direct: list[str] = []
    platform_bps = 0
    for share in sorted(shares, key=lambda share: share.role != "creator"):
        if share.organisation is None:
            platform_bps += share.basis_points
            continue
        account = wallets.get(share.organisation.id, treasury)
        if account not in bps and len(bps) >= MAX_SHARES - 1:
            account = treasury
        if account != treasury:
            direct.append(share.organisation.id)
        bps[account] = bps.get(account, 0) + share.basis_points
    fee_bps = min(platform_bps, MAX_FEE_BPS)
    rest = platform_bps - fee_bps
    if rest or not bps:
        bps[treasury] = bps.get(treasury, 0) + rest
    assert fee_bps + sum(bps.values()) == BASIS_POINTS
    first, *others = bps.items()
    return Division(
        fee_bps=fee_bps,
        payees=tuple(
            Payee(account=account, bps=part)
            for account, part in (first, *others)
            if part or account == first[0]
        ),
        direct=tuple(dict.fromkeys(direct)),
    )


def direct_minor(shares: Sequence[Share], direct: Sequence[str]) -> dict[str, int]:
    """What organisations get on the chain itself, in minor units, by id."""
    paid: dict[str, int] = {}
    for share in shares:
        if share.organisation is not None and share.organisation.id in direct:
            paid[share.organisation.id] = paid.get(share.organisation.id, 0) + share.amount_minor
    return paid


def nonce_of(prefix: str, number: int) -> str:
    """The number of an offer: 32 bytes of which only the last change within a marketplace."""
    return f"0x{int(prefix, 16) << 128 | number:064x}"


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as the chain tells it."""

    contract: str
    buyer: str
    token: str
    price: str


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as it was offered."""

    market: str
    wallet: str
    token: str
    price_units: int


def contradictions(seen: Seen, wanted: Wanted) -> str:
    """What a payment has that the offer has not; empty when they agree.

    The contract lets no other payment through; a node that lies can still tell of one.
    """
    pairs = (
        ("the contract", seen.contract.lower(), wanted.market),
        ("the buyer", seen.buyer.lower(), wanted.wallet),
        ("the token", seen.token.lower(), wanted.token),
        ("the price", seen.price, str(wanted.price_units)),
    )
    wrong = [
        f"{name} is {told} and should be {meant}" for name, told, meant in pairs if told != meant
    ]
    return "; ".join(wrong)


class SentTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction that somebody's node knows."""

    sender: str
    recipient: str | None
    value: int
    data: str
    worked: bool | None
    """None while it is in no block."""


def judged(sent: SentTransaction | None, wanted: Wanted, *, selector: str, nonce: str) -> str:
    """What is wrong with a transaction that a buyer says paid an offer; empty when nothing is.

    Args:
        selector: what the data of a payment begins with, hexadecimal.
        nonce: the offer's number, which stands in the data of its payment.
    """
    if sent is None:
        return (
            "The chain does not know this transaction. Look whether the wallet sent it, and on "
            "which chain; nothing sent on another chain reaches this purchase."
        )
    if sent.recipient != wanted.market:
        return (
            f"The transaction went to {sent.recipient or 'a new contract'} and not to the market "
            f"at {wanted.market}. It is no payment of this purchase, and the marketplace has not "
            "got it: ask whoever holds that account."
        )
    if sent.sender != wanted.wallet:
        return (
            f"The transaction was sent by {sent.sender}; this offer can only be paid by "
            f"{wanted.wallet}. The contract took nothing: ask for an offer for the other wallet."
        )
    if not sent.data.startswith(selector) or nonce[2:] not in sent.data:
        return (
            "The transaction calls the market for something else than this purchase. Use the "
            "button on this page, or the data of the API."
        )
    due = wanted.price_units if int(wanted.token, 16) == 0 else 0
    if sent.value != due and sent.worked is not True:
        least = "less" if sent.value < due else "more"
        return (
            f"The transaction pays {least} than the price ({sent.value} wei, {due} are due), so "
            "the contract refuses it. Nothing but the fee is lost: pay again, exactly."
        )
    if sent.worked is False:
        return (
            "The transaction failed on the chain. Nothing but its fee was taken. Look whether the "
            "wallet has enough and the offer has not expired, then pay again."
        )
    return ""


def is_refundable(
    *, state: str, now: datetime, refund_until: datetime | None, released: bool
) -> bool:
    """Whether the contract would give the money back."""
    open_window = refund_until is not None and now < refund_until and not released
    return open_window and state in ("confirmed", "final", "credited")
