"""The EIP-712 structs of the contracts, as wallets take them. No I/O."""

from collections.abc import Mapping
from typing import Any, Final

from souk.rights.chain_index.api import SaleChain, Voucher

_DOMAIN: Final = "string name,string version,uint256 chainId,address verifyingContract"
_STRUCTS: Final[Mapping[str, str]] = {
    "WorkVoucher": "uint256 workId,address creator,uint96 royaltyBps,bytes32 contentHash,"
    "bytes32 metadata,uint64 deadline",
    "ContentVoucher": "uint256 workId,uint64 revision,bytes32 contentHash,bytes32 metadata,"
    "uint64 deadline",
    "LicenceVoucher": "uint256 licenceId,uint256 workId,address holder,uint8 kind,"
    "bool transferable,uint64 expires,uint64 uses,uint64 used,uint64 deadline",
    "Offer": "uint256 nonce,uint256 workId,uint256 licenceId,uint8 kind,bool transferable,"
    "uint64 duration,uint64 uses,address buyer,address token,uint128 price,uint16 feeBps,"
    "uint32 refundWindow,uint64 deadline,Share[] shares",
    "Share": "address account,uint16 bps",
    "Ask": "uint256 nonce,uint256 licenceId,address seller,address buyer,address token,"
    "uint128 price,uint16 maxFeeBps,uint16 maxRoyaltyBps,uint64 deadline",
}
_TAKEN_BY: Final[Mapping[Voucher, str]] = {
    "WorkVoucher": "Works",
    "ContentVoucher": "Works",
    "LicenceVoucher": "Licences",
    "Offer": "Market",
    "Ask": "Market",
}


def typed_data(
    chain: SaleChain, kind: Voucher, message: Mapping[str, object]
) -> dict[str, Any]:  # the shape of eth_signTypedData_v4
    """A voucher for this chain and the contract that takes it.

    Integers become decimal strings, bytes `0x…`: JavaScript reads both without loss.
    """
    contract = _TAKEN_BY[kind]
    parts = ["Share"] if kind == "Offer" else []
    return {
        "types": {
            "EIP712Domain": _members(_DOMAIN),
            **{name: _members(_STRUCTS[name]) for name in (kind, *parts)},
        },
        "primaryType": kind,
        "domain": {
            "name": f"Souk {contract}",
            "version": "1",
            "chainId": chain.chain_id,
            "verifyingContract": chain.contracts[contract],
        },
        "message": {name: _plain(value) for name, value in message.items()},
    }


def tuple_of(kind: Voucher | str, message: Mapping[str, Any]) -> tuple[Any, ...]:
    """A voucher as a contract's function takes it."""
    return tuple(
        [tuple_of("Share", share) for share in message[name]]
        if type_ == "Share[]"
        else message[name]
        for type_, name in (member.split() for member in _STRUCTS[kind].split(","))
    )


def _members(text: str) -> list[dict[str, str]]:
    pairs = (member.split() for member in text.split(","))
    return [{"name": name, "type": type_} for type_, name in pairs]


def _plain(value: object) -> object:
    match value:
        case bool():
            return value
        case int():
            return str(value)
        case bytes():
            return "0x" + value.hex()
        case Mapping():
            return {str(name): _plain(member) for name, member in value.items()}
        case list() | tuple():
            return [_plain(member) for member in value]
    return value


def permit_data(
    chain: SaleChain,
    *,
    token: str,
    name: str,
    owner: str,
    value: int,
    nonce: int,
    deadline: int,
) -> dict[str, Any]:  # the shape of eth_signTypedData_v4
    """A permit (ERC-2612) for exactly a price, to the market."""
    permit = "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline"
    return {
        "types": {"EIP712Domain": _members(_DOMAIN), "Permit": _members(permit)},
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
            "deadline": str(deadline),
        },
    }
