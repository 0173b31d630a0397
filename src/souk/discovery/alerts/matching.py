"""Holds changed listings against the searches people keep.

The engine holds many searches at once against nothing but these listings (their seller, and the
moments they were published at), with every word of a search needed. A search that many keep is
asked once, and one that names other kinds or sellers is not asked at all.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

import msgspec
import structlog

from souk.discovery.alerts import model, store
from souk.discovery.alerts.filters import filters_of
from souk.discovery.alerts.model import Window
from souk.discovery.alerts.settings import AlertSettings
from souk.discovery.alerts.store import Match, Question, Waiting
from souk.discovery.alerts.telling import tell
from souk.discovery.search.api import Between, Filters, Search, SearchQuestion, Sort
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.insight.notifications.api import Notices
from souk.kernel.paging import MAX_LIMIT
from souk.people.organisations.api import OrganisationsApi
from souk.works.listings.api import Listings
from souk_client.contracts.saved_searches import SearchFilters
from souk_client.contracts.works import ListingSummary

_LEASE = timedelta(minutes=10)
_SOON = timedelta(seconds=1)
_LATER = timedelta(seconds=10)

log = structlog.get_logger("souk.alerts")


class Matching:
    """Finds and tells whom a changed listing concerns."""

    def __init__(
        self,
        *,
        database: Database,
        listings: Listings,
        organisations: OrganisationsApi,
        search: Search,
        notices: Notices,
        settings: AlertSettings,
    ) -> None:
        self._database = database
        self._listings = listings
        self._organisations = organisations
        self._search = search
        self._notices = notices
        self._settings = settings

    async def step(self) -> bool:
        """Takes some waiting listings to their end; False when none was due."""
        async with self._database.transaction(SYSTEM) as uow:
            waiting = await store.take_waiting(
                uow, limit=self._settings.listings_at_once, until=uow.now + _LEASE
            )
            found = await self._listings.summaries(uow, [one.listing_id for one in waiting])
        if not waiting:
            return False
        try:
            await self._hold(waiting, found)
        except Exception:
            async with self._database.transaction(SYSTEM) as uow:
                await store.put_off(uow, waiting, until=uow.now + _LATER)
            raise
        return True

    async def _hold(self, waiting: Sequence[Waiting], found: Mapping[str, ListingSummary]) -> None:
        published = {one.id: one for one in found.values() if one.state == "published"}
        indexed = await self._indexed(published)
        told = await self._tell_all(list(indexed.values()))
        async with self._database.transaction(SYSTEM) as uow:
            too_old = uow.now - timedelta(minutes=self._settings.give_up_minutes)
            late = [w for w in waiting if w.listing_id in published.keys() - indexed.keys()]
            lost = [one for one in late if one.noted_at < too_old]
            gone = [one for one in waiting if one.listing_id not in published]
            await store.put_off(uow, late, until=uow.now + _SOON)
            done = [one for one in waiting if one.listing_id in indexed]
            await store.finish(uow, [*gone, *lost, *done])
        if lost:
            log.warning("listings never came into the index", count=len(lost))
        log.debug("held against saved searches", listings=len(indexed), told=told)

    async def _indexed(self, published: Mapping[str, ListingSummary]) -> dict[str, ListingSummary]:
        """Those that the index knows as they are now."""
        known: dict[str, ListingSummary] = {}
        for window in model.windows(published.values()):
            known |= await self._listings_of(window)
        return {
            one.id: one for one in published.values() if model.is_indexed(known.get(one.id), one)
        }

    async def _tell_all(self, listings: Sequence[ListingSummary]) -> int:
        """Asks every search that may match, some at a time; answers how many matches were new."""
        windows = model.windows(listings)
        by_id = {one.id: one for one in listings}
        after, told = b"", 0
        while windows:
            async with self._database.transaction(SYSTEM, read_only=True) as uow:
                questions = await store.questions_after(
                    uow,
                    after,
                    kinds={one.kind for one in listings},
                    owners={one.owner.slug for one in listings},
                    limit=self._settings.questions_at_once,
                )
            if not questions:
                break
            after = questions[-1].question
            found = [pair for window in windows for pair in await self._matches(questions, window)]
            if found:
                told += len(await self._tell(found, by_id))
        return told

    async def _matches(
        self, questions: Sequence[Question], window: Window
    ) -> list[tuple[bytes, str]]:
        """Pairs of a question and a listing of the window that it matches."""
        asked = [
            one for one in questions if model.may_match(window, kinds=one.kinds, owners=one.owners)
        ]
        answers = await self._search.held_against(
            [
                SearchQuestion(
                    text=one.strict_query,
                    filters=filters_of(msgspec.json.decode(one.filters, type=SearchFilters)),
                )
                for one in asked
            ],
            within=_narrowed(Filters(), window),
        )
        unread = [one.strict_query for one, ids in zip(asked, answers, strict=True) if ids is None]
        if unread:
            # They were fine when they were saved; what may be asked has changed since.
            log.warning("saved searches cannot be read any more", count=len(unread))
        return [
            (one.question, listing_id)
            for one, ids in zip(asked, answers, strict=True)
            for listing_id in ids or ()
            if listing_id in window.listing_ids
        ]

    async def _listings_of(self, window: Window) -> dict[str, ListingSummary]:
        """The listings of the window as the index knows them."""
        narrowed = _narrowed(Filters(), window)
        found: dict[str, ListingSummary] = {}
        cursor: str | None = None
        while True:
            answer = await self._search.search(
                SearchQuestion(filters=narrowed, sort=Sort.NEWEST, cursor=cursor, limit=MAX_LIMIT)
            )
            found |= {
                hit.listing.id: hit.listing
                for hit in answer.items
                if hit.listing.id in window.listing_ids
            }
            cursor = answer.next_cursor
            if cursor is None or len(found) == len(window.listing_ids):
                return found

    async def _tell(
        self, found: Collection[tuple[bytes, str]], by_id: Mapping[str, ListingSummary]
    ) -> list[Match]:
        async with self._database.transaction(SYSTEM) as uow:
            sellers = {by_id[listing_id].owner.id for _, listing_id in found}
            members = await self._organisations.members_of(uow, sorted(sellers))
            own = [
                (one.id, member.user_id)
                for one in by_id.values()
                for member in members.get(one.owner.id, ())
            ]
            matches = await store.add_matches(uow, found, own=own)
            await tell(uow, self._notices, matches, by_id, told_apart=self._settings.told_apart)
        return matches


def _narrowed(filters: Filters, window: Window) -> Filters:
    """The filters, and only the listings of the window."""
    return msgspec.structs.replace(
        filters, owners=(window.owner,), published_ms=Between(window.low_ms, window.high_ms)
    )
