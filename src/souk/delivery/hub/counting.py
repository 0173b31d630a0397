"""Counting downloads: what leaves under a licence is noted there, what is given away here."""

from collections import OrderedDict
from typing import Final

from souk.delivery.downloads.api import Downloads
from souk.delivery.hub.desk import At, Seen
from souk.delivery.hub.rights import Pass
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import scope_of
from souk.kernel.actor import Actor
from souk.kernel.clock import Clock
from souk.works.listings.api import Listings

COUNTED_FOR_S: Final = 3600
MAX_COUNTED: Final = 50_000


class DownloadCounter:
    """Notes that a caller begins to fetch files of a repository."""

    def __init__(
        self, database: Database, *, listings: Listings, downloads: Downloads, clock: Clock
    ) -> None:
        self._database = database
        self._listings = listings
        self._downloads = downloads
        self._clock = clock
        self._counted: OrderedDict[tuple[str, str], float] = OrderedDict()

    async def begin(self, actor: Actor, seen: Seen, at: At, admitted: Pass, *, sha256: str) -> None:
        """Notes it before the bytes leave.

        Under a licence it is kept for good, and ends the right to a refund. Of what is given away,
        a signed-in stranger's first within the hour counts, in this process: its seller and
        strangers without an account count for nothing.

        Raises:
            Forbidden: `licence_not_good`: a refund came first.
        """
        if admitted.licence_id is not None and at.version_id is not None:
            await self._downloads.note(admitted.licence_id, version_id=at.version_id, sha256=sha256)
        elif admitted.by == "gift" and actor.user_id and self._is_new((actor.user_id, seen.id)):
            async with self._database.transaction(scope_of(actor)) as uow:
                await self._listings.count_download(uow, seen.id)

    def _is_new(self, key: tuple[str, str]) -> bool:
        now_s = self._clock.now().timestamp()
        last_s = self._counted.get(key)
        if last_s is not None and now_s - last_s < COUNTED_FOR_S:
            return False
        self._counted[key] = now_s
        self._counted.move_to_end(key)
        if len(self._counted) > MAX_COUNTED:
            self._counted.popitem(last=False)
        return True
