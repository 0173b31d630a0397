"""Use cases of domains: claimed, proven, given rules and certificates, taken away."""

import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec
import psycopg.errors
import structlog

from souk.delivery.assets import domain_store
from souk.delivery.assets.certificates import Certificate, checked
from souk.delivery.assets.domain_errors import (
    DomainClaimed,
    DomainNotYours,
    DomainRefused,
    DomainsFull,
    DomainTaken,
    DomainUnknown,
    DomainUnproven,
)
from souk.delivery.assets.domain_store import DomainRow
from souk.delivery.assets.proofs import FILE, Proofs, txt_name
from souk.delivery.assets.service import AssetService
from souk.delivery.assets.settings import AssetSettings
from souk.delivery.cdn.api import CdnSites
from souk.edge.domains import NodeDomain, NodeDomains
from souk.infra.keyring import Keyring
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM, scope_of
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import NotFound, SoukError
from souk.kernel.ids import new_id
from souk_client.contracts.domains import (
    CertificateBy,
    CertificateRequest,
    Domain,
    DomainCertificate,
    DomainProof,
    DomainRequest,
    DomainState,
    DomainUpdate,
)
from souk_client.contracts.sites import Site, SiteUpdate

SEAL: Final = "domain-certificate"
HSTS_S: Final = 31_536_000
PER_MINUTE: Final = 6000
LOST_AFTER: Final = timedelta(days=7)
SOON: Final = timedelta(days=14)
"""A certificate of the owner's own that ends within so long is told of."""
_OURS: Final = (".localhost", ".local", ".internal", ".home.arpa", ".lan", ".onion", ".arpa")

audit = structlog.get_logger("souk.audit")


class HostNames(CdnSites, Protocol):
    """Sites, whose names domains add."""

    async def change(self, uow: UnitOfWork, actor: Actor, site_id: str, wanted: SiteUpdate) -> Site:
        """Changes what is given of a site."""
        ...


