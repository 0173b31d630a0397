"""Downloads through a real node: whole, in parts, refused; and what is purged, revoked, damaged."""

import hashlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from souk_client.proofs.canonical import decode_base64url, encode_base64url
from souk_client.sdk import Souk
from tests.admins import admin_client
from tests.delivery.cdn.buying import MIB, Bought, fresh, key_of
from tests.delivery.cdn.nodes import ENGINES, Node, until
from tests.market import organisation_of, sign_up


@pytest.fixture(scope="module", params=ENGINES)
def node(
    request: pytest.FixtureRequest, base_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("node")
    node = Node(base_url, folder, "eu-west", engine=request.param)
    try:
        yield node.start()
    finally:
        node.stop()


@pytest.fixture(scope="module")
def seller(base_url: str) -> Souk:
    return sign_up(base_url)


@pytest.fixture(scope="module")
def admin(base_url: str, session_owner_dsn: str) -> Iterator[httpx.Client]:
    with admin_client(base_url, session_owner_dsn) as http:
        yield http


@pytest.fixture(scope="module")
def large(base_url: str, seller: Souk, node: Node) -> Bought:
    return Bought(base_url, seller, fresh(3 * MIB + 12_345))


def test_home_sends_to_the_node_and_the_node_gives_the_bytes(
    base_url: str, seller: Souk, node: Node
) -> None:
    for size in (10_000, MIB, MIB + 1, 9 * MIB + 5):
        bought = Bought(base_url, seller, fresh(size))
        url = bought.url()
        assert url.startswith(f"{node.url}/d/")
        first = httpx.get(url)
        assert first.content == bought.content
        assert first.headers["cache-status"] == "souk-eu-west; fwd=miss"
        until(lambda url=url: httpx.head(url).headers["cache-status"].endswith("hit"))
        again = httpx.get(url)
        assert again.content == bought.content
        assert again.headers["cache-status"] == "souk-eu-west; hit"
        assert again.headers["etag"] == f'"{hashlib.sha256(bought.content).hexdigest()}"'
        assert again.headers["content-length"] == str(size)
        home = httpx.get(f"{bought.home_url()}?from=home")
        assert home.status_code == 200 and home.content == bought.content


def test_parts_of_a_file_come_as_asked_for(large: Bought) -> None:
    url, content = large.url(), large.content
    for start, end in ((0, 1), (MIB - 3, MIB + 3), (MIB, 2 * MIB), (5, len(content))):
        answer = httpx.get(url, headers={"range": f"bytes={start}-{end - 1}"})
        assert answer.status_code == 206
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(content)}"
        assert answer.content == content[start:end]
    assert httpx.get(url, headers={"range": "bytes=-7"}).content == content[-7:]
    beyond = httpx.get(url, headers={"range": f"bytes={len(content)}-"})
    assert beyond.status_code == 416
    assert beyond.headers["content-range"] == f"bytes */{len(content)}"
    tag = beyond.headers["etag"]
    assert httpx.get(url, headers={"range": "bytes=1-", "if-range": '"x"'}).status_code == 200
    assert httpx.get(url, headers={"range": "bytes=1-", "if-range": tag}).status_code == 206
    known = httpx.get(url, headers={"if-none-match": tag})
    assert known.status_code == 304 and known.content == b""
    assert httpx.get(url, headers={"if-match": '"x"'}).status_code == 412
    head = httpx.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(content))


def test_several_parts_come_as_one_body_and_thousands_as_the_whole(large: Bought) -> None:
    url, content = large.url(), large.content
    spans = [(2 * MIB - 5, 2 * MIB + 5), (10, 20), (15, 30), (len(content) - 4, len(content))]
    wanted = ",".join(f"{start}-{end - 1}" for start, end in spans)
    answer = httpx.get(url, headers={"range": f"bytes={wanted}"})
    assert answer.status_code == 206
    kind, _, boundary = answer.headers["content-type"].partition("; boundary=")
    assert kind == "multipart/byteranges"
    assert len(answer.content) == int(answer.headers["content-length"])
    pieces = answer.content.split(f"\r\n--{boundary}".encode())
    assert pieces[0] == b"" and pieces[-1] == b"--\r\n"
    found = {}
    for piece in pieces[1:-1]:
        head, _, body = piece.partition(b"\r\n\r\n")
        where = head.decode().rpartition("content-range: bytes ")[2].partition("/")[0]
        found[where] = body
    expected = [(10, 30), (2 * MIB - 5, 2 * MIB + 5), (len(content) - 4, len(content))]
    assert found == {f"{a}-{b - 1}": content[a:b] for a, b in expected}
    many = "bytes=" + ",".join(f"{n * 7}-{n * 7}" for n in range(500))
    whole = httpx.get(url, headers={"range": many})
    assert whole.status_code == 200 and whole.content == content


