"""Compares what the database says of a chain with what the chain says; tells each difference."""

from collections.abc import AsyncIterator

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.rights.chain import anchor_store, store
from souk.rights.chain.packaged import packaged
from souk.rights.chain.rpc import Rpc

_PAGE = 500


async def differences(database: Database, rpc: Rpc) -> AsyncIterator[str]:
    """Contracts, final transactions, nonces and anchors, each difference as a sentence.

    Raises:
        ChainUnreachable: the chain cannot be asked.
    """
    network = await rpc.identify()
    async with database.transaction(SYSTEM, read_only=True) as uow:
        contracts = await store.contracts(uow, network)
        lanes = await store.lanes(uow, network)
    for name, address in contracts.items():
        if await rpc.call("eth_getCode", address, "latest") in {"0x", None}:
            yield f"{name} should be at {address}, where the chain has no contract."
    for sender, next_nonce in lanes.items():
        seen = int(await rpc.call("eth_getTransactionCount", sender, "latest"), 16)
        if seen > next_nonce:
            yield f"{sender} has sent {seen} transactions, of which {next_nonce} are known here."
    async for sentence in _of_transactions(database, rpc, network):
        yield sentence
    async for sentence in _of_anchors(database, rpc, network):
        yield sentence


async def _of_transactions(database: Database, rpc: Rpc, network: str) -> AsyncIterator[str]:
    after = ""
    while True:
        async with database.transaction(SYSTEM, read_only=True) as uow:
            rows = await store.final_after(uow, network, after=after, limit=_PAGE)
        for row in rows:
            assert row.hash is not None
            receipt = await rpc.receipt(row.hash)
            if receipt is None:
                yield f"{row.purpose} is final here, and the chain does not have {row.hash}."
            elif receipt.block_hash != row.block_hash:
                yield f"{row.purpose} is in block {row.block_hash} here, in another on the chain."
            elif (receipt.status == "0x1") != (row.state == "final"):
                yield f"{row.purpose} is {row.state} here; the chain says the opposite."
        if len(rows) < _PAGE:
            return
        after = rows[-1].id


async def _of_anchors(database: Database, rpc: Rpc, network: str) -> AsyncIterator[str]:
    below: int | None = None
    while True:
        async with database.transaction(SYSTEM, read_only=True) as uow:
            rows = await anchor_store.final_of(uow, network, below=below, limit=_PAGE)
        for row in rows:
            question = packaged("Anchor").call("anchoredAt", row.account, row.tree_size, row.root)
            call = {"to": row.contract, "data": "0x" + question.hex()}
            answer = await rpc.call("eth_call", call, "latest")
            if not int(answer if answer not in {None, "0x"} else "0x0", 16):
                yield f"The head of {row.tree_size} entries is anchored here, not on the chain."
        if len(rows) < _PAGE:
            return
        below = rows[-1].tree_size
