"""What the pages ask of the CDN's operations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.cdn_figures import (
    AlertRule,
    AlertRuleRequest,
    AlertWebhook,
    AlertWebhookMade,
    AlertWebhookRequest,
    AvailabilityReport,
    CdnAlert,
    CdnAnalytics,
    CdnPrices,
    CdnPricesRequest,
    Forecast,
)
from souk_client.contracts.cdn_operations import (
    NodeOrder,
    NodeOrderRequest,
    Placement,
    PlacementRequest,
    ScalingDecision,
    ScalingPolicies,
    ScalingPolicy,
    ScalingPolicyRequest,
)


class CdnFigures(Protocol):
    """Figures."""

    async def analytics(
        self, uow: UnitOfWork, actor: Actor, *, hours: int, organisation_id: str | None
    ) -> CdnAnalytics:
        """What was served in the last hours: an organisation's, or everybody's."""
        ...

    async def availability(
        self, uow: UnitOfWork, actor: Actor, *, month: str | None
    ) -> AvailabilityReport:
        """Regions and nodes in a month, this one when None."""
        ...

    async def forecast(self, uow: UnitOfWork, actor: Actor, *, region: str, days: int) -> Forecast:
        """What will be needed."""
        ...

    async def prices(self, uow: UnitOfWork, actor: Actor) -> CdnPrices:
        """What regions cost."""
        ...

    async def set_prices(
        self, uow: UnitOfWork, actor: Actor, wanted: CdnPricesRequest
    ) -> CdnPrices:
        """Sets every price anew."""
        ...


class CdnAlerting(Protocol):
    """Limits, and what came of them."""

    async def rules(self, uow: UnitOfWork, actor: Actor) -> Sequence[AlertRule]:
        """Every rule."""
        ...

    async def history(self, uow: UnitOfWork, actor: Actor, *, limit: int) -> Sequence[CdnAlert]:
        """What limits were crossed, the newest first."""
        ...

    async def add(self, uow: UnitOfWork, actor: Actor, wanted: AlertRuleRequest) -> AlertRule:
        """A new rule."""
        ...

    async def remove(self, uow: UnitOfWork, actor: Actor, rule_id: str) -> None:
        """Ends a rule."""
        ...


class CdnScaling(Protocol):
    """How many nodes there are."""

    async def list(self, uow: UnitOfWork, actor: Actor) -> ScalingPolicies:
        """Every policy, with how its region is."""
        ...

    async def set(
        self, uow: UnitOfWork, actor: Actor, region: str, wanted: ScalingPolicyRequest
    ) -> ScalingPolicy:
        """Sets a region's policy anew."""
        ...

    async def remove(self, uow: UnitOfWork, actor: Actor, region: str) -> None:
        """Ends a policy; its nodes are drained."""
        ...

    async def decisions(
        self, uow: UnitOfWork, actor: Actor, *, region: str | None, limit: int
    ) -> Sequence[ScalingDecision]:
        """What was decided, the newest first."""
        ...

    async def order(self, uow: UnitOfWork, actor: Actor, wanted: NodeOrderRequest) -> NodeOrder:
        """A new node."""
        ...


class CdnPlacements(Protocol):
    """What lies where ahead of its users."""

    async def list(
        self, uow: UnitOfWork, actor: Actor, organisation_id: str | None
    ) -> Sequence[Placement]:
        """An organisation's rules."""
        ...

    async def add(self, uow: UnitOfWork, actor: Actor, wanted: PlacementRequest) -> Placement:
        """Makes a rule."""
        ...

    async def remove(self, uow: UnitOfWork, actor: Actor, placement_id: str) -> None:
        """Ends a rule."""
        ...


class CdnWebhooks(Protocol):
    """Where alerts are sent to."""

    async def all(self, uow: UnitOfWork, actor: Actor) -> list[AlertWebhook]:
        """Every webhook."""
        ...

    async def add(
        self, uow: UnitOfWork, actor: Actor, wanted: AlertWebhookRequest
    ) -> AlertWebhookMade:
        """A new webhook; its secret is shown this once."""
        ...

    async def remove(self, uow: UnitOfWork, actor: Actor, webhook_id: str) -> None:
        """Ends a webhook."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CdnDesk:
    """The CDN's operations as pages see them."""

    figures: CdnFigures
    alerting: CdnAlerting
    scaling: CdnScaling
    placements: CdnPlacements
    webhooks: CdnWebhooks
