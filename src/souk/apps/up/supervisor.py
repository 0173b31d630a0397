"""Starts a marketplace in order, keeps it running, and stops it in the opposite order."""

import asyncio
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from souk.apps.marketplace_secret import marketplace_secret
from souk.apps.up.chain import local_chain
from souk.apps.up.child import Child
from souk.apps.up.database import KeptDatabase
from souk.apps.up.leftovers import MARK, end_leftovers, mark_of
from souk.apps.up.lock import STOPPING, FolderLock
from souk.apps.up.log_file import LogFile
from souk.apps.up.preflight import ensure_data_folder, ensure_port_is_free
from souk.apps.up.readiness import wait_until_ready
from souk.apps.up.schema import is_current
from souk.apps.up.screen import Screen
from souk.apps.up.starting_catalogue import ensure_catalogue, sign_ins
from souk.apps.up.steps import run_step
from souk.delivery.cdn.settings import CdnSettings
from souk.edge.protocol import LOCAL_JOIN
from souk.infra.keyring import Sealer
from souk.infra.settings import Settings, load

_NOT_FOR_NODES: Final = frozenset({"SOUK_SECRET", "SOUK_DATABASE_URL"})
_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def run_up(settings: Settings, *, environment: Mapping[str, str], catalogue: bool) -> None:
    """Runs the marketplace until a signal asks it to stop.

    Args:
        settings: where it lives and listens.
        environment: what its processes inherit.
        catalogue: whether the starting catalogue is loaded on the first start.

    Raises:
        UpError: it could not start, or could not be kept running.
    """
    screen = Screen()
    ensure_data_folder(settings.data_path)
    lock = FolderLock(settings.data_path)
    lock.take()
    try:
        lock.note(f"at {settings.base_url}")
        marketplace = _Marketplace(settings, environment, screen)
        await _until_asked_to_stop(marketplace, lock, screen, catalogue=catalogue)
    finally:
        lock.release()


async def _until_asked_to_stop(
    marketplace: "_Marketplace", lock: FolderLock, screen: Screen, *, catalogue: bool
) -> None:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in _STOP_SIGNALS:
        loop.add_signal_handler(signal_number, asked.set)
    work = asyncio.create_task(marketplace.run(catalogue=catalogue))
    asking = asyncio.create_task(asked.wait())
    try:
        await asyncio.wait((work, asking), return_when=asyncio.FIRST_COMPLETED)
        lock.note(STOPPING)
        if not work.done():
            screen.say("Stopping")
            work.cancel()
        with suppress(asyncio.CancelledError):
            await work
    finally:
        asking.cancel()
        await marketplace.stop()
        for signal_number in _STOP_SIGNALS:
            loop.remove_signal_handler(signal_number)
    screen.say("Stopped")


class _Marketplace:
    """The processes of one marketplace, in the order in which they need each other."""

    def __init__(self, settings: Settings, environment: Mapping[str, str], screen: Screen) -> None:
        self._settings = settings
        self._screen = screen
        self._database = None if settings.database_url else KeptDatabase(settings, screen.say)
        self._environment = dict(environment)
        self._children: list[Child] = []

    async def run(self, *, catalogue: bool) -> None:
        """Starts everything; returns only by an error (UpError) or when it is cancelled."""
        settings, say = self._settings, self._screen.say
        if end_leftovers(settings.data_path):
            say("Ended processes that an earlier start left behind")
        ensure_port_is_free(settings.host, settings.port)
        async with asyncio.TaskGroup() as tasks:
            owner_dsn = settings.database_url
            if self._database is not None:
                owner_dsn = await self._database.start()
                say("PostgreSQL is running")
                tasks.create_task(self._database.keep_running())
            self._environment |= self._inherited(owner_dsn)
            if not await asyncio.to_thread(is_current, owner_dsn, self._environment["SOUK_SECRET"]):
                say("Bringing the schema up to date")
                await run_step(
                    *("souk.apps.cli", "migrate"),
                    environment=self._environment,
                    purpose="bring the schema up to date",
                )
            chain = local_chain(self._environment)
            self._environment |= chain.environment
            self._children = [
                self._child("server", "souk.apps.api"),
                self._child("worker", "souk.apps.worker"),
            ]
            if chain.runs:
                self._children.append(
                    self._child("chain", "souk.apps.chain", environment=self._without_secrets())
                )
            elif chain.says:
                say(chain.says)
            for child in self._children:
                tasks.create_task(child.keep_running())
            await wait_until_ready(
                settings.host, settings.port, children=tuple(self._children), say=say
            )
            cdn = load(CdnSettings, self._environment, prefix="SOUK_CDN_")
            if cdn.regions_here(settings.base_url):
                self._children.append(
                    self._child("edge-nodes", "souk.apps.edge", environment=self._of_nodes())
                )
                tasks.create_task(self._children[-1].keep_running())
            if catalogue:
                await ensure_catalogue(settings, environment=self._environment, say=say)
            self._screen.ready(settings, sign_ins(settings))

    async def stop(self) -> None:
        """Stops every process within its limit: first who serves, last what keeps the data."""
        await asyncio.gather(*(child.stop() for child in self._children))
        # Nodes that scaling has started outlive the worker; they end with the marketplace.
        await asyncio.to_thread(end_leftovers, self._settings.data_path)
        if self._database is not None:
            await self._database.stop()
        for child in self._children:
            child.log.close()

    def _inherited(self, owner_dsn: str) -> dict[str, str]:
        settings = self._settings
        return {
            "SOUK_DATA_DIR": str(settings.data_path),
            "SOUK_DATABASE_URL": owner_dsn,
            "SOUK_SECRET": marketplace_secret(settings),
            MARK: mark_of(settings.data_path),
            "PYTHONUNBUFFERED": "1",
        }

    def _without_secrets(self) -> dict[str, str]:
        """What processes inherit that need neither the database nor the marketplace's secret."""
        return {
            name: value for name, value in self._environment.items() if name not in _NOT_FOR_NODES
        }

    def _of_nodes(self) -> dict[str, str]:
        kept = self._without_secrets()
        join = Sealer(self._environment["SOUK_SECRET"]).derive(LOCAL_JOIN).hex()
        return {**kept, "SOUK_EDGE_TOKEN": join}

    def _child(
        self, name: str, module: str, *, environment: Mapping[str, str] | None = None
    ) -> Child:
        log = LogFile(self._settings.data_path / "log" / f"{name}.log")
        return Child(
            name,
            module,
            environment=environment or self._environment,
            log=log,
            say=self._screen.say,
        )
