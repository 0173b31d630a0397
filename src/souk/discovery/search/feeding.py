"""Feeds the kept documents from works: what is published goes in, what is not goes out."""

from collections.abc import Sequence
from typing import Final

from souk.discovery.search import store
from souk.discovery.search.documents import new_document, read_body, text_to_embed
from souk.discovery.search.embedding.shared import SharedEmbedder
from souk.discovery.search.executor import SearchExecutor
from souk.discovery.search.signals import ListingSignals, Signals
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import NotFound
from souk.works.listings.api import Listings
from souk_client.contracts.works import Listing

_EMBED_BATCH: Final = 16
_CHECK_BATCH: Final = 200


class Feeding:
    """Keeps the documents of search equal to what works publishes."""

    def __init__(
        self,
        *,
        database: Database,
        listings: Listings,
        signals: ListingSignals,
        embedder: SharedEmbedder,
        executor: SearchExecutor,
    ) -> None:
        self._database = database
        self._listings = listings
        self._signals = signals
        self._embedder = embedder
        self._executor = executor

    async def refresh(self, uow: UnitOfWork, listing_ids: Sequence[str]) -> None:
        """Takes over these listings as they are now."""
        await store.take_turn(uow)
        found = [await self._published(uow, listing_id) for listing_id in listing_ids]
        published = [listing for listing in found if listing is not None]
        await self._put(uow, published)
        kept = {listing.id for listing in published}
        await store.remove(uow, [one for one in listing_ids if one not in kept])

    async def forget_foreign_vectors(self) -> None:
        """Drops the vectors that another model made; those texts are embedded anew."""
        model = await self._executor.run(self._embedder.model_name)
        async with self._database.transaction(SYSTEM) as uow:
            await store.drop_foreign_vectors(uow, model=model)

    async def embed_waiting(self) -> bool:
        """Embeds some of the documents that lack a vector; whether there were any."""
        embedder = await self._executor.run(self._embedder.get)
        if embedder is None:
            return False
        async with self._database.transaction(SYSTEM) as uow:
            waiting = await store.without_vector(uow, limit=_EMBED_BATCH)
        if not waiting:
            return False
        texts = [text_to_embed(read_body(one.body, seq=0, change=0)) for one in waiting]
        vectors = await self._executor.run(embedder.documents, texts)
        halved = [vector.astype("<f2").tobytes() for vector in vectors]
        async with self._database.transaction(SYSTEM) as uow:
            await store.set_vectors(uow, waiting, halved, model=embedder.model_name)
        return True

    async def check_all(self) -> int:
        """Compares every published listing with what is kept; answers how many differed."""
        differed, after = 0, ""
        while True:
            async with self._database.transaction(SYSTEM) as uow:
                await store.take_turn(uow)
                page = await self._listings.published_after(uow, after, limit=_CHECK_BATCH)
                until = page[-1].id if len(page) == _CHECK_BATCH else None
                differed += await self._put(uow, page)
                kept = await store.findable_ids(uow, after=after, until=until)
                gone = set(kept) - {listing.id for listing in page}
                differed += await store.remove(uow, sorted(gone))
            if until is None:
                return differed
            after = until

    async def _published(self, uow: UnitOfWork, listing_id: str) -> Listing | None:
        try:
            listing = await self._listings.get(uow, listing_id)
        except NotFound:
            return None
        return listing if listing.state == "published" else None

    async def _put(self, uow: UnitOfWork, listings: Sequence[Listing]) -> int:
        if not listings:
            return 0
        ids = [listing.id for listing in listings]
        summaries = await self._listings.summaries(uow, ids)
        signals = await self._signals.signals(uow, ids)
        documents = [
            new_document(listing, summaries[listing.id], signals.get(listing.id, Signals()))
            for listing in listings
            if listing.id in summaries
        ]
        return await store.put(uow, documents)
