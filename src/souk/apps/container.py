"""The composition root: builds every wing once a process, opens and closes what they stand on."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Literal

import structlog

from souk.apps.application_role import app_dsn
from souk.apps.wiring.analytics import AnalyticsParts, wire_analytics
from souk.apps.wiring.assets import Assets, wire_assets
from souk.apps.wiring.badges import wire_badges
from souk.apps.wiring.cdn import Cdn, wire_cdn
from souk.apps.wiring.certificates import CertificateParts, wire_certificates
from souk.apps.wiring.chain import Chain, wire_chain
from souk.apps.wiring.chain_index import ChainIndex, wire_chain_index
from souk.apps.wiring.chain_sales import ChainSaleParts, wire_chain_sales
from souk.apps.wiring.commerce import Commerce, wire_commerce
from souk.apps.wiring.compute import Compute, wire_compute
from souk.apps.wiring.delivery import Delivery, wire_delivery
from souk.apps.wiring.discovery import Discovery, wire_discovery
from souk.apps.wiring.hub import Hub, wire_hub
from souk.apps.wiring.insight import Insight, wire_insight
from souk.apps.wiring.ipfs import Ipfs, wire_ipfs
from souk.apps.wiring.live import LiveParts, wire_live
from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.apps.wiring.people import People, wire_people
from souk.apps.wiring.plugins import Plugins, wire_plugins
from souk.apps.wiring.protection import ProtectionParts, wire_protection
from souk.apps.wiring.recommendations import wire_recommendations
from souk.apps.wiring.reviews import ReviewParts, wire_reviews
from souk.apps.wiring.rights import Rights, wire_rights
from souk.apps.wiring.treasury import Treasury, wire_treasury
from souk.apps.wiring.trust import Trust, wire_trust
from souk.apps.wiring.wallets import Wallets, wire_wallets
from souk.apps.wiring.web import wire_web
from souk.apps.wiring.works import Works, wire_works
from souk.apps.wiring.xet import Xet, wire_xet
from souk.delivery.downloads.service import DownloadRecords
from souk.infra.http import idempotency
from souk.infra.http.errors import ErrorPage
from souk.infra.keyring import Keyring
from souk.infra.keyring.data_keys import DataKeys
from souk.infra.live.listener import Listener
from souk.infra.live.publisher import LivePublisher
from souk.infra.operations import store as operations_store
from souk.infra.operations.beat import Beat
from souk.infra.outbox import store as outbox_store
from souk.infra.outbox.nudge import Nudger
from souk.infra.postgres.database import Database
from souk.infra.postgres.uow import UnitOfWork
from souk.infra.settings import Settings, SettingsError, load_settings
from souk.infra.waiting import end_tasks
from souk.infra.workflows import Workflows
from souk.infra.workflows.outages import through_outages
from souk.kernel.clock import SystemClock
from souk.works.listings.hiding import ListingHiding

WORKFLOW_VERSION = "1"
"""Raise it when a workflow's steps change their order or meaning: DBOS resumes by version."""

log = structlog.get_logger("souk.container")


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """Every part of one process."""

    core: Core
    people: People
    wallets: Wallets
    treasury: Treasury
    works: Works
    live: LiveParts
    rights: Rights
    protection: ProtectionParts
    chain: Chain
    chain_index: ChainIndex
    certificates: CertificateParts
    plugins: Plugins
    commerce: Commerce
    chain_sales: ChainSaleParts
    delivery: Delivery
    xet: Xet
    ipfs: Ipfs
    cdn: Cdn
    assets: Assets
    compute: Compute
    analytics: AnalyticsParts
    insight: Insight
    reviews: ReviewParts
    discovery: Discovery
    hub: Hub
    trust: Trust
    all_parts: tuple[Parts, ...]
    error_page: ErrorPage | None = None
    """Draws errors for browsers."""

    @asynccontextmanager
    async def opened(self, kind: Literal["http", "worker"] | None = None) -> AsyncIterator[None]:
        """Connects, starts what every process runs, and ends it in the opposite order.

        Args:
            kind: what the operator sees it as; a command that runs for a moment is not listed and
                follows no news.
        """
        core = self.core
        await core.database.open()
        try:
            await core.keyring.load()
            for parts in self.all_parts:
                for channel, call in parts.on_news.items():
                    core.listener.on(channel, call)
                for start in parts.on_open:
                    await start()
            tasks: list[Callable[[], Awaitable[None]]] = [core.nudger.run]
            if kind is not None:
                gauges = {name: g for parts in self.all_parts for name, g in parts.gauges.items()}
                beat = Beat(core.database, core.clock, gauges=gauges)
                tasks += [core.listener.run, partial(beat.run, kind)]
                tasks += [task for parts in self.all_parts for task in parts.process_tasks]
            async with running(tasks):
                yield
        finally:
            for parts in reversed(self.all_parts):
                for end in parts.on_close:
                    await end()
            await core.database.close()


