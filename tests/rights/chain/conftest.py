"""A local chain whose blocks the test makes, and the worker that carries transactions to it."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from souk.infra.postgres.database import Database
from souk.rights.chain.anchoring import Anchoring
from souk.rights.chain.deploying import Deploying
from souk.rights.chain.keys import Keystore, Signer
from souk.rights.chain.model import CHAINS
from souk.rights.chain.rpc import Rpc
from souk.rights.chain.settings import ChainSettings
from souk.rights.chain.transactions import Sending
from souk.rights.chain.worker import ChainWorker
from tests.chain import Chain, install_chain, running_chain

HERE = Path(__file__).parent
PASSWORD = secrets.token_hex(8)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever needs a running chain is left out of the quick checks."""
    for item in items:
        if "node" in getattr(item, "fixturenames", ()) and item.path.is_relative_to(HERE):
            item.add_marker("slow")


@pytest.fixture(scope="module")
def node() -> Iterator[Chain]:
    """A chain of this module's own; it mines every transaction at once, unless told otherwise."""
    install_chain()
    with running_chain() as chain:
        yield chain


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "key.json"


@pytest.fixture(scope="module")
def signer(key_file: Path) -> Keystore:
    return Keystore(key_file, password=lambda: PASSWORD, make=True)


Work = Callable[..., "Hand"]


class Hand:
    """A chain's parts, driven step by step by the test."""

    def __init__(self, database: Database, urls: list[str], signer: Signer, **options: Any) -> None:
        finality = options.pop("finality", 1)
        deploys = options.pop("deploys", False)
        settings = ChainSettings(**{"anchor_every_s": 0.1, **options})
        self.rpc = Rpc(CHAINS["local"], urls, timeout_s=5)
        self.sending = Sending(
            database, rpc=self.rpc, signer=signer, settings=settings, finality=finality
        )
        self.worker = ChainWorker(
            database,
            rpc=self.rpc,
            signer=signer,
            sending=self.sending,
            anchoring=Anchoring(database, every_s=0) if deploys else None,
            deploying=Deploying(database),
            deploys=deploys,
            contracts={},
            poll_s=0.05,
        )

    async def steps(self, count: int) -> None:
        for _ in range(count):
            await self.worker.step()

    async def network(self) -> str:
        return await self.rpc.identify()


@pytest.fixture
def work(database: Database, node: Chain, signer: Keystore) -> Work:
    """Makes the parts: `work(finality=3)`."""
    return lambda *urls, **options: Hand(
        database, list(urls) or [node.url], options.pop("signer", signer), **options
    )
