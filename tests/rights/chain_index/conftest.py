"""Contracts on a chain of the module's own, and what reads them."""

import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.rights.chain import store as chain_store
from souk.rights.chain.model import CHAINS
from souk.rights.chain.rpc import Rpc
from souk.rights.chain_index.indexer import Indexer
from tests.chain import Chain, install_chain, running_chain
from tests.contracts.conftest import Bazaar

HERE = Path(__file__).parent
Twist = Callable[[str, list[Any], Any], Any]
Index = Callable[..., Indexer]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever needs a running chain is left out of the quick checks."""
    for item in items:
        if "node" in getattr(item, "fixturenames", ()) and item.path.is_relative_to(HERE):
            item.add_marker("slow")


@pytest.fixture(scope="module")
def node() -> Iterator[Chain]:
    """A chain of this module's own; it mines every transaction at once."""
    install_chain()
    with running_chain() as chain:
        yield chain


@pytest.fixture(scope="module")
def bazaar(node: Chain) -> Bazaar:
    """The contracts, without compiling them anew."""
    owner, registrar, treasury = (
        node.account(name).address for name in ("owner", "registrar", "treasury")
    )
    works = node.deploy("Works", owner, registrar)
    licences = node.deploy("Licences", owner, registrar)
    market = node.deploy("Market", owner, registrar, works.address, licences.address, treasury)
    node.send(licences.functions.nameMarket(market.address), "owner")
    coin = node.deploy("PlatformToken", "Genx", "GENX", 10**30, owner)
    return Bazaar(chain=node, works=works, licences=licences, market=market, coin=coin)


@pytest.fixture
async def index(database: Database, node: Chain, bazaar: Bazaar) -> AsyncIterator[Index]:
    """Makes an indexer: `index(url, finality=3)`."""
    known = Rpc(CHAINS["local"], [node.url])
    network = await known.identify()
    async with database.transaction(SYSTEM) as uow:
        await chain_store.see_network(
            uow, key=network, name="local", chain_id=31337, genesis=known.genesis, head=1
        )
    await known.close()
    open_ones: list[Indexer] = []
    contracts = {"Works": bazaar.works, "Licences": bazaar.licences, "Market": bazaar.market}

    def made(*urls: str, **options: Any) -> Indexer:
        wanted: dict[str, Any] = {
            "finality": 1,
            "start": 0,
            "most_blocks": 1000,
            **options,
        }
        indexer = Indexer(
            database,
            rpc=Rpc(CHAINS["local"], list(urls) or [node.url], timeout_s=5),
            given={name: contract.address for name, contract in contracts.items()},
            poll_s=0.05,
            **wanted,
        )
        open_ones.append(indexer)
        return indexer

    yield made
    for indexer in open_ones:
        await indexer.close()


async def read_all(indexer: Indexer) -> None:
    """Reads up to the chain's end."""
    while await indexer.step():
        pass


class Proxy:
    """A node in front of the real one, whose answers the test twists."""

    def __init__(self, behind: str) -> None:
        self.twist: Twist = lambda _method, _parameters, answer: answer
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = outer._answered(json.loads(body), behind)
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Silence."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._client = httpx.Client(verify=False)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def _answered(self, asked: Any, behind: str) -> bytes:
        several = asked if isinstance(asked, list) else [asked]
        answers = self._client.post(behind, json=several).json()
        for one, answer in zip(several, answers, strict=True):
            self.asked.append(one["method"])
            twisted = self.twist(one["method"], one["params"], answer.get("result"))
            if isinstance(twisted, Refusal):
                answer.pop("result", None)
                answer["error"] = {"code": -32005, "message": str(twisted)}
            elif "result" in answer:
                answer["result"] = twisted
        return json.dumps(answers if isinstance(asked, list) else answers[0]).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._client.close()


class Refusal(str):
    """What a node says when it refuses."""


@contextmanager
def proxied(url: str) -> Iterator[Proxy]:
    proxy = Proxy(url)
    try:
        yield proxy
    finally:
        proxy.close()
