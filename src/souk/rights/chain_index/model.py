"""Logs of the contracts as facts: which there are, and how they are read. No I/O."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, Literal

import msgspec

Hex = str
Read = Literal["id", "address", "amount", "time", "number"]
_ZERO: Final = "0x" + "0" * 64


class LogUnreadable(ValueError):
    """A log of one of the contracts is not of the form that its ABI says."""


class Log(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A log as `eth_getLogs` gives it."""

    address: Hex
    topics: tuple[Hex, ...]
    data: Hex
    block_number: Hex
    block_hash: Hex
    transaction_hash: Hex
    log_index: Hex
    removed: bool = False


class Header(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What is needed of a block."""

    number: Hex
    hash: Hex
    parent_hash: Hex
    timestamp: Hex
    logs_bloom: Hex = "0x"

    @property
    def height(self) -> int:
        return int(self.number, 16)

    @property
    def time(self) -> datetime:
        return datetime.fromtimestamp(int(self.timestamp, 16), UTC)


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One argument of an event: its type on the chain, and how a fact tells it."""

    name: str
    type: str
    read: Read
    indexed: bool = False


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a contract, and the kind of fact it is."""

    contract: str
    event: str
    kind: str
    key: str
    """The field by which facts of the kind are looked up."""
    fields: tuple[Field, ...]

    @property
    def signature(self) -> str:
        return f"{self.event}({','.join(field.type for field in self.fields)})"


def _field(text: str) -> Field:
    """`nonce:uint256*=id`: name, type, `*` when it is indexed, how it is told."""
    name, _, rest = text.partition(":")
    type_, _, read = rest.partition("=")
    return msgspec.convert(
        {"name": name, "type": type_.rstrip("*"), "read": read, "indexed": type_.endswith("*")},
        Field,
    )


def _announced(contract: str, event: str, kind: str, key: str, fields: str) -> Announced:
    return Announced(
        contract=contract,
        event=event,
        kind=kind,
        key=key,
        fields=tuple(map(_field, fields.split())),
    )


ANNOUNCED: Final = (
    _announced(
        "Market",
        "Sold",
        "Sold",
        "nonce",
        "nonce:uint256*=id work_id:uint256*=id buyer:address*=address licence_id:uint256=id "
        "token:address=address price:uint256=amount refund_until:uint64=time",
    ),
    _announced("Market", "Released", "Released", "nonce", "nonce:uint256*=id"),
    _announced(
        "Market", "Refunded", "Refunded", "nonce", "nonce:uint256*=id buyer:address*=address"
    ),
    _announced(
        "Market",
        "Resold",
        "Resold",
        "licence_id",
        "licence_id:uint256*=id seller:address*=address buyer:address*=address "
        "token:address=address price:uint256=amount royalty:uint256=amount fee:uint256=amount",
    ),
    _announced(
        "Market",
        "AskCancelled",
        "AskCancelled",
        "nonce",
        "seller:address*=address nonce:uint256=id",
    ),
    _announced(
        "Works",
        "WorkMinted",
        "WorkMinted",
        "work_id",
        "work_id:uint256*=id creator:address*=address content_hash:bytes32=id metadata:bytes32=id",
    ),
    _announced(
        "Licences",
        "LicenceIssued",
        "LicenceMinted",
        "licence_id",
        "licence_id:uint256*=id work_id:uint256*=id holder:address*=address kind:uint8=number",
    ),
    _announced(
        "Licences", "LicenceRevoked", "LicenceBurnt", "licence_id", "licence_id:uint256*=id"
    ),
    _announced(
        "Licences",
        "Transfer",
        "Transferred",
        "licence_id",
        "sender:address*=address recipient:address*=address licence_id:uint256*=id",
    ),
)
"""Every event that becomes a fact."""
FOLLOWED: Final = ("Works", "Licences", "Market")
"""The contracts whose logs are read."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A log that is a fact."""

    kind: str
    key: Hex
    contract: Hex
    block_number: int
    block_hash: Hex
    transaction_hash: Hex
    log_index: int
    arguments: Mapping[str, Any]  # the fields of the event of this kind, as JSON has them


@cache
def topics() -> Mapping[tuple[str, Hex], Announced]:
    """Which event a contract's first topic is."""
    from eth_utils.crypto import keccak  # noqa: PLC0415

    return {(one.contract, "0x" + keccak(text=one.signature).hex()): one for one in ANNOUNCED}


def found_in(log: Log, *, contracts: Mapping[Hex, str]) -> Found | None:
    """The fact that a log is; None when it is none of those followed.

    Args:
        contracts: names by address.

    Raises:
        LogUnreadable: it has the topic of a known event, and not its form.
    """
    contract = contracts.get(log.address.lower())
    one = topics().get((contract or "", log.topics[0].lower() if log.topics else ""))
    if one is None:
        return None
    arguments = _arguments(one, log)
    if one.kind == "Transferred" and _nobody(arguments):
        return None
    return Found(
        kind=one.kind,
        key=arguments[one.key],
        contract=log.address.lower(),
        block_number=int(log.block_number, 16),
        block_hash=log.block_hash.lower(),
        transaction_hash=log.transaction_hash.lower(),
        log_index=int(log.log_index, 16),
        arguments=arguments,
    )


def _nobody(arguments: Mapping[str, Any]) -> bool:
    """A token that is made comes from nobody, one that is burnt goes to nobody."""
    return any(int(arguments[name], 16) == 0 for name in ("sender", "recipient"))


def _arguments(one: Announced, log: Log) -> dict[str, Any]:
    data = log.data.removeprefix("0x")
    words = [data[start : start + 64] for start in range(0, len(data), 64)]
    named = [topic.removeprefix("0x") for topic in log.topics[1:]]
    wanted = sum(field.indexed for field in one.fields)
    if len(named) != wanted or len(words) != len(one.fields) - wanted:
        raise LogUnreadable(f"{one.signature} with {len(named)} topics and {len(words)} words")
    indexed, others = iter(named), iter(words)
    return {
        field.name: _told(next(indexed if field.indexed else others), field.read)
        for field in one.fields
    }


def _told(word: str, read: Read) -> str | int | None:
    if len(word) != 64:  # 32 bytes
        raise LogUnreadable(f"a word of {len(word)} digits")
    match read:
        case "id":
            return "0x" + word.lower()
        case "address":
            return "0x" + word[24:].lower()
        case "amount":
            return str(int(word, 16))
        case "number":
            return int(word, 16)
        case "time":
            seconds = int(word, 16)
            return None if seconds == 0 else datetime.fromtimestamp(seconds, UTC).isoformat()


# ------------------------------------------------------------------------------- what nodes keep


def may_hold(bloom: Hex, *values: Hex) -> bool:
    """Whether a block's bloom filter admits logs with all these addresses or topics.

    Where it does not, there are none; where it does, there may be (Ethereum's yellow paper, 4.4.3).
    """
    from eth_utils.crypto import keccak  # noqa: PLC0415

    filter_ = int(bloom, 16) if len(bloom) > 2 else 0  # more than 0x
    for value in values:
        digest = keccak(hexstr=value)
        for start in (0, 2, 4):
            bit = int.from_bytes(digest[start : start + 2]) & 2047
            if not filter_ >> bit & 1:
                return False
    return True


def joined(headers: Sequence[Header], *, before: Hex | None) -> bool:
    """Whether each block names the one before it as its parent.

    Args:
        before: the hash of the block before the first; None when that is not known.
    """
    for header in headers:
        if before is not None and header.parent_hash != before:
            return False
        before = header.hash
    return True


def zero_id(value: Hex) -> bool:
    """Whether it is the id of nothing."""
    return value == _ZERO
