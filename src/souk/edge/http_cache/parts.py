"""The parts of a node that serve sites, put together."""

from collections.abc import Callable

from souk.edge.clock import HomeClock
from souk.edge.http_cache.fetching import Fetcher
from souk.edge.http_cache.files import AnswerFiles
from souk.edge.http_cache.origin import Origins
from souk.edge.http_cache.passing import Passing
from souk.edge.http_cache.serving import SiteCache
from souk.edge.http_cache.store import AnswerStore
from souk.edge.settings import EdgeSettings
from souk.edge.usage import Usage


class SiteParts:
    """What a node needs for sites.

    Args:
        credential: what the node proves itself to home with.
        used: told how many bytes of the disk the answers take.
    """

    def __init__(
        self,
        settings: EdgeSettings,
        *,
        clock: HomeClock,
        usage: Usage,
        credential: Callable[[], str],
        used: Callable[[int], None] = lambda _bytes: None,
    ) -> None:
        name = f"souk-{settings.region}"
        files = AnswerFiles(settings.folder / "answers", free_bytes_kept=settings.free_bytes_kept)
        self.store = AnswerStore(
            files,
            limit_bytes=int(settings.cache_bytes * settings.sites_share),
            limit_answers=settings.answers,
            memory_bytes=settings.memory_bytes,
            used=used,
        )
        self._origins = Origins(
            home_url=settings.home_url,
            credential=credential,
            silent_s=settings.origin_s,
            private_allowed=settings.private_upstreams,
        )
        self._fetcher = Fetcher(
            self.store,
            self._origins,
            via=name,
            limit_bytes=settings.answer_bytes,
            now=clock.own,
        )
        self.cache = SiteCache(
            settings,
            clock=clock,
            store=self.store,
            fetcher=self._fetcher,
            passing=Passing(
                self.store, self._origins, via=name, upload_bytes=settings.upload_bytes
            ),
            usage=usage,
        )

    @property
    def busy(self) -> bool:
        """Whether anything is being fetched or written."""
        return self._fetcher.busy

    async def load(self) -> None:
        """Takes up what the disk holds."""
        await self.store.load()

    async def close(self) -> None:
        """Ends what is under way, and connections."""
        await self._fetcher.close()
        await self._origins.close()
