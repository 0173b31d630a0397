"""Use cases of sales on chains."""

from collections.abc import Mapping

from souk.commerce.chain_sales import payout_store, store
from souk.commerce.chain_sales.api import ChainNetwork, LinkedAddresses
from souk.commerce.chain_sales.errors import sale_unknown, wallet_not_linked
from souk.commerce.chain_sales.offering import Offering
from souk.commerce.chain_sales.payout_store import PayoutRow
from souk.commerce.chain_sales.pricing import all_quotes
from souk.commerce.chain_sales.settings import ChainSaleSettings
from souk.commerce.chain_sales.settling import LIVE_KIND
from souk.commerce.chain_sales.store import SaleRow
from souk.commerce.chain_sales.views import sale_of
from souk.infra.live.api import Live, organisation
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Forbidden
from souk.rights.chain_index.api import Chains
from souk.treasury.rates.api import Rates
from souk.works.listings.api import Listings
from souk_client.contracts.chain_sales import (
    ChainQuote,
    ChainQuoteList,
    ChainSale,
    ChainSaleRequest,
    PayoutWallet,
    PayoutWalletRequest,
)

WAITING_LIMIT = 20


class ChainSaleService:
    """Implements `souk.commerce.chain_sales.api.ChainSales`, and where sellers are paid."""

    def __init__(
        self,
        *,
        offering: Offering,
        chains: Chains,
        rates: Rates,
        listings: Listings,
        linked: LinkedAddresses,
        live: Live,
        settings: ChainSaleSettings,
        explorers: Mapping[str, str],
    ) -> None:
        self._offering = offering
        self._chains = chains
        self._rates = rates
        self._listings = listings
        self._linked = linked
        self._live = live
        self._settings = settings
        self._explorers = explorers

    async def quotes(self, uow: UnitOfWork, *, price_minor: int, currency: str) -> list[ChainQuote]:
        chains = await self._chains.all(uow)
        if not chains or price_minor == 0:
            return []
        table = await self._rates.table(uow)
        return list(all_quotes(table, chains, price_minor=price_minor, code=currency))

    async def quoted(
        self, uow: UnitOfWork, *, listing_id: str, offer_id: str | None
    ) -> ChainQuoteList:
        item = await self._listings.for_sale(uow, listing_id, offer_id)
        offer = item.offer
        return ChainQuoteList(
            listing_id=item.listing_id,
            offer_id=offer.id,
            price_minor=offer.price_minor,
            currency=offer.currency,
            quotes=await self.quotes(uow, price_minor=offer.price_minor, currency=offer.currency),
            hold_minutes=self._settings.hold_minutes,
        )

    async def open(self, uow: UnitOfWork, actor: Actor, request: ChainSaleRequest) -> ChainSale:
        return await self._view(uow, await self._offering.open(uow, actor, request))

    async def get(self, uow: UnitOfWork, actor: Actor, sale_id: str) -> ChainSale:
        return await self._view(uow, await self._mine(uow, actor, sale_id))

    async def of_order(self, uow: UnitOfWork, actor: Actor, order_id: str) -> ChainSale | None:
        """For either party of the order: the policy shows it to both."""
        actor.require_user()
        row = await store.of_order(uow, order_id)
        return None if row is None else await self._view(uow, row)

    async def waiting(self, uow: UnitOfWork, actor: Actor) -> list[ChainSale]:
        actor.require_user()
        rows = await store.waiting_of(
            uow, list(actor.memberships), now=uow.now, limit=WAITING_LIMIT
        )
        return [await self._view(uow, row) for row in rows]

    async def network(self, uow: UnitOfWork, sale: ChainSale) -> ChainNetwork | None:
        chain = next((c for c in await self._chains.all(uow) if c.name == sale.chain), None)
        if chain is None or chain.chain_id != sale.chain_id:
            return None
        return ChainNetwork(
            name=chain.name,
            chain_id=chain.chain_id,
            coin=chain.tokens[0].symbol,
            rpc_urls=chain.rpc_urls,
        )

    async def hint(
        self, uow: UnitOfWork, actor: Actor, sale_id: str, *, transaction_hash: str
    ) -> ChainSale:
        row = await self._mine(uow, actor, sale_id, lock=True)
        digest = transaction_hash.lower()
        if row.state in ("pending", "undone") and row.hinted_hash != digest:
            row = await store.change(uow, row, hinted_hash=digest, hint_problem="")
            await store.add_step(uow, row, said=f"The wallet says it sent {digest}.")
            channel = organisation(row.buyer_organisation_id)
            data = {"sale_id": row.id, "state": row.state}
            await self._live.publish(uow, channel, LIVE_KIND, data)
        return await self._view(uow, row)

    # ---------------------------------------------------------------------------- paying sellers

    async def payout_wallet(
        self, uow: UnitOfWork, actor: Actor, *, organisation_id: str | None
    ) -> PayoutWallet:
        """Where an organisation of the caller's is paid."""
        chosen = actor.acting_for(organisation_id)
        row = await payout_store.get(uow, chosen)
        return PayoutWallet(
            organisation_id=chosen,
            wallet=row.wallet if row else None,
            chain_id=row.chain_id if row else None,
        )

    async def pay_to(
        self, uow: UnitOfWork, actor: Actor, request: PayoutWalletRequest
    ) -> PayoutWallet:
        """Says where an organisation is paid from now on; offers that are signed stay as they are.

        Raises:
            Forbidden: `payout_for_managers`. Conflict: `wallet_not_linked_here`.
        """
        user_id = actor.require_user()
        chosen = actor.acting_for(request.organisation_id)
        if not actor.manages(chosen):
            raise Forbidden(
                "payout_for_managers", "Only the organisation's managers say where it is paid."
            )
        if request.wallet is None:
            await payout_store.remove(uow, chosen)
        else:
            wanted = request.wallet.lower()
            mine = {one.address: one for one in await self._linked.mine(uow, actor)}
            if wanted not in mine:
                raise wallet_not_linked()
            row = PayoutRow(organisation_id=chosen, wallet=wanted, chain_id=mine[wanted].chain_id)
            await payout_store.put(uow, row, by=user_id)
        return await self.payout_wallet(uow, actor, organisation_id=chosen)

    async def _mine(
        self, uow: UnitOfWork, actor: Actor, sale_id: str, *, lock: bool = False
    ) -> SaleRow:
        actor.require_user()
        row = await store.get(uow, sale_id, lock=lock)
        if row is None or not (actor.is_admin or actor.belongs_to(row.buyer_organisation_id)):
            raise sale_unknown()
        return row

    async def _view(self, uow: UnitOfWork, row: SaleRow) -> ChainSale:
        chains = await self._chains.all(uow)
        return sale_of(
            row,
            await store.steps(uow, [row.id]),
            now=uow.now,
            chains=self._chains,
            chain=next((chain for chain in chains if chain.network == row.network), None),
            explorers=self._explorers,
        )
