"""Commands to nodes: written down first, then pushed to each; who misses one hears it later."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import httpx
import msgspec
import structlog

from souk.delivery.cdn import log_store, nodes_store
from souk.delivery.cdn.fleet import MAX_COMMANDS, Fleet
from souk.delivery.cdn.nodes_store import NodeRow
from souk.delivery.cdn.settings import CdnSettings
from souk.edge.protocol import (
    COMMANDS_KIND,
    ROOT,
    SIGNATURE_HEADER,
    Applied,
    Command,
    CommandKind,
    SignedCommands,
)
from souk.infra.keyring import URLS, Keyring
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk_client.contracts.cdn import PurgeAtNode
from souk_client.proofs.canonical import encode_base64url

_AT_LEAST_S: Final = 0.05

log = structlog.get_logger("souk.cdn")


class Telling:
    """Appends commands and pushes them to every node that is up."""

    def __init__(
        self, database: Database, *, keyring: Keyring, fleet: Fleet, settings: CdnSettings
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._fleet = fleet
        self._settings = settings
        self._client: httpx.AsyncClient | None = None
        self._pushing: set[asyncio.Task[object]] = set()

    async def append(self, uow: UnitOfWork, *, kind: CommandKind, value: str, by: str) -> int:
        """Writes a command down in the caller's transaction, pushed after its commit."""
        return await log_store.append(uow, kind=kind, value=value, by=by)

    def push_after(self, uow: UnitOfWork) -> None:
        """Once the transaction is committed, the nodes are told beside it."""

        def begin() -> None:
            task: asyncio.Task[object] = asyncio.create_task(self.push())
            self._pushing.add(task)
            task.add_done_callback(self._pushing.discard)

        uow.after_commit(begin)

    async def push(self) -> list[PurgeAtNode]:
        """Tells every node that is up what it has not confirmed; answers what each of them said."""
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            newest = (await log_store.log(uow)).newest
            nodes = [
                row
                for row in await nodes_store.nodes(uow)
                if self._fleet.state(row, uow.now) in {"ready", "draining"}
            ]
            least = min((row.applied for row in nodes), default=newest)
            commands = await log_store.commands_after(uow, least, limit=MAX_COMMANDS)
            issued_at = int(uow.now.timestamp())
        told = await asyncio.gather(
            *(self._tell(node, commands, issued_at=issued_at) for node in nodes)
        )
        done = {node.id: applied for node, (applied, _) in zip(nodes, told, strict=True)}
        async with self._database.transaction(SYSTEM) as uow:
            for node_id, applied in done.items():
                if applied is not None:
                    await nodes_store.note_applied(uow, node_id, applied)
        return [
            PurgeAtNode(
                node_id=node.id,
                region=node.region,
                confirmed=applied is not None and applied >= newest,
                took_ms=took_ms,
            )
            for node, (applied, took_ms) in zip(nodes, told, strict=True)
        ]

    async def close(self) -> None:
        """Lets go of connections to nodes."""
        for task in tuple(self._pushing):
            task.cancel()
        if self._pushing:
            await asyncio.wait(tuple(self._pushing))
        if self._client is not None:
            await self._client.aclose()

    async def _tell(
        self, node: NodeRow, commands: Sequence[Command], *, issued_at: int
    ) -> tuple[int | None, int]:
        """Up to which command the node has done everything (None when it does not say), and how
        long its answer took, in milliseconds."""
        news = tuple(command for command in commands if command.number > node.applied)
        message = SignedCommands(
            node_id=node.id, issued_at=issued_at, after=node.applied, commands=news
        )
        body = msgspec.json.encode(message)
        key = await self._keyring.current(URLS)
        signature = f"{key.public.kid}.{encode_base64url(key.sign(COMMANDS_KIND + body))}"
        if self._client is None:
            self._client = httpx.AsyncClient(trust_env=False)
        started = time.perf_counter()
        applied: int | None = None
        try:
            async with asyncio.timeout(max(_AT_LEAST_S, self._settings.purge_s)):
                answer = await self._client.post(
                    f"{node.url}{ROOT}/commands",
                    content=body,
                    headers={SIGNATURE_HEADER: signature, "content-type": "application/json"},
                )
            if answer.status_code == 200:
                applied = msgspec.json.decode(answer.content, type=Applied).applied
        except (httpx.HTTPError, TimeoutError, msgspec.MsgspecError) as error:
            log.warning("a node did not confirm", node=node.id, problem=repr(error))
        return applied, round((time.perf_counter() - started) * 1000)
