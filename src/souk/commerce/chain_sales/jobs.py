"""What the worker does for sales on chains: facts as they come, and what time brings."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from souk.commerce.chain_sales import payout_store, store
from souk.commerce.chain_sales.api import TransactionReader
from souk.commerce.chain_sales.model import Wanted, judged
from souk.commerce.chain_sales.settling import Settlement
from souk.commerce.chain_sales.vouchers import paying, releasing
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import SoukError
from souk.people.wallets.events import WalletUnlinked
from souk.rights.chain_index.api import Chains
from souk.rights.chain_index.events import Refunded, Released, Sold

BATCH: Final = 50
GRACE: Final = timedelta(hours=1)
"""Facts may be read late: so long after its deadline an unpaid offer keeps what it reserved."""
HINTS_FOR: Final = timedelta(days=2)
LOOKED_AT_FOR: Final = timedelta(days=7)

log = structlog.get_logger("souk.chain_sales")

Fact = Sold | Refunded | Released


def settling(settlement: Settlement) -> Handler:
    """Follows every fact about a sale."""

    async def run(uow: UnitOfWork, delivered: Sequence[Delivered[Fact]]) -> None:
        for one in delivered:
            await settlement.follow(uow, network=one.event.network, nonce=one.event.nonce)

    return Handler(name="chain_sales.settle", events=(Sold, Refunded, Released), run=run)


def unlinking() -> Handler:
    """A wallet that left its account is paid no longer: it may have been stolen."""

    async def run(uow: UnitOfWork, delivered: Sequence[Delivered[WalletUnlinked]]) -> None:
        for one in delivered:
            await payout_store.forget(uow, user_id=one.event.user_id, wallet=one.event.address)

    return Handler(name="chain_sales.stop_paying", events=(WalletUnlinked,), run=run)


class Watching:
    """What is looked at now and then (system scope)."""

    def __init__(
        self, settlement: Settlement, *, chains: Chains, transactions: TransactionReader
    ) -> None:
        self._settlement = settlement
        self._chains = chains
        self._transactions = transactions

    async def expire(self, uow: UnitOfWork) -> None:
        """Unpaid offers give back their stock and code."""
        for row in await store.past_deadline(uow, before=uow.now - GRACE, limit=BATCH):
            await self._settlement.release_reserve(uow, row)

    async def compare(self, uow: UnitOfWork) -> None:
        """Looks again at what is not final: for facts whose telling failed for good."""
        for row in await store.unsettled(uow, since=uow.now - LOOKED_AT_FOR, limit=BATCH):
            await self._settlement.follow(uow, network=row.network, nonce=row.nonce)

    async def look_at_hints(self, uow: UnitOfWork) -> None:
        """Tells buyers what is wrong with the transaction that their wallet sent."""
        for row in await store.hinted(uow, since=uow.now - HINTS_FOR, limit=BATCH):
            assert row.hinted_hash is not None
            try:
                sent = await self._transactions.find(row.chain, row.hinted_hash)
            except SoukError as error:
                log.info("a hint could not be looked at", chain=row.chain, why=error.code)
                return
            wanted = Wanted(
                market=row.market,
                wallet=row.wallet,
                token=row.token,
                price_units=int(row.price_units),
            )
            selector = paying(self._chains, row).data[:10]
            problem = judged(sent, wanted, selector=selector, nonce=row.nonce)
            if problem == row.hint_problem:
                continue
            locked = await store.get(uow, row.id, lock=True)
            if locked is not None and locked.state == "pending":
                changed = await store.change(uow, locked, hint_problem=problem)
                await self._settlement.tell(uow, changed)

    async def release(self, uow: UnitOfWork) -> None:
        """Divides the money of sales whose refund window is over."""
        rows = await store.to_release(uow, limit=BATCH)
        if not rows:
            return
        known = {chain.network: chain for chain in await self._chains.all(uow)}
        for row in rows:
            chain = known.get(row.network)
            if chain is not None:
                await self._chains.submit(
                    uow,
                    chain,
                    purpose=f"release:{row.id}:{row.fact_id}",
                    contract="Market",
                    data=releasing(self._chains, row),
                )
