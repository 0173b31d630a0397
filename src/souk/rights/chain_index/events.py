"""Facts read from chains: each is announced as `seen`, `final` and, when taken back, `undone`.

`final` may come without a `seen` before it: then the block was deep enough when it was first read
(always so on the local chain). `undone` may follow either. Events that fail are delivered again
later, so a handler may get them in another order: it asks `ChainFacts.get` for the fact's stage
now, and makes its own rows agree with that, rather than trust the event's.
"""

from datetime import datetime
from typing import ClassVar, Literal

from souk.kernel.events import Event

Stage = Literal["seen", "final", "undone"]
"""`seen`: in a block; `final`: deep enough; `undone`: its block is no longer part of the chain."""


class ChainEvent(Event, frozen=True, kw_only=True):
    """What every fact of a chain says. Hashes, addresses and ids are `0x…` in lower case."""

    fact_id: str
    """One log in one block: a transaction that comes back in another block is another fact."""
    stage: Stage
    chain: str
    """The name in the settings: `local`, `polygon`."""
    chain_id: int
    network: str
    """Which chain of this id: a local one that was begun anew is another."""
    contract: str
    """The address."""
    block_number: int
    block_hash: str
    block_time: datetime
    transaction_hash: str
    log_index: int


class Sold(ChainEvent, frozen=True, kw_only=True):
    """`Market`: somebody bought by a signed offer."""

    topic: ClassVar[str] = "rights.chain_sold"
    nonce: str
    """The offer's, 32 bytes: each is sold once."""
    work_id: str
    buyer: str
    licence_id: str
    """The token's id, 32 bytes; zero when the offer issued none."""
    token: str
    """What was paid in; the zero address is the chain's coin."""
    price: str
    """In the token's smallest units, decimal."""
    refund_until: datetime | None = None
    """Until then the money is held; None: it was divided at once."""


class Released(ChainEvent, frozen=True, kw_only=True):
    """`Market`: the held money of a sale was divided."""

    topic: ClassVar[str] = "rights.chain_released"
    nonce: str


class Refunded(ChainEvent, frozen=True, kw_only=True):
    """`Market`: the held money of a sale went back to its buyer."""

    topic: ClassVar[str] = "rights.chain_refunded"
    nonce: str
    buyer: str


class Resold(ChainEvent, frozen=True, kw_only=True):
    """`Market`: a holder sold a licence on. Amounts are in the token's smallest units, decimal."""

    topic: ClassVar[str] = "rights.chain_resold"
    licence_id: str
    seller: str
    buyer: str
    token: str
    price: str
    royalty: str
    fee: str


class AskCancelled(ChainEvent, frozen=True, kw_only=True):
    """`Market`: a seller took an ask back."""

    topic: ClassVar[str] = "rights.chain_ask_cancelled"
    seller: str
    nonce: str


class WorkMinted(ChainEvent, frozen=True, kw_only=True):
    """`Works`: a work has its token."""

    topic: ClassVar[str] = "rights.chain_work_minted"
    work_id: str
    creator: str
    content_hash: str
    metadata: str


class LicenceMinted(ChainEvent, frozen=True, kw_only=True):
    """`Licences`: a licence is a token."""

    topic: ClassVar[str] = "rights.chain_licence_minted"
    licence_id: str
    work_id: str
    holder: str
    kind: int
    """1 perpetual, 2 timed, 3 counted."""


class LicenceBurnt(ChainEvent, frozen=True, kw_only=True):
    """`Licences`: a refunded licence was taken back, for good."""

    topic: ClassVar[str] = "rights.chain_licence_burnt"
    licence_id: str


class Transferred(ChainEvent, frozen=True, kw_only=True):
    """`Licences`: a token went from one holder to another; not minting and burning."""

    topic: ClassVar[str] = "rights.chain_licence_transferred"
    licence_id: str
    sender: str
    recipient: str


KINDS: dict[str, type[ChainEvent]] = {
    kind.__name__: kind
    for kind in (
        Sold,
        Released,
        Refunded,
        Resold,
        AskCancelled,
        WorkMinted,
        LicenceMinted,
        LicenceBurnt,
        Transferred,
    )
}
"""By name, as a fact's `kind` says it."""