@asynccontextmanager
async def running(tasks: list[Callable[[], Awaitable[None]]]) -> AsyncIterator[None]:
    """Runs tasks beside the block and ends them with it; one that fails is logged."""
    started = [asyncio.create_task(_logged(task)) for task in tasks]
    try:
        yield
    finally:
        await end_tasks(started)


async def _logged(task: Callable[[], Awaitable[None]]) -> None:
    try:
        await task()
    except asyncio.CancelledError:
        raise
    except Exception:
        log.exception("a background task ended", task=getattr(task, "__qualname__", repr(task)))


def build_container(
    settings: Settings | None = None, environ: Mapping[str, str] | None = None
) -> Container:
    """Constructs everything from the settings; no I/O.

    Raises:
        SettingsError: a setting is missing or wrong.
    """
    environ = os.environ if environ is None else environ
    settings = settings or load_settings(environ)
    core = _core(settings, environ)
    people = wire_people(core)
    chain = wire_chain(core)
    wallets = wire_wallets(core, people)
    treasury = wire_treasury(core, organisations=people.organisations)
    works = wire_works(core, organisations=people.organisations)
    live = wire_live(core, authenticator=people.callers, listings=works.listings)
    rights = wire_rights(
        core,
        organisations=people.organisations,
        listings=works.listings,
        anchors=chain.anchors,
    )
    chain_index = wire_chain_index(
        core,
        chain=chain,
        licences=rights.licences,
        wallets=wallets.wallets,
        organisations=people.organisations,
    )
    certificates = wire_certificates(
        core,
        licences=rights.licences,
        provenance=rights.provenance,
        likeness=works.likeness,
        listings=works.listings,
    )
    plugins = wire_plugins(
        core, listings=works.listings, artifacts=works.artifacts, licences=rights.licences
    )
    commerce = wire_commerce(
        core,
        organisations=people.organisations,
        billing=people.billing,
        ledger=treasury.ledger,
        listings=works.listings,
        licences=rights.licences,
        downloads=DownloadRecords(),
    )
    chain_sales = wire_chain_sales(
        core,
        chain=chain,
        chain_index=chain_index,
        commerce=commerce,
        wallets=wallets.wallets,
        ledger=treasury.ledger,
        rates=treasury.rates,
        listings=works.listings,
    )
    protection = wire_protection(
        core,
        licences=rights.licences,
        provenance=rights.provenance,
        listings=works.listings,
        artifacts=works.artifacts,
    )
    delivery = wire_delivery(
        core,
        listings=works.listings,
        licences=rights.licences,
        artifacts=works.artifacts,
        protection=protection.protection,
    )
    ipfs = wire_ipfs(
        core,
        listings=works.listings,
        licences=protection.open_licences,
        artifacts=works.artifacts,
        intake=works.intake,
        revisions=works.revisions,
    )
    xet = wire_xet(
        core,
        blobs=works.blobs,
        content=works.pieces,
        listings=works.listings,
        licences=protection.open_licences,
        artifacts=works.artifacts,
        revisions=works.revisions,
    )
    cdn = wire_cdn(
        core, listings=works.listings, licences=rights.licences, artifacts=works.artifacts
    )
    assets = wire_assets(
        core,
        blobs=works.blobs,
        artifacts=works.artifacts,
        organisations=people.organisations,
        cdn=cdn,
    )
    compute = wire_compute(
        core, listings=works.listings, licences=rights.licences, artifacts=works.artifacts
    )
    analytics = wire_analytics(core, organisations=people.organisations, listings=works.listings)
    insight = wire_insight(core, identity=people.identity, organisations=people.organisations)
    reviews = wire_reviews(
        core,
        listings=works.listings,
        licences=rights.licences,
        organisations=people.organisations,
        notices=insight.notices,
    )
    discovery = wire_discovery(
        core,
        listings=works.listings,
        rates=treasury.rates,
        reviews=reviews.reviews,
        organisations=people.organisations,
        notices=insight.notices,
        analytics=analytics.analytics,
        evaluations=compute.evaluations,
    )
    hub = wire_hub(
        core,
        organisations=people.organisations,
        artifacts=works.artifacts,
        uploads=works.uploads,
        intake=works.intake,
        revisions=works.revisions,
        repositories=works.repositories,
        listings=works.listings,
        editor=works.editor,
        publisher=works.publisher,
        licences=protection.open_licences,
        downloads=delivery.downloads,
        xet=xet.xet,
        xet_tokens=xet.tokens,
        search=discovery.search,
    )
    recommendations = wire_recommendations(
        core,
        listings=works.listings,
        licences=rights.licences,
        analytics=analytics.analytics,
        search=discovery.search,
        follows=discovery.collections,
    )
    trust = wire_trust(
        core,
        organisations=people.organisations,
        oversight=people.organisations,
        listings=works.listings,
        hiding=ListingHiding(works.listings, works.revisions, people.organisations),
        reviews=reviews.oversight,
        collections=discovery.collections,
        notices=insight.notices,
    )
    badges = wire_badges(
        core,
        organisations=people.organisations,
        listings=works.listings,
        reviews=reviews.reviews,
        follows=discovery.collections,
        notices=insight.notices,
        dids=wallets.dids,
    )
    web = wire_web(
        core,
        plugins=plugins,
        people=people,
        wallets=wallets,
        treasury=treasury,
        works=works,
        live=live,
        rights=rights,
        certificates=certificates,
        protection=protection,
        commerce=commerce,
        chain_index=chain_index,
        chain_sales=chain_sales,
        delivery=delivery,
        cdn=cdn,
        assets=assets,
        ipfs=ipfs,
        compute=compute,
        analytics=analytics,
        insight=insight,
        reviews=reviews,
        discovery=discovery,
        recommendations=recommendations,
        trust=trust,
        badges=badges,
    )
    below = (people, treasury, works, rights, protection, plugins, commerce, delivery, xet, ipfs)
    above = (analytics, insight, reviews, discovery, hub, recommendations, trust, badges, web)
    wings = (
        chain,
        chain_index,
        chain_sales,
        wallets,
        certificates,
        *below,
        cdn,
        assets,
        compute,
        *above,
    )
    return Container(
        core=core,
        people=people,
        wallets=wallets,
        treasury=treasury,
        works=works,
        live=live,
        chain=chain,
        chain_index=chain_index,
        rights=rights,
        protection=protection,
        certificates=certificates,
        plugins=plugins,
        commerce=commerce,
        chain_sales=chain_sales,
        delivery=delivery,
        xet=xet,
        ipfs=ipfs,
        cdn=cdn,
        assets=assets,
        compute=compute,
        analytics=analytics,
        insight=insight,
        reviews=reviews,
        discovery=discovery,
        hub=hub,
        trust=trust,
        all_parts=(_infra_parts(core), live.parts, *(wing.parts for wing in wings)),
        error_page=web.error_page,
    )


