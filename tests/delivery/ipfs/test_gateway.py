"""The trustless gateway over HTTP: blocks, CAR files, paths and parts, as specified."""

import hashlib
import secrets

import httpx
import pytest
from multiformats import CID

from souk_client.sdk import Souk
from tests.delivery.ipfs.checker import files_below, read_car
from tests.delivery.ipfs.market import await_cid, file_cid, folder_cid, publish_files
from tests.market import sign_up
from tests.serving import Marketplace

MIB = 2**20
SALT = b"gateway1"
REPEATED = (SALT * (MIB // 8)) * 2
LARGE = b"".join(hashlib.sha256(SALT + b"%d" % n).digest() for n in range(3 * MIB // 32)) + SALT
FILES = {
    "README.md": b"# A work\n" + SALT,
    "data/large.bin": LARGE,
    "data/repeated.bin": REPEATED,
    "data/empty": b"",
    "data/deep/er/ä b.txt": b"deep " + SALT,
}
ROOT = folder_cid(FILES)
CAR = {"format": "car"}


@pytest.fixture(scope="module")
def seller(base_url: str) -> Souk:
    return sign_up(base_url)


@pytest.fixture(scope="module")
def gateway(base_url: str, seller: Souk) -> str:
    """Where the tree of FILES is given away."""
    publish_files(seller, FILES)
    await_cid(base_url, ROOT)
    return f"{base_url}/ipfs"


def fetch(url: str, **params: str) -> httpx.Response:
    return httpx.get(url, params={"format": "car", **params})


def blocks_of(answer: httpx.Response) -> list[tuple[str, bytes]]:
    assert answer.status_code == 200, answer.text
    return read_car(answer.content)[1]


def test_a_folder_arrives_whole_and_proves_itself(gateway: str) -> None:
    answer = fetch(f"{gateway}/{ROOT}")
    roots, found = read_car(answer.content)
    assert roots == [ROOT] == [found[0][0]]
    assert files_below(ROOT, dict(found)) == FILES
    assert len(found) == len(dict(found)), "without dups=y every block comes once"
    assert (
        answer.headers["content-type"] == "application/vnd.ipld.car; version=1; order=dfs; dups=n"
    )
    assert answer.headers["cache-control"] == "public, max-age=29030400, immutable"
    assert answer.headers["content-disposition"] == f'attachment; filename="{ROOT}.car"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-ipfs-path"] == f"/ipfs/{ROOT}"
    assert answer.headers["x-ipfs-roots"] == ROOT
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "accept" in answer.headers["vary"] and "authorization" in answer.headers["vary"]
    assert "content-location" not in answer.headers


def test_every_block_can_be_asked_for_alone(gateway: str) -> None:
    for cid, block in blocks_of(fetch(f"{gateway}/{ROOT}")):
        answer = httpx.get(f"{gateway}/{cid}", params={"format": "raw"})
        assert answer.content == block
        assert answer.headers["content-type"] == "application/vnd.ipld.raw"
        assert answer.headers["content-length"] == str(len(block))
        assert answer.headers["etag"] == f'"{cid}.raw"'
        assert answer.headers["content-disposition"] == f'attachment; filename="{cid}.bin"'


def test_the_header_chooses_the_form_and_the_address_wins(gateway: str) -> None:
    url = f"{gateway}/{ROOT}"
    raw = httpx.get(url, headers={"accept": "application/vnd.ipld.raw"})
    assert raw.headers["content-type"] == "application/vnd.ipld.raw"
    assert raw.headers["content-location"] == f"/ipfs/{ROOT}?format=raw"
    wanted = "text/html, application/vnd.ipld.car; order=dfs; dups=y; q=0.9, */*;q=0.1"
    car = httpx.get(url, headers={"accept": wanted})
    assert car.headers["content-type"].endswith("order=dfs; dups=y")
    both = httpx.get(url, params=CAR, headers={"accept": "application/vnd.ipld.raw"})
    assert both.headers["content-type"].startswith("application/vnd.ipld.car")
    named = fetch(url, filename='my "work"\r\n.car')
    assert named.headers["content-disposition"] == 'attachment; filename="my _work___.car"'
    choosy = "application/vnd.ipld.car; order=rnd, application/vnd.ipld.car; dups=y; q=0.2"
    assert httpx.get(url, headers={"accept": choosy}).headers["content-type"].endswith("dups=y")


def test_duplicates_come_when_asked_for(gateway: str) -> None:
    cid = file_cid(REPEATED)
    once = blocks_of(fetch(f"{gateway}/{cid}"))
    twice = blocks_of(fetch(f"{gateway}/{cid}", **{"car-dups": "y"}))
    assert [len(block) for _, block in once[1:]] == [MIB]
    assert [len(block) for _, block in twice[1:]] == [MIB, MIB]
    assert files_below(cid, dict(twice)) == {"": REPEATED}


def test_a_path_comes_with_the_blocks_that_prove_it(gateway: str) -> None:
    answer = fetch(f"{gateway}/{ROOT}/data/deep/er/ä b.txt")
    found = blocks_of(answer)
    assert len(found) == 5
    assert found[-1][1] == FILES["data/deep/er/ä b.txt"]
    assert answer.headers["x-ipfs-path"] == f"/ipfs/{ROOT}/data/deep/er/%C3%A4%20b.txt"
    assert answer.headers["x-ipfs-roots"].split(",") == [cid for cid, _ in found]
    folder = {name[5:]: body for name, body in FILES.items() if name.startswith("data/")}
    below = blocks_of(fetch(f"{gateway}/{ROOT}/data/"))
    assert files_below(folder_cid(folder), dict(below)) == folder


@pytest.mark.parametrize(
    ("path", "scope", "blocks"),
    [
        ("", "block", 1),
        ("", "entity", 1),
        ("/data", "block", 2),
        ("/data", "entity", 2),
        ("/data/large.bin", "block", 3),
        ("/data/large.bin", "entity", 7),
        ("/data/large.bin", "all", 7),
        ("/README.md", "block", 2),
        ("/data/empty", "all", 3),
    ],
)
def test_how_much_of_the_tree_comes(gateway: str, path: str, scope: str, blocks: int) -> None:
    assert len(blocks_of(fetch(f"{gateway}/{ROOT}{path}", **{"dag-scope": scope}))) == blocks


@pytest.mark.parametrize(
    ("span", "leaves"),
    [
        ("0:*", [0, 1, 2, 3]),
        ("0:0", [0]),
        (f"{MIB - 1}:{MIB}", [0, 1]),
        (f"{MIB}:{2 * MIB - 1}", [1]),
        ("-8:*", [3]),
        ("-9:-9", [2]),
        (f"{MIB}:-9", [1, 2]),
        (f"0:{10 * MIB}", [0, 1, 2, 3]),
        ("-99999999:0", [0]),
        ("5:-99999999", []),
    ],
)
def test_only_the_leaves_of_the_wanted_bytes_come(
    gateway: str, span: str, leaves: list[int]
) -> None:
    answer = fetch(f"{gateway}/{file_cid(LARGE)}", **{"entity-bytes": span})
    parts = [LARGE[at : at + MIB] for at in range(0, len(LARGE), MIB)]
    assert [block for _, block in blocks_of(answer)[1:]] == [parts[n] for n in leaves]


def test_bytes_of_a_folder_are_the_folder(gateway: str) -> None:
    assert len(blocks_of(fetch(f"{gateway}/{ROOT}", **{"entity-bytes": "0:5"}))) == 1


def test_answers_that_are_known_are_not_sent_again(gateway: str) -> None:
    url = f"{gateway}/{ROOT}"
    etags = set()
    for params in (
        {"format": "raw"},
        CAR,
        {**CAR, "dag-scope": "block"},
        {**CAR, "dag-scope": "entity"},
        {**CAR, "car-dups": "y"},
        {**CAR, "entity-bytes": "0:1"},
    ):
        first = httpx.get(url, params=params)
        etags.add(first.headers["etag"])
        again = httpx.get(url, params=params, headers={"if-none-match": first.headers["etag"]})
        assert again.status_code == 304 and again.content == b""
        assert again.headers["etag"] == first.headers["etag"]
        head = httpx.head(url, params=params)
        assert head.status_code == 200 and head.content == b""
        assert head.headers["etag"] == first.headers["etag"]
        assert head.headers["content-type"] == first.headers["content-type"]
    assert len(etags) == 6
    other = httpx.get(f"{url}/data", params=CAR)
    assert other.headers["etag"] not in etags


def test_the_probe_answers_everywhere(base_url: str) -> None:
    url = f"{base_url}/ipfs/bafkqaaa"
    raw = httpx.get(url, params={"format": "raw"})
    assert (raw.status_code, raw.content) == (200, b"")
    car = httpx.get(url, headers={"accept": "application/vnd.ipld.car"})
    assert read_car(car.content) == (["bafkqaaa"], [])
    for accept in ("application/vnd.ipld.raw", "application/vnd.ipld.car"):
        assert httpx.head(url, headers={"accept": accept}).status_code == 200


@pytest.mark.parametrize(
    ("path", "params", "status", "code"),
    [
        ("hello", CAR, 400, "cid_invalid"),
        ("Qmfoo", {"format": "raw"}, 400, "cid_invalid"),
        ("bafkqaaa/x", CAR, 400, "cid_invalid"),
        (ROOT, {"format": "tar"}, 406, "form_not_served"),
        (ROOT, {"format": ""}, 406, "form_not_served"),
        (ROOT, {**CAR, "dag-scope": "some"}, 400, "gateway_request_invalid"),
        (ROOT, {**CAR, "entity-bytes": "1"}, 400, "gateway_request_invalid"),
        (ROOT, {**CAR, "entity-bytes": "5:1"}, 400, "gateway_request_invalid"),
        (ROOT, {**CAR, "entity-bytes": "*:5"}, 400, "gateway_request_invalid"),
        (ROOT, {**CAR, "entity-bytes": "1:" + "9" * 40}, 400, "gateway_request_invalid"),
        (file_cid(LARGE), {**CAR, "entity-bytes": "9999999:*"}, 400, "gateway_request_invalid"),
        (ROOT, {**CAR, "car-version": "2"}, 400, "gateway_request_invalid"),
        (ROOT, {**CAR, "car-order": "rnd"}, 400, "gateway_request_invalid"),
        (ROOT, {**CAR, "car-dups": "maybe"}, 400, "gateway_request_invalid"),
        (f"{ROOT}/README.md", {"format": "raw"}, 400, "gateway_request_invalid"),
        (ROOT + "/x" * 300, CAR, 400, "gateway_request_invalid"),
        (f"{ROOT}/nothing", CAR, 404, "path_unknown"),
        (f"{ROOT}/README.md/more", CAR, 404, "path_unknown"),
        (f"{ROOT}/data/large.bin/more", CAR, 404, "path_unknown"),
        (file_cid(b"nobody has this"), CAR, 404, "content_unknown"),
        (file_cid(b"nobody has this"), {"format": "raw"}, 404, "content_unknown"),
    ],
)
def test_what_cannot_be_is_said(
    gateway: str, path: str, params: dict[str, str], status: int, code: str
) -> None:
    for method in ("GET", "HEAD"):
        answer = httpx.request(method, f"{gateway}/{path}", params=params)
        assert answer.status_code == status, answer.text
        if method == "GET":
            assert answer.json()["code"] == code
            assert "immutable" not in answer.headers.get("cache-control", "")


def test_a_form_must_be_named(gateway: str) -> None:
    url = f"{gateway}/{ROOT}"
    assert httpx.get(url).json()["code"] == "gateway_request_invalid"
    html = httpx.get(url, headers={"accept": "text/html"})
    assert html.status_code == 406 and "text/html" in html.headers["content-type"]
    plain = httpx.get(url, headers={"accept": "application/json"})
    assert (plain.status_code, plain.json()["code"]) == (406, "form_not_served")
    worker = httpx.get(url, params=CAR, headers={"service-worker": "script"})
    assert worker.status_code == 400
    cached = {"cache-control": "only-if-cached"}
    unknown = f"{gateway}/{file_cid(b'nobody has this either')}"
    assert httpx.get(unknown, params=CAR, headers=cached).status_code == 412
    assert httpx.get(url, params=CAR, headers=cached).status_code == 200


def test_names_of_other_versions_and_bases_open_the_same(gateway: str) -> None:
    cid = CID.decode(ROOT)
    for base in ("base58btc", "base36", "base16", "base32upper"):
        answer = httpx.get(f"{gateway}/{cid.encode(base)}", params={"format": "raw"})
        assert hashlib.sha256(answer.content).digest() == cid.raw_digest
    old = CID("base58btc", 0, "dag-pb", ("sha2-256", cid.raw_digest))
    answer = fetch(f"{gateway}/{old}", **{"dag-scope": "block"})
    assert read_car(answer.content)[0] == [str(old)]


def test_a_changed_byte_is_never_sent(
    base_url: str, seller: Souk, marketplace: Marketplace
) -> None:
    body = secrets.token_bytes(5 * MIB // 2)
    name = hashlib.sha256(body).hexdigest()
    publish_files(seller, {"weights.bin": body})
    cid = file_cid(body)
    await_cid(base_url, cid)
    stored = marketplace.data_dir / "blobs" / "sha256" / name[:2] / name[2:4] / name
    with stored.open("r+b") as file:
        file.seek(MIB + 5)
        file.write(bytes([body[MIB + 5] ^ 1]))
    leaves = [file_cid(body[at : at + MIB]) for at in range(0, len(body), MIB)]
    answers = [httpx.get(f"{base_url}/ipfs/{leaf}?format=raw") for leaf in leaves]
    assert [answer.status_code for answer in answers] == [200, 500, 200]
    assert answers[1].json()["code"] == "block_damaged"
    received = b""
    with (
        pytest.raises(httpx.RemoteProtocolError),
        httpx.stream("GET", f"{base_url}/ipfs/{cid}", params=CAR) as stream,
    ):
        for piece in stream.iter_bytes():
            received += piece
    assert body[MIB : MIB + 4] not in received
