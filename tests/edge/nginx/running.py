"""Whole nodes with nginx in front, beside a small home."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec

from souk.edge.node import EdgeNode
from souk.edge.settings import EdgeSettings
from tests.edge.home import SmallHome


@asynccontextmanager
async def running(home: SmallHome, folder: Path, **changes: object) -> AsyncIterator[EdgeNode]:
    """Runs a node until the end of the block."""
    settings = EdgeSettings(
        home_url=home.url,
        token="t" * 20,
        port=0,
        data_dir=str(folder),
        free_bytes_kept=0,
        heartbeat_s=0.2,
        engine="nginx",
        nginx_workers=1,
    )
    node = EdgeNode(msgspec.structs.replace(settings, **changes))
    try:
        await node.start()
        yield node
    finally:
        await node.stop()


def client_of(node: EdgeNode) -> httpx.AsyncClient:
    """Asks a node as a downloader does."""
    return httpx.AsyncClient(base_url=node.url, trust_env=False, timeout=60)
