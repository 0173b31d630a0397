"""Settings of chains. Variables: `SOUK_CHAIN_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta


class ChainSettings(msgspec.Struct, frozen=True, kw_only=True):
    chains: str = ""
    """Comma-separated chains to work on: local, ethereum, polygon, bnb, avalanche, arbitrum. The
    log is anchored on the first. When empty, `souk up` runs a local one where anvil is installed;
    `none` works without a chain."""
    rpc: str = ""
    """Where chains answer JSON-RPC, best first: `polygon=https://a.example,https://b.example
    ethereum=https://c.example` (chains separated by spaces)."""
    contracts: str = ""
    """Contracts that are there already: `polygon.Anchor=0x…`, separated by spaces. On the local
    chain Souk puts its own there."""
    treasury: str = ""
    """The account that gets the market's fees, given to contracts when Souk puts them on a chain;
    the account that pays and signs when empty."""
    start: str = ""
    """From which block on contracts that are there already are followed: `polygon=64000000`,
    separated by spaces. Contracts that Souk put there are followed from their own block."""
    log_blocks: Annotated[int, Meta(ge=1, le=100_000)] = 1_000
    """For how many blocks a node is asked at once; fewer where it refuses."""
    wallet_rpc: str = ""
    """A node's address that buyers' wallets may be told when they do not know the chain:
    `polygon=https://polygon.example`, separated by spaces. It is public: no address with a key.
    Of the local chain it is its own."""
    finality: str = ""
    """After how many blocks a transaction counts as final, where it is not the default:
    `polygon=128`, separated by spaces."""
    keystore: str = ""
    """The key that pays and signs: an encrypted keystore file (Web3 Secret Storage). On the local
    chain alone one is made in the data folder when empty."""
    password_file: str = ""
    """The file with the keystore's password."""
    signer_url: str = ""
    """A signer outside (Web3Signer, Clef) that answers `eth_signTransaction`, in the keystore's
    place."""
    signer_address: str = ""
    """The account for which the signer outside signs."""
    anchor_every_s: Annotated[float, Meta(ge=0.1, le=86_400)] = 1.0
    """The log's newest head is anchored at most this often, while there is something new in it."""
    poll_s: Annotated[float, Meta(ge=0.05, le=60)] = 0.25
    """How often the local chain is looked at; others are once in half their block time."""
    stuck_s: Annotated[float, Meta(ge=1)] = 60.0
    """A transaction that waits longer than this is sent again with a higher fee."""
    max_fee_gwei: Annotated[float, Meta(gt=0)] = 500.0
    """The most that is ever offered for a unit of gas."""
    anvil: str = ""
    """The anvil program; when empty the one in contracts/node_modules, else the one on the path."""
    local_block_s: Annotated[float, Meta(ge=0, le=60)] = 1.0
    """The time between two blocks of the local chain, while transactions wait; each has a block of
    its own at once when 0."""
    local_port: Annotated[int, Meta(ge=0, le=65_535)] = 0
    """The local chain's port on this machine; any free one when 0."""
    royalty_bps: Annotated[int, Meta(ge=0, le=2_500)] = 1_000
    """What the creator gets of a resale, in hundredths of a percent; written into a work's token
    when it is made, and for good."""
