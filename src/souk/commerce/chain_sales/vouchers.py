"""A sale as the contract `Market` takes it: its offer, and the calls that pay it or undo it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from souk.commerce.chain_sales.model import Division
from souk.commerce.chain_sales.store import SaleRow
from souk.rights.chain_index.api import NATIVE, Chains, SaleChain
from souk_client.contracts.chain_sales import ChainCall

PERMIT_BYTES: Final = 5 * 32
"""An ABI-encoded permit: value, deadline, v, r, s."""
_ORDER: Final = (
    "nonce workId licenceId kind transferable duration uses buyer token price feeBps refundWindow "
    "deadline"
).split()
_NUMBERS: Final = frozenset(_ORDER) - {"transferable", "buyer", "token"}


def offer_of(
    *,
    nonce: str,
    work_id: str,
    buyer: str,
    token: str,
    price_units: int,
    division: Division,
    refund_window_s: int,
    deadline: datetime,
) -> dict[str, Any]:
    """The fields of the struct `Offer`. It issues no token: that is minted when the buyer asks."""
    return {
        "nonce": int(nonce, 16),
        "workId": int(work_id, 16),
        "licenceId": 0,
        "kind": 0,
        "transferable": False,
        "duration": 0,
        "uses": 0,
        "buyer": buyer,
        "token": token,
        "price": price_units,
        "feeBps": division.fee_bps,
        "refundWindow": refund_window_s,
        "deadline": int(deadline.timestamp()),
        "shares": [{"account": payee.account, "bps": payee.bps} for payee in division.payees],
    }


def kept(offer: Mapping[str, Any]) -> dict[str, Any]:
    """The same for JSON, whose readers lose what is past 2^53: numbers as decimal strings."""
    return {name: str(value) if name in _NUMBERS else value for name, value in offer.items()}


def restored(voucher: Mapping[str, Any]) -> dict[str, Any]:
    """The fields out of their kept form."""
    return {name: int(value) if name in _NUMBERS else value for name, value in voucher.items()}


def typed_offer(chains: Chains, chain: SaleChain, row: SaleRow) -> dict[str, Any]:
    """The offer as a wallet shows it."""
    typed = chains.typed_data(chain, "Offer", restored(row.voucher))
    return {**typed, "message": row.voucher}


def paying(chains: Chains, row: SaleRow) -> ChainCall:
    """The call that pays a sale. With a token its last five words, the permit, are the wallet's."""
    native = row.token == NATIVE
    data = chains.call_data(
        "Market",
        "buy",
        _tuple(row.voucher),
        bytes(row.signature),
        int(row.price_units),
        b"",
        b"" if native else bytes(PERMIT_BYTES),
    )
    return ChainCall(
        chain_id=row.chain_id,
        to=row.market,
        value=str(int(row.price_units)) if native else "0",
        data="0x" + (data if native else data[:-PERMIT_BYTES]).hex(),
        permit=row.permit,
    )


def refunding(chains: Chains, row: SaleRow) -> ChainCall:
    """The call by which the buyer gets the held money back."""
    return ChainCall(
        chain_id=row.chain_id,
        to=row.market,
        value="0",
        data="0x" + chains.call_data("Market", "refund", *_held(row)).hex(),
    )


def releasing(chains: Chains, row: SaleRow) -> bytes:
    """The call that divides the held money of a sale whose window is over."""
    return chains.call_data("Market", "release", *_held(row))


async def permit_of(
    chains: Chains,
    chain: SaleChain,
    *,
    symbol: str,
    token: str,
    owner: str,
    value: int,
    deadline: datetime,
) -> dict[str, Any]:
    """An ERC-2612 permit for exactly the price, to be signed by the buyer.

    Raises:
        Unavailable: `chain_away`: the token has to be asked.
    """
    (name,) = await chains.read(chain, symbol, "name")
    (nonce,) = await chains.read(chain, symbol, "nonces", owner)
    return {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "Permit": [
                {"name": "owner", "type": "address"},
                {"name": "spender", "type": "address"},
                {"name": "value", "type": "uint256"},
                {"name": "nonce", "type": "uint256"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        "primaryType": "Permit",
        "domain": {
            "name": name,
            "version": "1",
            "chainId": chain.chain_id,
            "verifyingContract": token,
        },
        "message": {
            "owner": owner,
            "spender": chain.contracts["Market"],
            "value": str(value),
            "nonce": str(nonce),
            "deadline": str(int(deadline.timestamp())),
        },
    }


def _held(row: SaleRow) -> tuple[Any, ...]:
    assert row.refund_until is not None
    return _tuple(row.voucher), row.wallet, int(row.refund_until.timestamp())


def _tuple(voucher: Mapping[str, Any]) -> tuple[Any, ...]:
    """In the order of the contract's struct."""
    offer = restored(voucher)
    shares = [(share["account"], share["bps"]) for share in offer["shares"]]
    return (*(offer[name] for name in _ORDER), shares)
