"""Decides when to learn anew, gathers what people did, and has a child process learn from it."""

import asyncio
import os
import signal
import sys
import tempfile
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from souk.discovery.recommendations import store
from souk.discovery.recommendations.child import Task, write_task
from souk.discovery.recommendations.learnt import Interactions
from souk.discovery.recommendations.model import WEIGHTS
from souk.discovery.recommendations.settings import RecommendationSettings
from souk.discovery.recommendations.shelf import About, stamp
from souk.discovery.recommendations.store import Deed, ModelRow
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork

_PAGE: Final = 20_000
_MOST_TIMES: Final = 5
"""The tenth view of a page says no more than the fifth."""


class Trainer:
    """Learns models into the folder `root`."""

    def __init__(self, *, database: Database, root: Path, settings: RecommendationSettings) -> None:
        self._database = database
        self._root = root
        self._settings = settings

    async def train_if_due(self) -> About | None:
        """A new model, or None when the one there is will do."""
        async with self._database.transaction(SYSTEM) as uow:
            due = await self._is_due(uow)
        return await self.train() if due else None

    async def train(self) -> About | None:
        """Learns from all that is known now; None when nobody did enough.

        Raises:
            OSError, TimeoutError: the child process failed.
        """
        async with self._database.transaction(SYSTEM) as uow:
            now = uow.now
            gathered = await self._gather(uow)
        if gathered is None:
            return None
        about = await self._in_child(gathered, version=f"{now:%Y%m%dT%H%M%S%f}")
        async with self._database.transaction(SYSTEM) as uow:
            row = ModelRow(
                version=about.version,
                people=about.people,
                listings=about.listings,
                interactions=about.interactions,
                took_s=about.took_s,
                trained_at=now,
            )
            await store.add_model(uow, row)
        return about

    async def _is_due(self, uow: UnitOfWork) -> bool:
        total = await store.count(uow)
        if total < self._settings.min_interactions:
            return False
        last = await store.latest_model(uow)
        if last is None or not stamp(self._root):
            return True
        changed = await store.count(uow, noted_after=last.trained_at)
        return changed >= max(
            self._settings.min_changes, self._settings.changed_share * last.interactions
        )

    async def _gather(self, uow: UnitOfWork) -> Interactions | None:
        """What everybody did, page by page, so that the process goes on with other things."""
        oldest = await store.earliest_of_last(uow, limit=self._settings.max_interactions)
        since = oldest or uow.now - timedelta(days=self._settings.keep_days)
        gathering = Gathering(now=uow.now, half_life_days=self._settings.half_life_days)
        after = ("", "", "")
        while True:
            page = await store.deeds_after(uow, after, since=since, limit=_PAGE)
            gathering.add(page)
            if len(page) < _PAGE:
                return gathering.done()
            after = (page[-1].person, page[-1].listing_id, page[-1].kind)

    async def _in_child(self, gathered: Interactions, *, version: str) -> About:
        self._root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._root, prefix=".task-") as folder:
            task = Task(version=version, settings=self._settings)
            await asyncio.to_thread(write_task, Path(folder), gathered, task)
            answer = await self._run(Path(folder))
        return msgspec.json.decode(answer, type=About)

    async def _run(self, folder: Path) -> bytes:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "souk.discovery.recommendations.child",
            str(folder),
            str(self._root),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "OPENBLAS_NUM_THREADS": "1",
                "OMP_NUM_THREADS": "1",
            },
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self._settings.train_timeout_s):
                answer, _ = await process.communicate()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        if process.returncode != 0:
            raise OSError(f"the training process ended with {process.returncode}")
        return answer


class Gathering:
    """Turns deeds, given in the order of people, into numbered rows with weights."""

    def __init__(self, *, now: datetime, half_life_days: float) -> None:
        self._now = now
        self._half_life = timedelta(days=half_life_days)
        self._listings: dict[str, int] = {}
        self._people = 0
        self._person = ""
        self._own: dict[str, float] = {}
        self._rows: list[tuple[int, int, float]] = []

    def add(self, deeds: list[Deed]) -> None:
        for deed in deeds:
            if deed.person != self._person:
                self._close_person()
                self._person = deed.person
            faded = 0.5 ** max((self._now - deed.at) / self._half_life, 0.0)
            weight = WEIGHTS[deed.kind] * min(deed.times, _MOST_TIMES) * faded
            self._own[deed.listing_id] = self._own.get(deed.listing_id, 0.0) + weight

    def done(self) -> Interactions | None:
        """None when nobody had to do with two listings: then nothing goes together."""
        self._close_person()
        if not self._rows:
            return None
        return Interactions(
            people=np.array([row[0] for row in self._rows], np.int32),
            listings=np.array([row[1] for row in self._rows], np.int32),
            weights=np.array([row[2] for row in self._rows], np.float32),
            listing_ids=np.array([one.encode() for one in self._listings], np.bytes_),
        )

    def _close_person(self) -> None:
        """Who had to do with one listing alone says nothing of what goes together."""
        if len(self._own) > 1:
            for listing_id, weight in self._own.items():
                number = self._listings.setdefault(listing_id, len(self._listings))
                self._rows.append((self._people, number, weight))
            self._people += 1
        self._own = {}
