"""What pages ask of assets and domains."""

from typing import Protocol

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import Page
from souk_client.contracts.assets import Asset, AssetRequest, AssetUsage
from souk_client.contracts.domains import CertificateRequest, Domain, DomainRequest, DomainUpdate


class Assets(Protocol):
    """Files of an organisation at public addresses."""

    async def put(self, uow: UnitOfWork, actor: Actor, wanted: AssetRequest) -> Asset:
        """Puts an uploaded file at a path, in place of what was there."""
        ...

    async def listed(
        self,
        uow: UnitOfWork,
        actor: Actor,
        *,
        organisation_id: str | None,
        prefix: str = "",
        cursor: str | None = None,
        limit: int,
    ) -> Page[Asset]:
        """An organisation's assets in the order of their paths."""
        ...

    async def usage(
        self, uow: UnitOfWork, actor: Actor, *, organisation_id: str | None
    ) -> AssetUsage:
        """How much of its room an organisation uses."""
        ...

    async def remove(self, uow: UnitOfWork, actor: Actor, asset_id: str) -> object:
        """Takes an asset away, here and at every node."""
        ...


class Domains(Protocol):
    """Names of an organisation's own."""

    async def all(
        self, uow: UnitOfWork, actor: Actor, *, organisation_id: str | None
    ) -> list[Domain]:
        """An organisation's domains by name."""
        ...

    async def claim(self, uow: UnitOfWork, actor: Actor, wanted: DomainRequest) -> Domain:
        """Notes that an organisation wants to use a name."""
        ...

    async def change(
        self, uow: UnitOfWork, actor: Actor, domain_id: str, wanted: DomainUpdate
    ) -> Domain:
        """Other rules for a domain."""
        ...

    async def check(self, actor: Actor, domain_id: str) -> Domain:
        """Looks for the proof now; opens its own transactions."""
        ...

    async def put_certificate(
        self, uow: UnitOfWork, actor: Actor, domain_id: str, wanted: CertificateRequest
    ) -> Domain:
        """Keeps a certificate of the owner's own."""
        ...

    async def remove(self, uow: UnitOfWork, actor: Actor, domain_id: str) -> None:
        """Takes a domain away."""
        ...
