"""What other contexts use of chains: nodes, transactions, contracts, the registrar's signature."""

from souk.rights.chain.deploying import is_wired
from souk.rights.chain.keys import KeyUnusable, Signer
from souk.rights.chain.model import ChainSpec, depth_of, is_address
from souk.rights.chain.packaged import packaged
from souk.rights.chain.rpc import ChainUnreachable, Rpc, RpcError
from souk.rights.chain.settings import ChainSettings
from souk.rights.chain.store import (
    NetworkRow,
    TransactionRow,
    contracts,
    first_deployed,
    is_network,
    networks,
    of_purpose,
)
from souk.rights.chain.transactions import submit

__all__ = [
    "ChainSettings",
    "ChainSpec",
    "ChainUnreachable",
    "KeyUnusable",
    "NetworkRow",
    "Rpc",
    "RpcError",
    "Signer",
    "TransactionRow",
    "contracts",
    "depth_of",
    "first_deployed",
    "is_address",
    "is_network",
    "is_wired",
    "networks",
    "of_purpose",
    "packaged",
    "submit",
]
