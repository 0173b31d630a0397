"""Wallets of accounts."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.apps.wiring.people import People
from souk.infra.settings import SettingsError
from souk.people.wallets import did_routes, routes
from souk.people.wallets.accounts import personal_digest, signer_of
from souk.people.wallets.did_service import DidService
from souk.people.wallets.model import WELL_KNOWN_CHAINS, Expected, domain_of
from souk.people.wallets.service import WalletService
from souk.people.wallets.settings import WalletSettings
from souk.rights.chain.contract_accounts import ContractAccounts
from souk.rights.chain.model import chains_of, pairs_of
from souk.rights.chain.rpc import Rpc
from souk.rights.chain.settings import ChainSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallets:
    wallets: WalletService
    dids: DidService
    parts: Parts


def wire_wallets(core: Core, people: People) -> Wallets:
    settings = core.load(WalletSettings, "wallets")
    contracts = ContractAccounts(_rpcs(core))
    wallets = WalletService(
        base_url=core.settings.base_url,
        expected=Expected(
            domains=(domain_of(core.settings.base_url), *_domains(settings)),
            chain_ids=WELL_KNOWN_CHAINS | _chain_ids(settings) | contracts.chain_ids,
            skew=timedelta(seconds=settings.clock_skew_s),
        ),
        access=people.access,
        organisations=people.organisations,
        contracts=contracts,
        settings=settings,
    )
    dids = DidService(
        base_url=core.settings.base_url,
        organisations=people.organisations,
        keyring=core.keyring,
    )
    return Wallets(
        wallets=wallets,
        dids=dids,
        parts=Parts(
            services={"wallets": wallets, "dids": dids},
            routes=[*routes.ROUTES, *did_routes.ROUTES],
            root_routes=did_routes.WELL_KNOWN,
            schedules=[
                Schedule(name="people.forget_wallet_challenges", every_s=600, run=wallets.forget)
            ],
            process_tasks=[_load_curve],
            on_close=[contracts.close],
        ),
    )


async def _load_curve() -> None:
    """Loads what reads signatures, so that the first who signs in with a wallet need not wait."""
    await asyncio.to_thread(lambda: signer_of(personal_digest(""), bytes(65)))


def _rpcs(core: Core) -> dict[int, Rpc]:
    """The nodes of the chains that this marketplace works on."""
    settings = core.load(ChainSettings, "chain")
    try:
        urls = pairs_of(settings.rpc)
        specs = chains_of(settings.chains)
    except ValueError as error:
        raise SettingsError(f"SOUK_CHAIN_CHAINS, SOUK_CHAIN_RPC: {error}") from error
    return {
        spec.chain_id: Rpc(spec, [url for url in urls[spec.name].split(",") if url])
        for spec in specs
        if spec.name in urls
    }


def _domains(settings: WalletSettings) -> tuple[str, ...]:
    return tuple(part for name in settings.domains.split(",") if (part := name.strip().lower()))


def _chain_ids(settings: WalletSettings) -> frozenset[int]:
    parts = [part for one in settings.chains.split(",") if (part := one.strip())]
    if not all(part.isdecimal() and 0 < int(part) < 2**53 for part in parts):
        raise SettingsError("SOUK_WALLETS_CHAINS: ids of chains, separated by commas: 10,8453.")
    return frozenset(int(part) for part in parts)