class DomainService:
    """Domains, as their owners and nodes see them."""

    def __init__(
        self,
        database: Database,
        *,
        assets: AssetService,
        sites: HostNames,
        proofs: Proofs,
        keyring: Keyring,
        settings: AssetSettings,
        own_host: str,
    ) -> None:
        self._database = database
        self._assets = assets
        self._sites = sites
        self._proofs = proofs
        self._keyring = keyring
        self._settings = settings
        self._own_host = own_host

    async def all(
        self, uow: UnitOfWork, actor: Actor, *, organisation_id: str | None
    ) -> list[Domain]:
        """An organisation's domains by name. Raises NotFound `organisation_unknown`."""
        rows = await domain_store.domains_of(uow, actor.acting_for(organisation_id))
        return [await self._shown(uow, row) for row in rows]

    async def get(self, uow: UnitOfWork, actor: Actor, domain_id: str) -> Domain:
        """One of the caller's domains. Raises NotFound `domain_unknown`."""
        return await self._shown(uow, await self._own(uow, actor, domain_id))

    async def claim(self, uow: UnitOfWork, actor: Actor, wanted: DomainRequest) -> Domain:
        """Notes that an organisation wants to use a name; it counts once it is proven.

        Raises:
            Forbidden: `domain_not_yours`, `site_not_yours`. NotFound: `site_unknown`.
            Invalid: `domain_invalid`. Conflict: `domain_claimed`, `domains_full`.
        """
        user_id = actor.require("marketplace:create_resource")
        owner = actor.acting_for(wanted.organisation_id)
        if not actor.manages(owner):
            raise DomainNotYours()
        name = self._checked_name(wanted.name)
        asset_site = await self._assets.open_space(uow, owner, by=user_id)  # holds the others
        site = await self._sites.managed(uow, actor, wanted.site_id or asset_site)
        if site.organisation_id != owner:
            raise DomainRefused("The site is of another of your organisations.")
        known = await domain_store.domains_of(uow, owner)
        if len(known) >= self._settings.max_domains:
            raise DomainsFull(self._settings.max_domains)
        row = DomainRow(
            id=new_id("dom", uow.now),
            organisation_id=owner,
            name=name,
            site_id=site.id,
            token=f"souk-domain={secrets.token_urlsafe(24)}",
            certificate_by=wanted.certificate,
            hsts_s=HSTS_S,
            cors_origins=[],
            per_address_per_minute=PER_MINUTE,
            per_key_per_minute=PER_MINUTE,
            key_header="",
            proven_at=None,
            checked_at=None,
            problem="",
            created_at=uow.now,
        )
        if not await domain_store.add(uow, row, user_id=user_id):
            raise DomainClaimed(name)
        hosts = [*(one.host for one in site.hosts if one.host != name), name]
        await self._sites.change(uow, actor, site.id, SiteUpdate(hosts=hosts))
        audit.info("a domain was claimed", domain=name, organisation=owner, by=user_id)
        return await self._shown(uow, row)

    async def change(
        self, uow: UnitOfWork, actor: Actor, domain_id: str, wanted: DomainUpdate
    ) -> Domain:
        """Other rules for a domain; nodes keep them a moment later.

        Raises:
            NotFound: `domain_unknown`. Forbidden: `domain_not_yours`.
        """
        row = await self._managed(uow, actor, domain_id)
        given = {
            "certificate_by": wanted.certificate,
            "hsts_s": wanted.hsts_s,
            "cors_origins": wanted.cors_origins,
            "per_address_per_minute": wanted.per_address_per_minute,
            "per_key_per_minute": wanted.per_key_per_minute,
            "key_header": wanted.key_header,
        }
        changed = {name: value for name, value in given.items() if value is not None}
        row = msgspec.structs.replace(row, **changed)
        await domain_store.change(uow, row)
        await self._tell(uow, row)
        return await self._shown(uow, row)

    async def check(self, actor: Actor, domain_id: str) -> Domain:
        """Looks for the proof now, and notes what it finds. Opens its own transactions.

        Raises:
            NotFound: `domain_unknown`. Forbidden: `domain_not_yours`. Conflict: `domain_taken`.
        """
        async with self._database.transaction(scope_of(actor), read_only=True) as uow:
            row = await self._managed(uow, actor, domain_id)
        problem = await self._proofs.look(row.name, row.token)
        async with self._database.transaction(scope_of(actor)) as uow:
            await self.note(uow, row, problem)
            return await self.get(uow, actor, domain_id)

    async def note(self, uow: UnitOfWork, row: DomainRow, problem: str) -> None:
        """What a look has found; a proof that is missed for a week is no longer one.

        Raises:
            Conflict: `domain_taken`.
        """
        proven_at = row.proven_at
        if not problem:
            proven_at = uow.now
        elif proven_at is not None and uow.now - proven_at > LOST_AFTER:
            proven_at = None
        async with uow.as_system():
            try:
                await domain_store.note_check(uow, row.id, proven_at=proven_at, problem=problem)
            except psycopg.errors.UniqueViolation as error:
                raise DomainTaken(row.name) from error
            if (proven_at is None) != (row.proven_at is None):
                with suppress(NotFound):  # the site has gone, or its owner took the name out of it
                    await self._sites.prove_host(
                        uow, row.site_id, row.name, proven=proven_at is not None, by="system"
                    )
                await domain_store.new_news(uow)
                audit.info("a domain's proof was judged", domain=row.name, proven=not problem)

    async def put_certificate(
        self, uow: UnitOfWork, actor: Actor, domain_id: str, wanted: CertificateRequest
    ) -> Domain:
        """Keeps a certificate of the owner's own.

        Raises:
            NotFound: `domain_unknown`. Forbidden: `domain_not_yours`.
            Conflict: `domain_unproven`. Invalid: `certificate_invalid`.
        """
        row = await self._managed(uow, actor, domain_id)
        if row.proven_at is None:
            raise DomainUnproven()
        found = checked(wanted.chain_pem, wanted.key_pem, name=row.name, now=uow.now)
        await self.keep(uow, row, found, source="own")
        await domain_store.change(uow, msgspec.structs.replace(row, certificate_by="own"))
        return await self.get(uow, actor, domain_id)

    async def keep(
        self, uow: UnitOfWork, row: DomainRow, found: Certificate, *, source: CertificateBy
    ) -> None:
        """Keeps a certificate, its key sealed; nodes fetch it a moment later."""
        await domain_store.put_certificate(
            uow,
            row,
            source=source,
            chain_pem=found.chain_pem,
            key_sealed=self._keyring.seal(SEAL, found.key_pem),
            not_before=found.not_before,
            not_after=found.not_after,
        )
        await self._tell(uow, row)
        audit.info("a certificate was kept", domain=row.name, source=source, until=found.not_after)

    async def remove(self, uow: UnitOfWork, actor: Actor, domain_id: str) -> None:
        """Takes a domain away; nodes forget its key. Raises NotFound, Forbidden."""
        row = await self._managed(uow, actor, domain_id)
        await domain_store.remove(uow, domain_id)
        with suppress(NotFound):  # its site may be gone already
            site = await self._sites.managed(uow, actor, row.site_id)
            hosts = [one.host for one in site.hosts if one.host != row.name]
            await self._sites.change(uow, actor, site.id, SiteUpdate(hosts=hosts))
        await self._tell(uow, row)
        audit.info("a domain was removed", domain=row.name, by=actor.user_id)

    async def for_nodes(self, uow: UnitOfWork, *, known: int) -> NodeDomains | None:
        """What nodes serve domains with; None when they know it already (system scope)."""
        number = await domain_store.news(uow)
        if number == known:
            return None
        return NodeDomains(
            number=number,
            domains=tuple(
                NodeDomain(
                    name=row.name,
                    site_id=row.site_id,
                    hsts_s=row.hsts_s,
                    cors_origins=tuple(row.cors_origins),
                    per_address_per_minute=row.per_address_per_minute,
                    per_key_per_minute=row.per_key_per_minute,
                    key_header=row.key_header,
                    chain_pem=row.chain_pem or "",
                    key_pem=""
                    if row.key_sealed is None
                    else self._keyring.open(SEAL, row.key_sealed).decode(),
                )
                for row in await domain_store.served(uow)
            ),
        )

    async def look_again(self) -> int:
        """Looks at proofs whose last look is old; how many those were. Own transactions."""
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            before = uow.now - timedelta(hours=self._settings.check_hours)
            rows = await domain_store.due_for_check(uow, before=before, limit=20)
        for row in rows:
            problem = await self._proofs.look(row.name, row.token)
            try:
                async with self._database.transaction(SYSTEM) as uow:
                    await self.note(uow, row, problem)
            except SoukError as error:
                async with self._database.transaction(SYSTEM) as uow:
                    await domain_store.note_check(
                        uow, row.id, proven_at=row.proven_at, problem=error.detail
                    )
        return len(rows)

    async def _tell(self, uow: UnitOfWork, row: DomainRow) -> None:
        async with uow.as_system():
            await domain_store.new_news(uow)
        await self._sites.touch(uow, row.site_id, by="system")

    async def _own(self, uow: UnitOfWork, actor: Actor, domain_id: str) -> DomainRow:
        actor.require_user()
        row = await domain_store.domain(uow, domain_id)
        if row is None or not actor.belongs_to(row.organisation_id):
            raise DomainUnknown()
        return row

    async def _managed(self, uow: UnitOfWork, actor: Actor, domain_id: str) -> DomainRow:
        row = await self._own(uow, actor, domain_id)
        if not actor.manages(row.organisation_id):
            raise DomainNotYours()
        return row

    def _checked_name(self, text: str) -> str:
        name = text.lower().rstrip(".")
        if f".{name}".endswith(_OURS):
            raise DomainRefused("Names of this kind lead nowhere for others.")
        if name == self._own_host or name.endswith(f".{self._own_host}"):
            raise DomainRefused("This name is the marketplace's own.")
        return name

    async def _shown(self, uow: UnitOfWork, row: DomainRow) -> Domain:
        problem = row.problem
        if row.proven_at is not None and row.not_after is None and not problem:
            async with uow.as_system():
                problem = await domain_store.order_problem(uow, row.id)
        state = _state(row, now=uow.now)
        certificate = None
        if row.source is not None and row.not_before is not None and row.not_after is not None:
            certificate = DomainCertificate(
                source=row.source, not_before=row.not_before, not_after=row.not_after
            )
        return Domain(
            id=row.id,
            organisation_id=row.organisation_id,
            site_id=row.site_id,
            name=row.name,
            state=state,
            next_step=self._next_step(row, state),
            proof=DomainProof(
                txt_name=txt_name(row.name),
                txt_value=row.token,
                file_url=f"http://{row.name}{FILE}",
                file_content=row.token,
            ),
            proven_at=row.proven_at,
            checked_at=row.checked_at,
            problem=problem,
            certificate_by=row.certificate_by,
            certificate=certificate,
            hsts_s=row.hsts_s,
            cors_origins=row.cors_origins,
            per_address_per_minute=row.per_address_per_minute,
            per_key_per_minute=row.per_key_per_minute,
            key_header=row.key_header,
            created_at=row.created_at,
        )

    def _next_step(self, row: DomainRow, state: DomainState) -> str:
        if state == "unproven":
            return (
                f"Add the text record {txt_name(row.name)} with this value, or put the file on "
                "your web server, then check again."
            )
        if state == "live":
            return ""
        if row.certificate_by == "own":
            return "Send a certificate and its key."
        if not self._settings.acme_directory:
            return "The operator has named no authority for certificates; send one of your own."
        return f"Let {row.name} lead to the nodes; the certificate comes by itself."


def _state(row: DomainRow, *, now: datetime) -> DomainState:
    if row.proven_at is None:
        return "unproven"
    if row.not_after is None:
        return "waiting"
    if row.not_after <= now:
        return "expired"
    watched = row.source == "own" or row.certificate_by == "own"
    return "expiring" if watched and row.not_after < now + SOON else "live"
