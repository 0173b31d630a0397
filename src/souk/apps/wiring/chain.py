"""Chains."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from souk.apps.wiring.parts import Core, Parts
from souk.infra.settings import SettingsError
from souk.rights.chain import routes
from souk.rights.chain.anchoring import Anchoring
from souk.rights.chain.deploying import Deploying
from souk.rights.chain.keys import Keystore, OutsideSigner, Signer
from souk.rights.chain.model import ChainSpec, chains_of, is_address, pairs_of
from souk.rights.chain.rpc import Rpc
from souk.rights.chain.service import AnchorBook
from souk.rights.chain.settings import ChainSettings
from souk.rights.chain.transactions import Sending
from souk.rights.chain.worker import ChainWorker
from souk.rights.chain_index.indexer import Indexer
from souk.rights.chain_index.service import ConfiguredChain

T = TypeVar("T")

KEY_PURPOSE = "chain-keystore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    anchors: AnchorBook
    workers: Mapping[str, ChainWorker]
    """By the chain's name."""
    configured: tuple[ConfiguredChain, ...]
    indexers: Mapping[str, Indexer]
    """By the chain's name."""
    parts: Parts


def wire_chain(core: Core) -> Chain:
    settings = core.load(ChainSettings, "chain")
    specs = _checked("SOUK_CHAIN_CHAINS", lambda: chains_of(settings.chains))
    if settings.treasury and not is_address(settings.treasury):
        raise SettingsError("SOUK_CHAIN_TREASURY: it is no account's address.")
    signer = _signer(core, settings, specs) if specs else None
    anchors = AnchorBook()
    workers = (
        {}
        if signer is None
        else {
            spec.name: _worker(core, settings, spec, signer=signer, anchoring=spec is specs[0])
            for spec in specs
        }
    )
    configured = () if signer is None else _configured(settings, specs, signer)
    indexers = {one.spec.name: _indexer(core, settings, one) for one in configured}
    return Chain(
        anchors=anchors,
        workers=workers,
        configured=configured,
        indexers=indexers,
        parts=Parts(
            services={"anchors": anchors},
            routes=routes.ROUTES,
            worker_tasks=[
                *(worker.run for worker in workers.values()),
                *(indexer.run for indexer in indexers.values()),
            ],
        ),
    )


def _configured(
    settings: ChainSettings, specs: tuple[ChainSpec, ...], signer: Signer
) -> tuple[ConfiguredChain, ...]:
    told = _checked("SOUK_CHAIN_WALLET_RPC", lambda: pairs_of(settings.wallet_rpc))
    own = {spec.name: _urls(settings, spec)[0] for spec in specs if spec.is_local}
    return tuple(
        ConfiguredChain(
            spec=spec,
            rpc=Rpc(spec, _urls(settings, spec)),
            signer=signer,
            finality=_finality(settings, spec),
            given=_contracts(settings, spec),
            treasury=settings.treasury,
            wallet_rpc=tuple(filter(None, (told.get(spec.name) or own.get(spec.name, ""),))),
        )
        for spec in specs
    )


def _indexer(core: Core, settings: ChainSettings, one: ConfiguredChain) -> Indexer:
    starts = _checked("SOUK_CHAIN_START", lambda: pairs_of(settings.start))
    start = starts.get(one.spec.name)
    if start is not None and not start.isdecimal():
        raise SettingsError(f"SOUK_CHAIN_START: {start!r} is no number of a block.")
    return Indexer(
        core.database,
        rpc=Rpc(one.spec, _urls(settings, one.spec)),
        finality=one.finality,
        given=one.given,
        start=None if start is None else int(start),
        most_blocks=settings.log_blocks,
        poll_s=_poll_s(settings, one.spec),
    )


def _worker(
    core: Core, settings: ChainSettings, spec: ChainSpec, *, signer: Signer, anchoring: bool
) -> ChainWorker:
    rpc = Rpc(spec, _urls(settings, spec))
    finality = _finality(settings, spec)
    return ChainWorker(
        core.database,
        rpc=rpc,
        signer=signer,
        sending=Sending(
            core.database, rpc=rpc, signer=signer, settings=settings, finality=finality
        ),
        anchoring=(
            Anchoring(core.database, every_s=settings.anchor_every_s) if anchoring else None
        ),
        deploying=Deploying(core.database, treasury=settings.treasury),
        deploys=spec.is_local,
        contracts=_contracts(settings, spec),
        poll_s=_poll_s(settings, spec),
    )


def _poll_s(settings: ChainSettings, spec: ChainSpec) -> float:
    return settings.poll_s if spec.is_local else max(settings.poll_s, spec.block_s / 2)


def _urls(settings: ChainSettings, spec: ChainSpec) -> list[str]:
    urls = _checked("SOUK_CHAIN_RPC", lambda: pairs_of(settings.rpc)).get(spec.name, "")
    if not urls:
        raise SettingsError(
            f"SOUK_CHAIN_RPC: it names no node of {spec.name}: {spec.name}=https://…"
        )
    return [url for url in urls.split(",") if url]


def _finality(settings: ChainSettings, spec: ChainSpec) -> int:
    finality = _checked("SOUK_CHAIN_FINALITY", lambda: pairs_of(settings.finality))
    depth = finality.get(spec.name, str(spec.finality))
    if not (depth.isdecimal() and int(depth) > 0):
        raise SettingsError(f"SOUK_CHAIN_FINALITY: {depth!r} is no number of blocks.")
    return int(depth)


def _contracts(settings: ChainSettings, spec: ChainSpec) -> dict[str, str]:
    given = _checked("SOUK_CHAIN_CONTRACTS", lambda: pairs_of(settings.contracts))
    prefix = f"{spec.name}."
    found = {
        name.removeprefix(prefix): address.lower()
        for name, address in given.items()
        if name.startswith(prefix)
    }
    for name, address in found.items():
        if not is_address(address):
            raise SettingsError(f"SOUK_CHAIN_CONTRACTS: {name}'s {address!r} is no address.")
    return found


def _signer(core: Core, settings: ChainSettings, specs: tuple[ChainSpec, ...]) -> Signer:
    if settings.signer_url:
        if not is_address(settings.signer_address):
            raise SettingsError("SOUK_CHAIN_SIGNER_ADDRESS: it is no account's address.")
        return OutsideSigner(settings.signer_url, address=settings.signer_address)
    if settings.keystore:
        password = Path(settings.password_file)
        return Keystore(Path(settings.keystore), password=lambda: password.read_text().strip())
    if not all(spec.is_local for spec in specs):
        raise SettingsError(
            "SOUK_CHAIN_KEYSTORE: name the encrypted file of the key that pays and signs (or a "
            "signer outside with SOUK_CHAIN_SIGNER_URL); only a local chain needs neither."
        )
    return Keystore(
        core.settings.data_path / "secrets" / "chain-key.json",
        password=lambda: core.keyring.derive(KEY_PURPOSE).hex(),
        make=True,
    )


def _checked(name: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except ValueError as error:
        raise SettingsError(f"{name}: {error}") from error
