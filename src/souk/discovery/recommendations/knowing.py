"""The model of this process: follows the shelf."""

import asyncio
from pathlib import Path
from typing import Final

import structlog

from souk.discovery.recommendations import shelf
from souk.discovery.recommendations.tasting import Taster
from souk.infra.waiting import waited

_LOOK_S: Final = 30.0

log = structlog.get_logger("souk.recommendations")


class Knowledge:
    """Holds the current model, if there is one; a newer one is taken up within seconds."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._stamp: tuple[int, ...] = ()
        self._news = asyncio.Event()
        self.taster: Taster | None = None

    async def load(self) -> None:
        """Takes up what is on the shelf, when it is another model than before."""
        stamp = shelf.stamp(self._root)
        if stamp == self._stamp:
            return
        found = await asyncio.to_thread(shelf.take, self._root)
        self._stamp = stamp
        if found is not None:
            learnt, about = found
            self.taster = await asyncio.to_thread(
                Taster,
                learnt,
                version=about.version,
                confidence=about.confidence,
                regularisation=about.regularisation,
            )

    def wake(self, _payload: str | None = None) -> None:
        """There may be a new model (called on NOTIFY)."""
        self._news.set()

    async def follow(self) -> None:
        """A task for every process: takes up new models until cancelled."""
        while True:
            try:
                await self.load()
            except OSError:
                log.exception("a model could not be read")
            await waited(self._news, _LOOK_S)
            self._news.clear()