def test_no_forged_or_foreign_address_opens_anything(large: Bought, node: Node) -> None:
    url = large.url()
    base, _, rest = url.partition("/d/")
    text, _, name = rest.partition("/")
    payload, _, signature = text.partition(".")
    facts = json.loads(decode_base64url(payload, what="payload"))
    for change in ({"e": facts["e"] + 60}, {"s": "0" * 64}, {"l": "x"}, {"g": []}, {"f": "a"}):
        forged = encode_base64url(json.dumps({**facts, **change}).encode())
        answer = httpx.get(f"{base}/d/{forged}.{signature}/{name}")
        assert (answer.status_code, answer.json()["code"]) == (403, "address_invalid"), change
    assert httpx.get(f"{base}/d/{text}/other.txt").status_code == 403
    home_ticket = large.home_url().partition("/d/")[2]
    assert httpx.get(f"{node.url}/d/{home_ticket}").status_code == 403
    at_home = large.home_url().partition("/d/")[0]
    assert httpx.get(f"{at_home}/d/{text}/{name}").json()["code"] == "address_invalid"
    for odd in ("x", "%00.%00", ".", "a" * 7000, f"{payload}.", "..%2f..%2fetc"):
        assert httpx.get(f"{base}/d/{odd}/{name}").status_code in {400, 403, 404, 414}
    assert httpx.post(url).status_code == 405
    assert httpx.get(f"{base}/anything").status_code == 404
    assert httpx.get(f"{url}?range=bytes%3D0-1&a=b").content == large.content


def test_odd_heads_are_refused(node: Node) -> None:
    assert httpx.get(f"{node.url}/health/live", headers={"x": "y" * 20_000}).status_code == 431
    smuggled = b"GET /health/live HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n"
    smuggled += b"transfer-encoding: chunked\r\ncontent-length: 6\r\n\r\n0\r\n\r\n"
    with socket.create_connection(("127.0.0.1", node.port), timeout=30) as connection:
        connection.sendall(smuggled)
        assert connection.recv(100).startswith(b"HTTP/1.1 400")


def test_a_purge_drops_what_it_names_at_the_node(
    base_url: str, seller: Souk, admin: httpx.Client, node: Node
) -> None:
    one, two = (Bought(base_url, seller, fresh(20_000)) for _ in range(2))
    urls = [one.url(), two.url()]

    def kept() -> list[bool]:
        return [httpx.head(url).headers["cache-status"].endswith("hit") for url in urls]

    def fill() -> None:
        for url in urls:
            httpx.get(url)
        until(lambda: kept() == [True, True])

    cases = [
        ({"kind": "url", "value": urls[0]}, [False, True]),
        ({"kind": "tag", "value": f"listing:{two.listing.id}"}, [True, False]),
        ({"kind": "tag", "value": f"organisation:{organisation_of(seller)}"}, [False, False]),
        ({"kind": "prefix", "value": f"/{one.listing.address}/"}, [False, True]),
        ({"kind": "all"}, [False, False]),
    ]
    for body, left in cases:
        fill()
        answer = admin.post("/api/v1/cdn/purges", json=body).raise_for_status().json()
        assert "eu-west" in {said["region"] for said in answer["nodes"]}, answer
        # At once, or on a busy machine with the next heartbeat.
        until(lambda left=left: kept() == left, what=f"the purge {body}")


def test_sellers_purge_their_own_and_nobody_elses(
    base_url: str, seller: Souk, large: Bought
) -> None:
    own = {"kind": "tag", "value": f"listing:{large.listing.id}"}
    forged = large.url().replace("/d/", "/d/A", 1)
    foreign = [own, {"kind": "all"}, {"kind": "prefix", "value": "/"}]
    foreign += [{"kind": "url", "value": large.url()}, {"kind": "url", "value": forged}]
    foreign += [{"kind": "tag", "value": f"organisation:{organisation_of(seller)}"}]
    foreign += [{"kind": "tag", "value": f"artifact:{'0' * 64}"}]
    stranger = sign_up(base_url)
    for who, body, wanted in [
        (seller, own, {200}),
        *((stranger, body, {403, 404, 422}) for body in foreign),
        (seller, {"kind": "all"}, {403}),
    ]:
        answer = who.http.post(
            "/api/v1/cdn/purges", json=body, headers={"authorization": f"Bearer {key_of(who)}"}
        )
        assert answer.status_code in wanted, (body, answer.text)


