"""Events that sellers' own programs tell of their works: many in one request, once each."""

from collections import Counter
from collections.abc import Sequence

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, Invalid, NotFound, TooMany
from souk.rights.provenance import store
from souk.rights.provenance.api import NewEntry, Provenance
from souk.rights.provenance.settings import ProvenanceSettings
from souk.works.listings.api import Listings
from souk_client.contracts.rights import NotedEvent


class NotingService:
    """Appends what sellers tell. It says who told it, and nothing that only the market may say.

    Args:
        provenance: the log.
        listings: say whose a work is.
        settings: how much an organisation may tell.
    """

    def __init__(
        self, *, provenance: Provenance, listings: Listings, settings: ProvenanceSettings
    ) -> None:
        self._provenance = provenance
        self._listings = listings
        self._settings = settings

    async def note(self, uow: UnitOfWork, actor: Actor, events: Sequence[NotedEvent]) -> list[str]:
        """Appends events of published works of the caller's organisations, all or none.

        Raises:
            Unauthenticated, Forbidden: `sign_in_needed`, `permission_missing`.
            NotFound: `listing_unknown`, also of works that the caller does not manage.
            Conflict: `listing_not_published`. Invalid: `entry_invalid`.
            TooMany: `events_too_many` for a day.
        """
        actor.require("marketplace:manage_resource")
        owners = await self._owners(uow, actor, {event.listing_id for event in events})
        day = uow.now.date()
        told = Counter(owners[event.listing_id] for event in events)
        for organisation_id, count in sorted(told.items()):
            total = await store.count_noted(uow, organisation_id, day=day, count=count)
            if total > self._settings.events_per_day:
                raise TooMany(
                    "events_too_many",
                    f"An organisation tells at most {self._settings.events_per_day} events a day; "
                    "the log keeps each for good. Go on tomorrow (UTC).",
                )
        new = [_entry(event, owners[event.listing_id]) for event in events]
        return [str(entry_id) for entry_id in await self._provenance.append_many(uow, new)]

    async def _owners(self, uow: UnitOfWork, actor: Actor, listing_ids: set[str]) -> dict[str, str]:
        found = await self._listings.summaries(uow, listing_ids)
        for listing_id in sorted(listing_ids):
            one = found.get(listing_id)
            if one is None or not actor.manages(one.owner.id):
                raise NotFound("listing_unknown", f"You manage no listing {listing_id}.")
            if one.state != "published":
                raise Conflict(
                    "listing_not_published", f"{one.address} is not public, and the log is."
                )
        return {listing_id: one.owner.id for listing_id, one in found.items()}


def _entry(event: NotedEvent, organisation_id: str) -> NewEntry:
    if "event" in event.details:
        raise Invalid("entry_invalid", "`event` is no name for a detail: it is the event itself.")
    body: dict[str, object] = {
        "actor_organisation_id": organisation_id,
        "details": {**event.details, "event": event.event},
    }
    if event.version is not None:
        body["version"] = event.version
    return NewEntry(
        kind="noted",
        listing_id=event.listing_id,
        body=body,
        organisation_ids=[organisation_id],
    )
