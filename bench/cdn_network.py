"""Six nodes on hosts of their own, lines with realistic round trips, and nodes that are killed."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from bench._cdn_network import KILL_EVERY_S, Node, buy, wait_until
from bench._harness import Line, Section, bench_marketplace, signed_up
from bench._netns import Host, Network, can_be_made
from souk.delivery.cdn.model import Spot, distance_km
from souk.edge.protocol import LOCAL_JOIN
from souk.infra.keyring import Sealer
from souk_client.sdk import Souk

MIB: Final = 2**20
FIRST_BYTE_MS: Final = 50.0
FAIL_OVER_S: Final = 2.0
REGIONS: Final = {
    "na-east": (Spot(39.0, -77.5), "8.8.8.8"),
    "na-west": (Spot(37.4, -122.0), "189.203.0.1"),
    "eu-west": (Spot(50.1, 8.7), "81.2.69.142"),
    "ap-south": (Spot(19.1, 72.9), "49.36.0.1"),
    "ap-northeast": (Spot(35.7, 139.7), "133.11.0.1"),
    "sa-east": (Spot(-23.5, -46.6), "200.160.2.3"),
}
"""Where each region is, and an address near it from which its downloader asks."""
NEAR_MS: Final = 10.0
FAR_MS: Final = 150.0
HOW: Final = """
Thirteen hosts: home, six nodes (`souk edge`, a region each) and six downloaders beside them, each
in a network namespace of its own. A router between them holds every packet back for as long as
light in fibre needs for the distance and a fifth more: {near:.0f} ms there and back within a
region, up to {far:.0f} ms between two; home stands in na-east. Downloaders ask home with an address
of their region (through a trusted proxy's header) and follow where it leads. *First byte*: 20,000
bytes that the node holds, each time on a new connection, so two round trips at least; beside it the
same from home. *Fail-over*: the node that a download of {large} MiB comes from is killed (`kill
-9`) once its bytes flow; the longest time without a byte, by `souk-client` as it is. *Soak*: for
{soak:.0f} s every downloader fetches files of 20,000 bytes to 8 MiB without a pause, each checked
by its sha256, while every {every:.0f} s a node chosen at random is killed and started again. All of
it shares {cores} cores (load average when it was measured: {load:.0f}), which shows in the times.
"""


def run(*, quick: bool) -> Section:
    """Measures all three.

    Raises:
        RuntimeError: no network namespaces can be made here (it needs root and /dev/net/tun).
    """
    if not can_be_made():
        raise RuntimeError("network namespaces need root, `ip` and /dev/net/tun")
    soak_s = 20.0 if quick else 300.0
    large_mib = 64 if quick else 192
    with _world() as world:
        lines = [
            _first_byte(world, count=5 if quick else 40),
            _fail_over(world, large_mib=large_mib, rounds=2 if quick else 8),
            *_soak(world, seconds=soak_s),
        ]
    how = HOW.format(
        near=NEAR_MS,
        far=FAR_MS,
        large=large_mib,
        soak=soak_s,
        every=KILL_EVERY_S,
        cores=os.cpu_count(),
        load=os.getloadavg()[0],
    )
    return Section(title="CDN: six hosts and lines between them", how=how, lines=lines)


class _World:
    """A marketplace, its nodes and downloaders, each on its host."""

    def __init__(
        self, home: str, nodes: Sequence[Node], clients: dict[str, Host], seller: Souk, buyer: Souk
    ) -> None:
        self.home = home
        self.nodes = nodes
        self.clients = clients
        self.seller = seller
        self.buyer = buyer
        self.key = buyer.api_keys.create(name="bench").key

    def node_at(self, url: str) -> Node | None:
        return next((node for node in self.nodes if node.url == url), None)

    def begin(self, region: str, work: dict[str, Any]) -> "subprocess.Popen[str]":
        """Starts a downloader on its host."""
        client = subprocess.Popen(
            self.clients[region].command(sys.executable, "-m", "bench._cdn_client"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parent.parent,
        )
        assert client.stdin is not None
        sent = {"home": self.home, "key": self.key, "from": REGIONS[region][1], **work}
        client.stdin.write(json.dumps(sent) + "\n")
        client.stdin.flush()
        return client


@contextmanager
def _world() -> Iterator[_World]:
    names = list(REGIONS)
    network = Network(
        [*(f"souk-n-{name}" for name in names), *(f"souk-c-{name}" for name in names)], _one_way_s
    )
    port = 23_500
    home = f"http://{network.hosts[0].address}:{port}"
    clients = dict(zip(names, network.hosts[1 + len(names) :], strict=True))
    environment = {
        "SOUK_HOST": "0.0.0.0",  # hosts of this machine alone reach it
        "SOUK_PUBLIC_URL": home,
        "SOUK_TRUSTED_PROXIES": ",".join(host.address for host in clients.values()),
        "SOUK_CDN_LOCAL_REGIONS": "-",
    }
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="souk-bench-")))
        stack.enter_context(network)
        market, _ = stack.enter_context(bench_marketplace(port=port, environment=environment))
        secret = (market.data_dir / "secrets" / "marketplace").read_text().strip()
        token = Sealer(secret).derive(LOCAL_JOIN).hex()
        seller, buyer = (
            stack.enter_context(_account(home, handle)) for handle in ("maker", "reader")
        )
        nodes = [
            Node(network.hosts[at], name, home=home, token=token, folder=folder)
            for at, name in enumerate(names, start=1)
        ]
        for node in nodes:
            stack.callback(node.kill)
            node.start()
        wait_until(lambda: len(_ready(home)) == len(nodes), "every node")
        yield _World(home, nodes, clients, seller, buyer)


@contextmanager
def _account(home: str, handle: str) -> Iterator[Souk]:
    class _Market:
        base_url = home

    souk = signed_up(_Market, handle)  # type: ignore[arg-type]  # it asks for the address alone
    with souk:
        yield souk


def _ready(home: str) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = httpx.get(f"{home}/api/v1/cdn/route").json()["nodes"]
    return nodes


def _one_way_s(one: int, other: int) -> float:
    """Half of the round trip between two hosts: home is in na-east, then nodes, then clients."""
    spots = [spot for spot, _ in REGIONS.values()]
    here, there = (spots[0 if at == 0 else (at - 1) % len(spots)] for at in (one, other))
    return min(FAR_MS, NEAR_MS + 1.2 * distance_km(here, there) / 100) / 2000


def _first_byte(world: _World, *, count: int) -> Line:
    licence, _ = buy(world.seller, world.buyer, 20_000)
    times, home, nearest = [], [], 0
    for region in REGIONS:
        work = {"kind": "first_byte", "licence": licence, "count": count}
        found = _last_line(world.begin(region, work))
        node = world.node_at(found["node"] or "")
        nearest += node is not None and node.region == region
        times += found["times"]
        home += found["home"]
    mine, origin = _median(times) * 1000, _median(home) * 1000
    late = sorted(times)[int(len(times) * 0.95)] * 1000
    return Line(
        what="first byte from the nearest node, on a new connection",
        measured=f"median {mine:.1f} ms, p95 {late:.1f} ms; "
        f"{nearest} of {len(REGIONS)} downloaders were sent to the node of their region",
        promised=f"median < {FIRST_BYTE_MS:.0f} ms",
        reached=mine < FIRST_BYTE_MS and nearest == len(REGIONS),
        beside=f"from home: median {origin:.1f} ms",
    )


def _fail_over(world: _World, *, large_mib: int, rounds: int) -> Line:
    licence, sha256 = buy(world.seller, world.buyer, large_mib * MIB)
    names = list(REGIONS)
    stalls, problems, calm = [], [], []
    for turn in range(max(2, rounds // 2)):  # the same without a kill: what the machine itself does
        work = {"kind": "fail_over", "licence": licence, "sha256": sha256}
        found = _last_line(world.begin(names[turn % len(names)], work))
        calm.append(found["stall_s"] or 0.0)
    for turn in range(rounds):
        wait_until(lambda: len(_ready(world.home)) == len(world.nodes), "every node again")
        work = {"kind": "fail_over", "licence": licence, "sha256": sha256}
        client = world.begin(names[turn % len(names)], work)
        assert client.stdout is not None
        node = world.node_at(json.loads(client.stdout.readline()).get("node", ""))
        if node is None:
            problems.append("it came from home")
        else:
            node.kill()
        found = _last_line(client)
        if found["right"]:
            stalls.append(found["stall_s"])
        else:
            problems.append(found.get("problem") or "another hash")
        if node is not None:
            node.start()
    worst = max(stalls, default=float("inf"))
    return Line(
        what=f"fail-over: a node is killed under a download of {large_mib} MiB, {rounds} times",
        measured=f"longest time without a byte: median {_median(stalls):.2f} s, "
        f"worst {worst:.2f} s; {len(problems)} failed",
        promised=f"< {FAIL_OVER_S:.0f} s, none failed",
        reached=worst < FAIL_OVER_S and not problems,
        beside=f"without a kill: median {_median(calm):.2f} s, worst {max(calm):.2f} s",
        bounded_by="; ".join(problems[:3])
        or f"all hosts sharing {os.cpu_count()} cores, which alone makes {max(calm):.2f} s without "
        "a byte; the rest is a new connection to another node, which has to fetch the slice first",
    )


def _soak(world: _World, *, seconds: float) -> list[Line]:
    bought = [buy(world.seller, world.buyer, size) for size in (20_000, MIB + 1, 3 * MIB, 8 * MIB)]
    sizes = dict(zip((one for one, _ in bought), (20_000, MIB + 1, 3 * MIB, 8 * MIB), strict=True))
    wait_until(lambda: len(_ready(world.home)) == len(world.nodes), "every node again")
    work = {"kind": "soak", "seconds": seconds, "licences": list(sizes), "sizes": sizes}
    clients = [world.begin(region, work) for region in REGIONS]
    chance = random.Random(5)
    until = time.monotonic() + seconds
    killed = 0
    down: list[Node] = []
    while time.monotonic() < until:
        time.sleep(KILL_EVERY_S / 2)
        for node in down:
            node.start()
        down = [chance.choice(world.nodes)]
        time.sleep(KILL_EVERY_S / 2)
        down[0].kill()
        killed += 1
    for node in down:
        node.start()
    found = [_last_line(client) for client in clients]
    files = sum(one["files"] for one in found)
    received = sum(one["bytes"] for one in found)
    problems = [problem for one in found for problem in one["problems"]]
    return [
        Line(
            what=f"soak: {killed} kills in {seconds:.0f} s",
            measured=f"{files:,} files, {received / 10**9:.2f} GB, each right; "
            f"{len(problems)} failed, corrupt or short",
            promised="0 corrupt or lost bytes",
            reached=not problems and files > 0,
            bounded_by="; ".join(problems[:3]),
        )
    ]


def _last_line(client: "subprocess.Popen[str]") -> dict[str, Any]:
    out, _ = client.communicate(timeout=900)
    if client.returncode != 0:
        raise RuntimeError(f"a downloader ended with {client.returncode}")
    found: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    return found


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2] if values else float("inf")