def test_an_address_dies_with_its_licence_at_every_node(
    base_url: str, seller: Souk, node: Node
) -> None:
    bought = Bought(base_url, seller, fresh(10_000))
    url = bought.url()
    assert httpx.get(url).content == bought.content
    seller.licences.revoke(bought.licence_id, reason="terms were broken")
    until(lambda: httpx.get(url).status_code == 403, what="the revocation")
    assert httpx.get(url).json()["code"] == "licence_not_good"
    # What ended is told to nodes that were started since as well.
    node.kill()
    node.start()
    assert httpx.get(url).json()["code"] == "licence_not_good"


def test_a_damaged_slice_is_never_served(base_url: str, seller: Souk, node: Node) -> None:
    bought = Bought(base_url, seller, fresh(2 * MIB + 5))
    url = bought.url()
    httpx.get(url)
    until(lambda: httpx.head(url).headers["cache-status"].endswith("hit"))
    name = hashlib.sha256(bought.content).hexdigest()
    paths = [path for path in node.slices() if path.name.startswith(name)]
    assert len(paths) == 3
    for path in paths[:2]:
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 2] ^= 1
        path.write_bytes(raw)
    assert httpx.get(url).content == bought.content


def test_what_was_served_is_written_to_the_sellers_account(
    base_url: str, node: Node, admin: httpx.Client
) -> None:
    seller = sign_up(base_url)
    bought = Bought(base_url, seller, fresh(30_000))
    url = bought.url()
    for _ in range(3):
        httpx.get(url)
        until(lambda: httpx.head(url).headers["cache-status"].endswith("hit"))
    header = {"authorization": f"Bearer {key_of(seller)}"}
    params = {"organisation_id": organisation_of(seller)}

    def seen() -> dict[str, int]:
        answer = httpx.get(f"{base_url}/api/v1/cdn/traffic", params=params, headers=header)
        return answer.raise_for_status().json()

    until(lambda: seen()["requests"] == 3)
    found = seen()
    assert found["bytes_sent"] == 90_000 and found["errors"] == 0
    assert found["hit_ratio"] == pytest.approx(2 / 3, abs=0.01)
    assert admin.get("/api/v1/cdn/traffic").json()["requests"] >= 3
    stranger = {"authorization": f"Bearer {key_of(sign_up(base_url))}"}
    refused = httpx.get(f"{base_url}/api/v1/cdn/traffic", params=params, headers=stranger)
    assert refused.status_code == 404


@pytest.mark.parametrize("engine", ENGINES)
def test_a_restarted_node_still_has_what_it_had(
    base_url: str, seller: Souk, tmp_path: Path, engine: str
) -> None:
    """Also after kill -9, and with a cache that a power cut left half written."""
    node = Node(base_url, tmp_path, "sa-east", engine=engine).start()
    try:
        pinned = {"organisation_id": organisation_of(seller), "regions": ["sa-east"]}
        header = {"authorization": f"Bearer {key_of(seller)}"}
        rules = f"{base_url}/api/v1/cdn/residency"
        httpx.put(rules, json=pinned, headers=header).raise_for_status()
        bought = Bought(base_url, seller, fresh(MIB + 77))
        until(lambda: bought.url().startswith(node.url))
        url = bought.url()
        assert httpx.get(url).content == bought.content
        until(lambda: httpx.head(url).headers["cache-status"].endswith("hit"))
        node.kill()
        (node.folder / "slices" / "zz").mkdir()
        (node.folder / "slices" / "zz" / f"{'0' * 64}.00000000.ab.new").write_bytes(b"half")
        node.start()
        assert httpx.head(url).headers["cache-status"].endswith("hit")
        assert httpx.get(url).content == bought.content
        httpx.put(rules, json={**pinned, "regions": []}, headers=header).raise_for_status()
    finally:
        node.stop()


@pytest.mark.parametrize("engine", ENGINES)
def test_the_node_counts_as_down_when_it_ends(
    base_url: str, seller: Souk, admin: httpx.Client, tmp_path: Path, engine: str
) -> None:
    node = Node(base_url, tmp_path, "ap-south", engine=engine).start()

    def state() -> str:
        (region,) = admin.get("/api/v1/cdn/regions?region=ap-south").json()["items"]
        return next(n["state"] for n in region["nodes"] if n["url"] == node.url)

    until(lambda: state() == "ready")
    assert node.stop() == 0
    until(lambda: state() == "down")