def _core(settings: Settings, environ: Mapping[str, str]) -> Core:
    if not settings.database_url or not settings.secret:
        raise SettingsError(
            "SOUK_DATABASE_URL and SOUK_SECRET are needed by a process of its own; `souk up` sets "
            "both for the processes it starts."
        )
    clock = SystemClock()
    dsn = app_dsn(settings.database_url, settings.secret)
    nudger = Nudger(dsn)
    database = Database(dsn, pool_size=settings.database_pool, clock=clock, write_events=nudger)
    keyring = Keyring(database, secret=settings.secret)
    return Core(
        settings=settings,
        environ=environ,
        clock=clock,
        database=database,
        keyring=keyring,
        data_keys=DataKeys(database, keyring),
        listener=Listener(dsn),
        nudger=nudger,
        live=LivePublisher(database),
        workflows=Workflows(
            settings.database_url, version=WORKFLOW_VERSION, patience=through_outages
        ),
    )


async def _forget_processes(uow: UnitOfWork) -> None:
    await operations_store.forget_processes(uow, before=uow.now - timedelta(hours=1))


def _infra_parts(core: Core) -> Parts:
    return Parts(
        schedules=[
            Schedule(name="infra.forget_answers", every_s=600, run=idempotency.forget_old),
            Schedule(name="infra.forget_events", every_s=3600, run=outbox_store.forget_old),
            Schedule(name="infra.forget_processes", every_s=60, run=_forget_processes),
            Schedule(name="infra.rewrap_keys", every_s=600, run=core.data_keys.rewrap),
        ]
    )
