"""CAR files of other tools become artifacts, and are served again by their own CIDs."""

import secrets
from typing import Any

import httpx
import pytest

from souk_client.contracts.works import ListingRequest, VersionFile
from souk_client.proofs.ipfs import Cid, PbLink, PbNode, UnixFs, UnixFsKind, car_frame, car_header
from souk_client.proofs.ipfs.cids import node_cid, parse_cid, raw_cid
from souk_client.proofs.ipfs.dagpb import MAX_BLOCK_BYTES, encode_node
from souk_client.sdk import Souk
from tests.delivery.ipfs.checker import files_below, read_car
from tests.delivery.ipfs.market import await_cid, file_cid, key_of
from tests.delivery.ipfs.vectors import car_of, content, recorded
from tests.market import sign_up

CARS = recorded()["cars"]


@pytest.fixture(scope="module")
def user(base_url: str) -> Souk:
    return sign_up(base_url)


@pytest.fixture(scope="module")
def key(user: Souk) -> str:
    return key_of(user)


def send(base_url: str, key: str | None, body: bytes, **params: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    url = f"{base_url}/api/v1/ipfs/imports"
    return httpx.post(url, content=body, params=params, headers=headers, timeout=60)


def car(root: Cid, *blocks: bytes, raw: tuple[bytes, ...] = ()) -> bytes:
    """A CAR file of dag-pb blocks and raw ones."""
    named = [(node_cid(block), block) for block in blocks]
    named += [(raw_leaf(block), block) for block in raw]
    return car_header([root]) + b"".join(car_frame(cid, len(b)) + b for cid, b in named)


def raw_leaf(block: bytes) -> Cid:
    return parse_cid(file_cid(block))


def folder(*links: tuple[str, Cid]) -> bytes:
    data = UnixFs(UnixFsKind.DIRECTORY).encoded()
    return encode_node(PbNode(tuple(PbLink(cid, name) for name, cid in links), data))


def node(*children: tuple[Cid, int]) -> bytes:
    sizes = tuple(size for _, size in children)
    data = UnixFs(UnixFsKind.FILE, file_bytes=sum(sizes), block_sizes=sizes).encoded()
    return encode_node(PbNode(tuple(PbLink(cid) for cid, _ in children), data))


@pytest.mark.parametrize("case", CARS, ids=lambda case: case["name"])
def test_files_of_other_tools_come_in_and_go_out_again(
    base_url: str, key: str, case: dict[str, Any]
) -> None:
    answer = send(base_url, key, car_of(case))
    assert answer.status_code == 201, answer.text
    imported = answer.json()
    assert imported["cid"] == case["root"]
    expected = {path: content(path, size) for path, size in case["files"].items()}
    assert [file["path"] for file in imported["files"]] == sorted(expected)
    for file in imported["files"]:
        assert file["cid"] == file_cid(expected[file["path"]])
        assert file["size_bytes"] == len(expected[file["path"]])
    await_cid(base_url, case["root"], key)
    headers = {"authorization": f"Bearer {key}"}
    _, original = read_car(car_of(case))
    for cid, block in original[::8]:
        await_cid(base_url, cid, key)
        url = f"{base_url}/ipfs/{cid}?format=raw"
        assert httpx.get(url, headers=headers).content == block
        if block:  # the empty block is of many works, some of them free
            assert httpx.get(url).status_code == 404
    whole = httpx.get(f"{base_url}/ipfs/{case['root']}?format=car", headers=headers)
    _, exported = read_car(whole.content)
    assert dict(exported) == dict(original)
    assert files_below(case["root"], dict(exported)) == expected
    part = httpx.get(f"{base_url}/ipfs/{case['root']}/data/a.bin?format=car", headers=headers)
    assert files_below(read_car(part.content)[1][2][0], dict(read_car(part.content)[1])) == {
        "": expected["data/a.bin"]
    }
    assert send(base_url, key, whole.content).json()["files"] == imported["files"]


def test_what_came_in_can_be_published(base_url: str, user: Souk, key: str) -> None:
    body = secrets.token_bytes(3000)
    imported = send(base_url, key, car(raw_leaf(body), raw=(body,)), filename="data.bin").json()
    (file,) = imported["files"]
    assert file["path"] == "data.bin"
    slug = f"from-a-car-{secrets.token_hex(4)}"
    listing = user.listings.create(
        ListingRequest(kind="dataset", slug=slug, title=slug, licence="CC0-1.0", price_minor=0)
    )
    files = [VersionFile(path="data.bin", sha256=file["sha256"])]
    user.listings.create_version(listing.id, version="1.0.0", files=files)
    await_cid(base_url, imported["cid"], key)
    user.listings.publish(listing.id)
    await_cid(base_url, imported["cid"])


def test_nobody_comes_in_unknown(base_url: str, key: str) -> None:
    assert send(base_url, None, b"").status_code == 401
    assert send(base_url, key, b"", organisation_id="org_other").status_code == 404
    for name in ("a/b", "..", "\n", "con"):
        assert send(base_url, key, b"", filename=name).json()["code"] == "filename_invalid"


LEAF = b"leaf"
SYMLINK = encode_node(PbNode((), UnixFs(UnixFsKind.SYMLINK, inline=b"/etc/passwd").encoded()))
TWICE = folder(("a", raw_leaf(LEAF)), ("A", raw_leaf(LEAF)))
WRONG_SIZE = node((raw_leaf(LEAF), 5))
EMPTY = folder()
SHARD = encode_node(
    PbNode(
        (PbLink(raw_leaf(LEAF), "00name"),),
        UnixFs(UnixFsKind.HAMT_SHARD, inline=b"\1", hash_code=0x22, fanout=256).encoded(),
    )
)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "breaks off"),
        (b"not a car file at all", "breaks off"),
        (b"\x05wrong", "header"),
        (car_header([]), "0 roots"),
        (car_header([raw_leaf(LEAF), raw_leaf(b"x")]), "2 roots"),
        (car_header([raw_leaf(LEAF)]), "lacks the block"),
        (car(raw_leaf(LEAF), raw=(LEAF,))[:-1], "breaks off"),
        (car_header([raw_leaf(LEAF)]) + car_frame(raw_leaf(b"x"), 4) + LEAF, "is not what its CID"),
        (car(node_cid(SYMLINK), SYMLINK), "symlink"),
        (car(node_cid(TWICE), TWICE, raw=(LEAF,)), "by case"),
        (car(node_cid(WRONG_SIZE), WRONG_SIZE, raw=(LEAF,)), "length"),
        (car(node_cid(EMPTY), EMPTY), "no files"),
        (car(node_cid(SHARD), SHARD, raw=(LEAF,)), "out of place"),
        (car(node_cid(b"\xff"), b"\xff"), "dag-pb"),
        (car(raw_leaf(b""), raw=(bytes(MAX_BLOCK_BYTES + 1),)), "block"),
    ],
)
def test_what_cannot_be_taken_apart_is_refused(
    base_url: str, key: str, body: bytes, why: str
) -> None:
    answer = send(base_url, key, body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "car_invalid"
    assert why in answer.json()["detail"]


@pytest.mark.parametrize("name", ["..", "", "a/b", "/etc/passwd", "con", "a\0b", "x" * 300, "a "])
def test_names_that_lead_elsewhere_are_refused(base_url: str, key: str, name: str) -> None:
    block = folder((name, raw_leaf(LEAF)))
    answer = send(base_url, key, car(node_cid(block), block, raw=(LEAF,)))
    assert answer.json()["code"] == "car_invalid"


def test_a_few_blocks_that_stand_for_endless_content_are_refused(base_url: str, key: str) -> None:
    blocks, cid, size = [], raw_leaf(bytes(2**20)), 2**20
    for _ in range(8):
        blocks.append(node(*[(cid, size)] * 100))
        cid, size = node_cid(blocks[-1]), size * 100
    answer = send(base_url, key, car(cid, *blocks, raw=(bytes(2**20),)))
    assert answer.json()["code"] == "car_invalid"
    folders, cid = [], raw_leaf(LEAF)
    for _ in range(30):
        folders.append(folder(("a", cid), ("b", cid)))
        cid = node_cid(folders[-1])
    answer = send(base_url, key, car(cid, *folders, raw=(LEAF,)))
    assert "10000 files" in answer.json()["detail"]
    deep, cid = [], raw_leaf(LEAF)
    for _ in range(70):
        deep.append(folder(("a", cid)))
        cid = node_cid(deep[-1])
    assert "deep" in send(base_url, key, car(cid, *deep, raw=(LEAF,))).json()["detail"]
    nodes, cid = [], raw_leaf(LEAF)
    for _ in range(40):
        nodes.append(node((cid, 4)))
        cid = node_cid(nodes[-1])
    assert "deep" in send(base_url, key, car(cid, *nodes, raw=(LEAF,))).json()["detail"]


def test_naming_somebody_elses_content_opens_none_of_it(base_url: str, key: str) -> None:
    """A folder that links to content which is here, but not in the CAR file."""
    owner = sign_up(base_url)
    secret = secrets.token_bytes(50)
    owner_key = key_of(owner)
    theirs = send(base_url, owner_key, car(raw_leaf(secret), raw=(secret,))).json()["cid"]
    await_cid(base_url, theirs, owner_key)
    block = folder(("theirs", raw_leaf(secret)))
    answer = send(base_url, key, car(node_cid(block), block))
    assert "lacks the block" in answer.json()["detail"]
    url = f"{base_url}/ipfs/{theirs}?format=raw"
    headers = {"authorization": f"Bearer {key}"}
    assert httpx.get(url, headers=headers).json()["code"] == "content_unknown"
    assert httpx.get(url, headers={"authorization": f"Bearer {owner_key}"}).content == secret


def test_a_name_that_claims_another_codec_is_no_fault_of_the_server(
    base_url: str, key: str
) -> None:
    body = secrets.token_bytes(40)
    send(base_url, key, car(raw_leaf(body), raw=(body,)))
    await_cid(base_url, str(raw_leaf(body)), key)
    claimed = Cid(0x70, raw_cid(raw_leaf(body).digest).digest)
    headers = {"authorization": f"Bearer {key}"}
    for query in ("format=car", "format=car&entity-bytes=0:1", "format=raw"):
        answer = httpx.get(f"{base_url}/ipfs/{claimed}?{query}", headers=headers)
        assert answer.json()["code"] == "content_unknown"
    answer = httpx.get(f"{base_url}/ipfs/{claimed}/x?format=car", headers=headers)
    assert answer.json()["code"] == "content_unknown"
