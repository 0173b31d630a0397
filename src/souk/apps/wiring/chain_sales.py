"""Orders that are paid on a chain."""

from collections.abc import Mapping
from dataclasses import dataclass

from souk.apps.wiring.chain import Chain
from souk.apps.wiring.chain_index import ChainIndex
from souk.apps.wiring.commerce import Commerce
from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.commerce.chain_sales import routes
from souk.commerce.chain_sales.api import LinkedAddress, SentTransaction
from souk.commerce.chain_sales.comparing import SalesComparison
from souk.commerce.chain_sales.jobs import Watching, settling, unlinking
from souk.commerce.chain_sales.offering import Offering
from souk.commerce.chain_sales.service import ChainSaleService
from souk.commerce.chain_sales.settings import ChainSaleSettings
from souk.commerce.chain_sales.settling import Settlement
from souk.infra.postgres.uow import UnitOfWork
from souk.infra.settings import SettingsError
from souk.kernel.actor import Actor
from souk.kernel.errors import Unavailable
from souk.people.wallets.api import Wallets
from souk.rights.chain.api import ChainUnreachable, Rpc, RpcError
from souk.rights.chain.model import pairs_of
from souk.treasury.ledger.api import Ledger
from souk.treasury.rates.api import Rates
from souk.works.listings.api import Listings


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainSaleParts:
    chain_sales: ChainSaleService
    comparison: SalesComparison
    parts: Parts


@dataclass(frozen=True, slots=True)
class _LinkedWallets:
    """A seller is paid to a wallet that signed for itself."""

    wallets: Wallets

    async def mine(self, uow: UnitOfWork, actor: Actor) -> list[LinkedAddress]:
        return [
            LinkedAddress(
                address=one.address.lower(),
                name=one.name,
                chain_id=one.chain_id if one.kind == "contract" else None,
            )
            for one in await self.wallets.mine(uow, actor)
        ]


@dataclass(frozen=True, slots=True)
class _Nodes:
    """Transactions out of the chains' nodes."""

    by_chain: Mapping[str, Rpc]

    async def find(self, chain: str, transaction_hash: str) -> SentTransaction | None:
        rpc = self.by_chain.get(chain)
        if rpc is None:
            raise Unavailable("chain_away", f"The chain {chain} is not worked on here now.")
        try:
            sent = await rpc.call("eth_getTransactionByHash", transaction_hash)
            receipt = await rpc.receipt(transaction_hash)
        except (ChainUnreachable, RpcError) as error:
            raise Unavailable("chain_away", f"The chain {chain} does not answer now.") from error
        if sent is None:
            return None
        recipient = sent.get("to")
        return SentTransaction(
            sender=str(sent["from"]).lower(),
            recipient=None if recipient is None else str(recipient).lower(),
            value=int(sent["value"], 16),
            data=str(sent["input"]).lower(),
            worked=None if receipt is None else receipt.status == "0x1",
        )


def wire_chain_sales(
    core: Core,
    *,
    chain: Chain,
    chain_index: ChainIndex,
    commerce: Commerce,
    wallets: Wallets,
    ledger: Ledger,
    rates: Rates,
    listings: Listings,
) -> ChainSaleParts:
    settings = core.load(ChainSaleSettings, "chain_sales")
    try:
        explorers = pairs_of(settings.explorers)
    except ValueError as error:
        raise SettingsError(f"SOUK_CHAIN_SALES_EXPLORERS: {error}") from error
    if wrong := [url for url in explorers.values() if "{hash}" not in url]:
        raise SettingsError(f"SOUK_CHAIN_SALES_EXPLORERS: {wrong[0]} has no {{hash}} in it.")
    settlement = Settlement(
        orders=commerce.orders,
        facts=chain_index.facts,
        ledger=ledger,
        listings=listings,
        promotions=commerce.promotions,
        live=core.live,
    )
    chains = chain_index.chains
    watching = Watching(
        settlement,
        chains=chains,
        transactions=_Nodes({one.spec.name: one.rpc for one in chain.configured}),
    )
    offering = Offering(
        orders=commerce.orders, chains=chains, rates=rates, listings=listings, settings=settings
    )
    service = ChainSaleService(
        offering=offering,
        chains=chains,
        rates=rates,
        listings=listings,
        linked=_LinkedWallets(wallets),
        live=core.live,
        settings=settings,
        explorers=explorers,
    )
    return ChainSaleParts(
        chain_sales=service,
        comparison=SalesComparison(facts=chain_index.facts),
        parts=Parts(
            services={"chain_sales": service},
            routes=routes.ROUTES,
            handlers=[settling(settlement), unlinking()],
            schedules=[
                Schedule(name="chain_sales.expire", every_s=60, run=watching.expire),
                Schedule(name="chain_sales.compare", every_s=30, run=watching.compare),
                Schedule(name="chain_sales.hints", every_s=2, run=watching.look_at_hints),
                Schedule(name="chain_sales.release", every_s=60, run=watching.release),
            ]
            if chain.configured
            else [],
        ),
    )
