"""One cache and one origin for all of these tests: each has paths of its own, time only goes on."""

import itertools
import socket
from collections.abc import Iterator

import httpx
import pytest

from souk.edge.sites import Site, SiteRules
from tests.edge.http_cache.origin import Origin
from tests.edge.http_cache.serving import ALL_METHODS, CacheNode

_numbers = itertools.count(1)


class Bench:
    """A node, an origin, and sites between them."""

    def __init__(self, node: CacheNode, origin: Origin) -> None:
        self.node = node
        self.origin = origin
        self.client = httpx.Client(base_url=node.url, timeout=30, trust_env=False)
        self.sites: dict[str, Site] = {}
        self.site(SiteRules(methods=ALL_METHODS), site_id="sit_main", hosts=("127.0.0.1",))

    def site(
        self,
        rules: SiteRules,
        *,
        site_id: str | None = None,
        hosts: tuple[str, ...] = (),
        base: str = "",
        regions: tuple[str, ...] = (),
    ) -> str:
        """A new site; the path below which it is."""
        site_id = site_id or f"sit_{next(_numbers)}"
        self.sites[site_id] = Site(
            id=site_id,
            organisation_id="org_1",
            kind="origin",
            hosts=hosts,
            upstream=f"{self.origin.url}{base}",
            regions=regions,
            rules=rules,
        )
        self.node.serve(*self.sites.values())
        return f"http://localhost:{self.node.port}/s/{site_id}"

    def path(self) -> str:
        """A path that nobody has asked for."""
        return f"/p{next(_numbers)}"

    def get(self, path: str, **headers: str) -> httpx.Response:
        """A GET at the main site; an underscore in a header's name stands for a dash."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, headers=named)

    def raw(self, request: str) -> bytes:
        """The beginning of the answer to these very bytes."""
        with socket.create_connection(("127.0.0.1", self.node.port), timeout=30) as connection:
            connection.sendall(request.encode())
            return connection.recv(4096)

    def later(self, seconds: float) -> None:
        """So much time goes by."""
        self.node.now.seconds += seconds


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    node = CacheNode(tmp_path_factory.mktemp("cache"))
    node.start()
    bench = Bench(node, Origin(node.now))
    try:
        yield bench
    finally:
        bench.client.close()
        bench.origin.close()
        node.stop()


@pytest.fixture
def bench(shared: Bench) -> Bench:
    """With all that is on its way settled."""
    shared.node.settled()
    return shared
