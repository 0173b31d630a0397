"""What is on the chains: facts, contracts and tokens, licences as tokens, their resale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from souk.apps.wiring.chain import Chain
from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.commerce.chain_sales import payout_store
from souk.commerce.chain_sales import store as sale_store
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.people.organisations.api import OrganisationsApi
from souk.people.wallets.api import Wallets
from souk.rights.chain.settings import ChainSettings
from souk.rights.chain_index import routes
from souk.rights.chain_index.api import AccountWallet
from souk.rights.chain_index.asking import Asking
from souk.rights.chain_index.facts import FactBook
from souk.rights.chain_index.holders import Holders
from souk.rights.chain_index.jobs import follow_tokens
from souk.rights.chain_index.minting import Minting
from souk.rights.chain_index.reconciling import Reconciliation
from souk.rights.chain_index.service import ChainService
from souk.rights.licences.api import Licences
from souk_client.contracts.base import OwnerRef


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainIndex:
    chains: ChainService
    facts: FactBook
    tokens: Minting
    asks: Asking
    reconciliations: Mapping[str, Reconciliation]
    """By the chain's name."""
    parts: Parts


@dataclass(frozen=True, slots=True)
class _AccountWallets:
    wallets: Wallets
    organisations: OrganisationsApi

    async def mine(self, uow: UnitOfWork, actor: Actor) -> Sequence[AccountWallet]:
        return [
            AccountWallet(
                address=one.address.lower(),
                chain_id=one.chain_id if one.kind == "contract" else None,
            )
            for one in await self.wallets.mine(uow, actor)
        ]

    async def holder(self, uow: UnitOfWork, address: str, *, chain_id: int) -> OwnerRef | None:
        user_id = await self.wallets.owner_of(uow, address, chain_id=chain_id)
        if user_id is None:
            return None
        first, *_ = await self.organisations.memberships(uow, user_id)
        return OwnerRef(id=first.organisation_id, slug=first.slug, name=first.organisation_name)


@dataclass(frozen=True, slots=True)
class _Creators:
    """Royalties go where sellers are paid."""

    async def wallet(self, uow: UnitOfWork, organisation_id: str, *, chain_id: int) -> str | None:
        found = await payout_store.wallets(uow, [organisation_id], chain_id=chain_id)
        return found.get(organisation_id)


@dataclass(frozen=True, slots=True)
class _RefundWindows:
    async def open_until(self, uow: UnitOfWork, order_id: str) -> datetime | None:
        sale = await sale_store.of_order(uow, order_id)
        return None if sale is None or sale.released else sale.refund_until


def wire_chain_index(
    core: Core,
    *,
    chain: Chain,
    licences: Licences,
    wallets: Wallets,
    organisations: OrganisationsApi,
) -> ChainIndex:
    settings = core.load(ChainSettings, "chain")
    chains = ChainService(chain.configured)
    facts = FactBook()
    linked = _AccountWallets(wallets, organisations)
    tokens = Minting(
        licences=licences,
        chains=chains,
        wallets=linked,
        creators=_Creators(),
        refunds=_RefundWindows(),
        royalty_bps=settings.royalty_bps,
        base_url=core.settings.base_url,
    )
    asks = Asking(licences=licences, chains=chains, wallets=linked)
    holders = Holders(licences=licences, wallets=linked)
    return ChainIndex(
        chains=chains,
        facts=facts,
        tokens=tokens,
        asks=asks,
        reconciliations={
            one.spec.name: Reconciliation(
                core.database,
                rpc=one.rpc,
                licences=licences,
                given=one.given,
                most_blocks=settings.log_blocks,
            )
            for one in chain.configured
        },
        parts=Parts(
            services={"chains": chains, "chain_facts": facts, "tokens": tokens, "asks": asks},
            routes=routes.ROUTES,
            handlers=[follow_tokens(holders)],
            schedules=(
                [Schedule(name="rights.claim_tokens", every_s=60, run=holders.claim)]
                if chain.configured
                else []
            ),
            on_close=[chains.close],
        ),
    )
