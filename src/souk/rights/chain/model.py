"""Rules of chains: which there are, what fees to offer, when something is final. No I/O."""

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

GWEI: Final = 10**9
BUMP_PERCENT: Final = 15
"""Nodes take a replacement when it pays at least 10 % more (some 12.5 %)."""
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")


class ChainSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A chain that Souk knows how to work on."""

    name: str
    chain_id: int
    coin: str
    """The symbol of its own coin."""
    finality: Annotated[int, Meta(ge=1)]
    """How many blocks, its own included, make a transaction final."""
    block_s: float
    fees: Literal["eip1559", "legacy"]
    is_local: bool = False


CHAINS: Final[Mapping[str, ChainSpec]] = {
    spec.name: spec
    for spec in (
        ChainSpec(
            name="local",
            chain_id=31337,
            coin="ETH",
            finality=1,
            block_s=1.0,
            fees="eip1559",
            is_local=True,
        ),
        ChainSpec(
            name="ethereum", chain_id=1, coin="ETH", finality=64, block_s=12.0, fees="eip1559"
        ),
        ChainSpec(
            name="polygon", chain_id=137, coin="POL", finality=64, block_s=2.0, fees="eip1559"
        ),
        ChainSpec(name="bnb", chain_id=56, coin="BNB", finality=15, block_s=0.75, fees="legacy"),
        ChainSpec(
            name="avalanche", chain_id=43114, coin="AVAX", finality=2, block_s=2.0, fees="eip1559"
        ),
        ChainSpec(
            name="arbitrum", chain_id=42161, coin="ETH", finality=64, block_s=0.25, fees="eip1559"
        ),
    )
}


class Fees(msgspec.Struct, frozen=True, kw_only=True):
    """What is offered for a unit of gas, in wei. Legacy transactions pay `max_fee_wei`."""

    max_fee_wei: int
    tip_wei: int


def suggested_fees(*, base_fee_wei: int, tip_wei: int, limit_wei: int) -> Fees:
    """Room for the base fee to double before the transaction would have to wait."""
    most = min(2 * base_fee_wei + tip_wei, limit_wei)
    return Fees(max_fee_wei=most, tip_wei=min(tip_wei, most))


def bumped_fees(before: Fees, suggested: Fees, *, limit_wei: int) -> Fees | None:
    """Fees that replace those before; None when that would pass the limit."""
    most = max(_more(before.max_fee_wei), suggested.max_fee_wei)
    tip = max(_more(before.tip_wei), suggested.tip_wei)
    if most > limit_wei:
        return None
    return Fees(max_fee_wei=most, tip_wei=min(tip, most))


def depth_of(block_number: int, *, head: int) -> int:
    """How many blocks stand on a block, itself included."""
    return max(head - block_number + 1, 0)


def network_key(chain_id: int, genesis: str) -> str:
    """The name of a chain in the database: its id, and which of that id it is."""
    return f"{chain_id}:{genesis[2:18]}"


def chains_of(text: str) -> tuple[ChainSpec, ...]:
    """The chains that a setting names.

    Raises:
        ValueError: one that Souk does not know; the message says which there are.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names == ["none"]:
        return ()
    unknown = [name for name in names if name not in CHAINS]
    if unknown:
        raise ValueError(f"there is no chain {unknown[0]!r}; known are {', '.join(CHAINS)}")
    return tuple(CHAINS[name] for name in dict.fromkeys(names))


def pairs_of(text: str) -> dict[str, str]:
    """`a=b c=d` as a mapping.

    Raises:
        ValueError: a part without `=`.
    """
    parts = [part.partition("=") for part in text.split()]
    wrong = [name for name, equals, value in parts if not (name and equals and value)]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is not of the form name=value")
    return {name: value for name, _, value in parts}


def is_address(text: str) -> bool:
    """Whether this is an account's address in hexadecimal."""
    return _ADDRESS.fullmatch(text) is not None


def _more(amount_wei: int) -> int:
    return amount_wei + amount_wei * BUMP_PERCENT // 100 + 1
