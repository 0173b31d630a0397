"""The store's answers to what no honest client sends."""

import base64
import hashlib
import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import httpx
import pytest

from souk.apps.container import Container
from souk.delivery.xet import hashes
from souk.delivery.xet.api import Access
from souk.delivery.xet.chunking import cut
from souk.delivery.xet.errors import ShardInvalid
from souk.delivery.xet.registering import Registrar
from souk.delivery.xet.settings import XetSettings
from souk.delivery.xet.shards import ShardXorb, read_shard, write_shard
from souk.delivery.xet.tokens import TokenService
from souk.delivery.xet.xorbs import pack
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.clock import SystemClock
from souk.kernel.errors import SoukError
from souk.works.artifacts.api import SentContent
from souk.works.artifacts.cid import cid_of
from souk.works.artifacts.store import note_scan
from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.works import VersionFile
from tests.delivery.xet.clients import Publisher
from tests.delivery.xet.shard_writing import END, header, shard

ZERO = "0" * 64


@dataclass(frozen=True)
class Made:
    """A file, as an honest client would send it."""

    content: bytes
    leaves: list[hashes.Leaf]
    xorb: bytes

    @property
    def xorb_hash(self) -> bytes:
        return hashes.xorb_hash(self.leaves)

    @property
    def file_hash(self) -> bytes:
        return hashes.file_hash(self.leaves)

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.content).digest()

    @property
    def term(self) -> tuple[bytes, int, int, int]:
        return self.xorb_hash, len(self.content), 0, len(self.leaves)

    @property
    def term_hash(self) -> bytes:
        return hashes.term_hash(value for value, _ in self.leaves)

    def shard(self) -> bytes:
        return shard(self.file_hash, [self.term], term_hashes=[self.term_hash], sha256=self.sha256)


def make(seed: object, size: int = 200_000) -> Made:
    content = random.Random(str(seed)).randbytes(size)
    leaves, parts, start = [], [], 0
    for end in cut(content):
        piece = content[start:end]
        leaves.append((hashes.chunk_hash(piece), len(piece)))
        parts.append(pack(piece))
        start = end
    return Made(content, leaves, b"".join(parts))


@dataclass(frozen=True)
class Cas:
    """The store, asked with one token."""

    url: str
    token: str

    def get(self, path: str, *, span: str | None = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}"}
        if span is not None:
            headers["range"] = span
        return fetch(f"{self.url}{path}", **headers)

    def post(self, path: str, content: bytes) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}"}
        return httpx.post(f"{self.url}{path}", content=content, headers=headers, timeout=60)

    def put_xorb(self, made: Made, *, name: str = "", body: bytes | None = None) -> httpx.Response:
        name = name or hashes.to_text(made.xorb_hash)
        return self.post(f"/v1/xorbs/default/{name}", made.xorb if body is None else body)

    def put_shard(self, body: bytes, *, version: int = 1) -> httpx.Response:
        return self.post(f"/v{version}/shards", body)

    def reconstruction(
        self, file_hash: bytes, *, span: str | None = None, version: int = 2
    ) -> httpx.Response:
        return self.get(f"/v{version}/reconstructions/{hashes.to_text(file_hash)}", span=span)


async def cas(publisher: Publisher, access: Access = "write") -> Cas:
    token = await publisher.token(access)
    return Cas(token.cas_url, token.token)


def fetch(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers=headers, timeout=60)


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def files_of(inside: Container, made: Made) -> int:
    async with inside.core.database.transaction(SYSTEM, read_only=True) as uow:
        return int(
            await uow.value(
                "SELECT count(*) FROM xet.files WHERE hash = %(hash)s",
                hash=hashes.to_text(made.file_hash),
            )
        )


async def test_sending_everything_twice_changes_nothing(inside: Container, ada: Publisher) -> None:
    made = make("twice")
    store = await cas(ada)
    assert store.put_xorb(made).json() == {"was_inserted": True}
    assert store.put_xorb(made).json() == {"was_inserted": False}
    assert store.put_shard(made.shard()).json() == {"result": 1}
    assert store.put_shard(made.shard()).json() == {"result": 0}
    lines = [json.loads(line) for line in store.put_shard(made.shard(), version=2).iter_lines()]
    assert lines[0] == {"type": "validating", "verified": 0, "total": 0}
    assert lines[-1] == {"type": "result"}
    async with inside.core.database.transaction(SYSTEM, read_only=True) as uow:
        found = await inside.xet.xet.artifacts_of(uow, ada.actor, [made.sha256.hex()])
    artifact = found[made.sha256.hex()]
    assert artifact.cid == cid_of(made.content)


async def test_many_clients_send_the_same_at_once(inside: Container, ada: Publisher) -> None:
    several = [make(f"at once {number}") for number in range(3)]
    store = await cas(ada)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(store.put_xorb, several * 4))
        assert {answer.status_code for answer in answers} == {200}
        assert sum(answer.json()["was_inserted"] for answer in answers) == len(several)
        shards = [made.shard() for made in several]
        answers = list(pool.map(store.put_shard, shards * 4))
    assert {answer.status_code for answer in answers} == {200}, [a.text for a in answers]
    assert [await files_of(inside, made) for made in several] == [1, 1, 1]


async def test_what_is_not_offered_is_not_found_so_that_clients_fall_back(ada: Publisher) -> None:
    store = await cas(ada)
    for path in (f"/v1/xorb-grants/default/{ZERO}", "/v1/telemetry", "/v3/shards"):
        assert problem(store.post(path, b"{}")) == (404, "route_unknown")


async def test_an_empty_file_is_a_file(inside: Container, ada: Publisher) -> None:
    made = make("nothing", 0)
    store = await cas(ada)
    assert store.put_shard(shard(bytes(32), [], sha256=made.sha256)).status_code == 200
    answer = store.reconstruction(made.file_hash).json()
    assert answer == {"offset_into_first_range": 0, "terms": [], "xorbs": {}}
    assert await files_of(inside, made) == 1
    assert [part async for part in inside.works.artifacts.open(made.sha256.hex())] == []


async def test_ranges_come_with_the_chunks_they_need_and_no_others(ada: Publisher) -> None:
    made = make("ranges", 700_000)
    store = await cas(ada)
    store.put_xorb(made)
    store.put_shard(made.shard())
    for start, end in [(0, 1), (300_000, 300_001), (250_000, 500_000), (699_999, 5_000_000)]:
        answer = store.reconstruction(made.file_hash, span=f"bytes={start}-{end - 1}").json()
        (term,) = answer["terms"]
        ((run,),) = answer["xorbs"].values()
        (piece,) = run["ranges"]
        assert piece["chunks"] == term["range"]
        span = f"bytes={piece['bytes']['start']}-{piece['bytes']['end']}"
        body = fetch(run["url"], range=span)
        assert body.status_code == 206
        assert len(body.content) == piece["bytes"]["end"] - piece["bytes"]["start"] + 1
        first, last = term["range"]["start"], term["range"]["end"]
        assert sum(size for _, size in made.leaves[first:last]) == term["unpacked_length"]
        before = sum(size for _, size in made.leaves[:first])
        assert before + answer["offset_into_first_range"] == start
        assert before + term["unpacked_length"] >= min(end, len(made.content))
        older = store.reconstruction(made.file_hash, span=f"bytes={start}-{end - 1}", version=1)
        ((info,),) = older.json()["fetch_info"].values()
        assert (info["range"], info["url_range"]) == (piece["chunks"], piece["bytes"])
    assert store.reconstruction(made.file_hash, span="bytes=700000-700001").status_code == 416
    for wrong in ("bytes=5-4", "bytes=-5", "items=0-1", "bytes=0-1,3-4", "bytes=a-b"):
        answer = store.reconstruction(made.file_hash, span=wrong)
        assert problem(answer) == (400, "range_malformed")


async def test_an_address_opens_its_piece_and_nothing_else(ada: Publisher) -> None:
    made = make("address", 700_000)
    store = await cas(ada)
    store.put_xorb(made)
    store.put_shard(made.shard())
    answer = store.reconstruction(made.file_hash, span="bytes=300000-300010").json()
    ((run,),) = answer["xorbs"].values()
    url, (piece,) = run["url"], run["ranges"]
    start, end = piece["bytes"]["start"], piece["bytes"]["end"]
    for span in (f"bytes={start - 1}-{end}", f"bytes={start}-{end + 1}", "bytes=0-0"):
        assert problem(fetch(url, range=span)) == (403, "xorb_address_invalid")
    assert problem(fetch(url)) == (403, "xorb_address_invalid")
    middle = fetch(url, range=f"bytes={start + 5}-{start + 9}")
    assert middle.headers["content-range"] == f"bytes {start + 5}-{start + 9}/{len(made.xorb)}"
    assert middle.content == made.xorb[start + 5 : start + 10]
    head, _, ticket = url.rpartition("/")
    payload, _, signature = ticket.partition(".")
    said = json.loads(base64.urlsafe_b64decode(payload + "=="))
    said["b"] = 0
    forged = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    for wrong in (f"{forged}.{signature}", "nonsense", f"{payload}.", ".x"):
        answer = fetch(f"{head}/{wrong}", range=f"bytes={start}-{end}")
        assert problem(answer) == (403, "xorb_address_invalid")


async def test_tokens_open_what_they_say(
    base_url: str, ada: Publisher, bob: Publisher, inside: Container
) -> None:
    made = make("tokens")
    store = await cas(ada)
    store.put_xorb(made)
    store.put_shard(made.shard())
    reading = await cas(ada, "read")
    assert reading.reconstruction(made.file_hash).status_code == 200
    assert problem(reading.put_xorb(made)) == (403, "xet_token_narrow")
    assert problem(reading.put_shard(made.shard())) == (403, "xet_token_narrow")
    stranger = await cas(bob, "read")
    assert problem(stranger.reconstruction(made.file_hash)) == (404, "xet_file_unknown")
    assert problem(stranger.reconstruction(bytes(32))) == (404, "xet_file_unknown")
    for credential in ({}, {"authorization": "Bearer nonsense"}, {"authorization": "Basic x"}):
        answer = fetch(f"{base_url}/xet/v1/reconstructions/{ZERO}", **credential)
        assert problem(answer) == (401, "xet_token_invalid")
    # What opens a piece of a xorb is no token, and the other way round.
    ((run,),) = reading.reconstruction(made.file_hash).json()["xorbs"].values()
    ticket = run["url"].rpartition("/")[2]
    answer = Cas(f"{base_url}/xet", ticket).reconstruction(bytes(32))
    assert problem(answer) == (401, "xet_token_invalid")


class Later:
    """A clock that is ahead."""

    def __init__(self, by: timedelta) -> None:
        self._by = by

    def now(self) -> datetime:
        return SystemClock().now() + self._by


async def test_what_has_expired_is_refused(inside: Container, ada: Publisher) -> None:
    token = await ada.token("read")
    settings = XetSettings()
    addresses = await inside.xet.tokens.addresses([(ZERO, 0, 10)], reader=None)
    ticket = addresses[ZERO, 0, 10].rpartition("/")[2]
    assert (await inside.xet.tokens.admit(f"Bearer {token.token}", access="read")).revision == ""
    assert (await inside.xet.tokens.piece(ticket)).end == 10
    later = TokenService(
        inside.core.keyring,
        listings=inside.works.listings,
        revisions=inside.works.revisions,
        clock=Later(timedelta(seconds=settings.token_seconds + 1)),
        settings=settings,
        base_url="http://127.0.0.1",
    )
    with pytest.raises(SoukError) as refused:
        await later.admit(f"Bearer {token.token}", access="read")
    assert (refused.value.status, refused.value.code) == (401, "xet_token_invalid")
    with pytest.raises(SoukError) as refused:
        await later.piece(ticket)
    assert (refused.value.status, refused.value.code) == (403, "xorb_address_expired")


async def test_a_xorb_that_lies_is_refused_and_nothing_is_kept(
    inside: Container, ada: Publisher
) -> None:
    made, other = make("lies"), make("others")
    store = await cas(ada)
    name = hashes.to_text(made.xorb_hash)
    for body in (b"", other.xorb, made.xorb[:-1], made.xorb + b"\0", b"noise" * 100):
        assert problem(store.put_xorb(made, body=body)) == (400, "xorb_invalid")
    for wrong in (name.upper(), name[:-1], name + "0", "x" * 64):
        assert problem(store.put_xorb(made, name=wrong)) == (400, "hash_malformed")
    answer = store.post(f"/v1/xorbs/other/{name}", made.xorb)
    assert problem(answer) == (404, "prefix_unknown")
    async with inside.core.database.transaction(SYSTEM, read_only=True) as uow:
        count = "SELECT count(*) FROM xet.xorbs WHERE hash = %(hash)s"
        assert await uow.value(count, hash=name) == 0
    assert list((inside.core.settings.data_path / "xorbs").iterdir()) == []


async def test_a_shard_that_lies_is_refused_and_nothing_is_kept(
    inside: Container, ada: Publisher
) -> None:
    made = make("true")
    store = await cas(ada)
    store.put_xorb(made)
    xorb, size, first, last = made.term
    true = partial(shard, term_hashes=[made.term_hash], sha256=made.sha256)
    lies = [
        b"",
        made.shard()[:100],
        header() + b"\0" * 48,
        true(made.file_hash, [(xorb, size - 1, first, last)]),
        true(made.file_hash, [(xorb, size, first, last + 1)]),
        true(made.file_hash, [(xorb, size, last, first)]),
        true(made.file_hash, [(xorb, 0, 0, 0)]),
        shard(made.file_hash, [made.term], term_hashes=[bytes(32)], sha256=made.sha256),
        shard(made.file_hash, [made.term], term_hashes=[], sha256=made.sha256),
        true(bytes(32), [made.term]),
        true(made.xorb_hash, [made.term]),
        shard(made.file_hash, [made.term], term_hashes=[made.term_hash], sha256=b"\1" * 32),
        true(made.file_hash, [made.term], listed=listed(made, -1)),
    ]
    for lie in lies:
        assert problem(store.put_shard(lie)) == (400, "shard_invalid")
    lines = [json.loads(line) for line in store.put_shard(lies[-2], version=2).iter_lines()]
    assert lines[-1]["type"] == "error"
    assert lines[-1]["retryable"] is False
    assert problem(store.put_shard(lies[3], version=2)) == (400, "shard_invalid")
    assert await files_of(inside, made) == 0
    whole = true(made.file_hash, [made.term], listed=listed(made, 0))
    assert store.put_shard(whole).status_code == 200
    assert await files_of(inside, made) == 1


async def test_a_few_chunks_that_stand_for_endless_content_are_refused(
    inside: Container, ada: Publisher
) -> None:
    made = make("bomb")
    store = await cas(ada)
    store.put_xorb(made)
    token = await ada.token("write")
    grant = await inside.xet.tokens.admit(f"Bearer {token.token}", access="write")
    terms = [made.term] * 5
    name = hashes.file_hash(made.leaves * 5)
    body = shard(name, terms, term_hashes=[made.term_hash] * 5, sha256=None)
    limit = 4 * len(made.content)
    registrar = Registrar(
        inside.core.database,
        inside.works.pieces,
        inside.works.artifacts,
        settings=XetSettings(max_shard_content_bytes=limit),
    )
    with pytest.raises(ShardInvalid, match=f"more than {limit} bytes together"):
        await registrar.prepare(grant, body)


async def test_no_changed_byte_of_a_shard_makes_another_file(
    inside: Container, ada: Publisher
) -> None:
    made = make("mutated", 300_000)
    store = await cas(ada)
    store.put_xorb(made)
    good = made.shard()
    rng = random.Random("mutations")
    for _ in range(60):
        wrong = bytearray(good)
        wrong[rng.randrange(len(wrong))] ^= 1 << rng.randrange(8)
        answer = store.put_shard(bytes(wrong))
        assert answer.status_code == 200 or problem(answer) in {
            (400, "shard_invalid"),
            (400, "xorb_unknown"),
        }
    async with inside.core.database.transaction(SYSTEM, read_only=True) as uow:
        found = await uow.dicts(
            "SELECT f.hash, f.sha256, f.size_bytes FROM xet.files f "
            "JOIN xet.terms t ON t.file = f.hash WHERE t.xorb = %(xorb)s",
            xorb=hashes.to_text(made.xorb_hash),
        )
    true = {
        "hash": hashes.to_text(made.file_hash),
        "sha256": made.sha256.hex(),
        "size_bytes": len(made.content),
    }
    assert all(row == true for row in found)


def listed(made: Made, wrong: int) -> bytes:
    """The record of a xorb as a shard lists it, with a chunk that is too short by so much."""
    chunks = [(value, size + wrong) for value, size in made.leaves]
    whole = write_shard([ShardXorb(made.xorb_hash, chunks, len(made.xorb))])
    return whole[len(header()) + len(END) : -200 - len(END)]


async def test_a_strangers_xorb_is_like_one_that_is_not_there(
    inside: Container, ada: Publisher, bob: Publisher
) -> None:
    made = make("ours")
    store = await cas(ada)
    store.put_xorb(made)
    stranger = await cas(bob)
    foreign = stranger.put_shard(made.shard())
    absent = stranger.put_shard(make("nobody's").shard())
    assert problem(foreign) == problem(absent) == (400, "xorb_unknown")
    chunk = hashes.to_text(made.leaves[0][0])
    assert store.get(f"/v1/chunks/default-merkledb/{chunk}").status_code == 200
    for token in (stranger, await cas(bob, "read")):
        answer = token.get(f"/v1/chunks/default/{chunk}")
        assert problem(answer) == (404, "chunk_unknown")
    # Whoever has the bytes may have them here too, and learns nothing of who else does.
    assert stranger.put_xorb(made).json() == {"was_inserted": True}
    assert stranger.put_shard(made.shard()).status_code == 200
    assert (await cas(bob, "read")).reconstruction(made.file_hash).status_code == 200


async def test_a_token_for_a_revision_opens_its_files_and_no_others(
    inside: Container, ada: Publisher, bob: Publisher
) -> None:
    shown, hidden = make("shown"), make("kept back")
    store = await cas(ada)
    for made in (shown, hidden):
        store.put_xorb(made)
        assert store.put_shard(made.shard()).status_code == 200
    await scanned(inside, shown)
    files = [VersionFile(path="model.bin", sha256=shown.sha256.hex())]
    ada.client.listings.create_version(ada.listing_id, version="1.0.0", files=files)
    ada.client.listings.publish(ada.listing_id)
    async with inside.core.database.transaction(SYSTEM, read_only=True) as uow:
        head = await inside.works.revisions.head(uow, ada.listing_id)
    assert head is not None
    token = await bob.token("read", revision=head.id, listing_id=ada.listing_id)
    buyer = Cas(token.cas_url, token.token)
    assert problem(buyer.reconstruction(shown.file_hash)) == (403, "xet_right_over")
    bob.client.wallet.deposit(amount_minor=10_000, currency="USD")
    order = bob.client.orders.create(OrderRequest(listing_id=ada.listing_id))
    assert buyer.reconstruction(shown.file_hash).status_code == 200
    assert problem(buyer.reconstruction(hidden.file_hash)) == (404, "xet_file_unknown")
    chunk = hashes.to_text(shown.leaves[0][0])
    assert problem(buyer.get(f"/v1/chunks/default/{chunk}")) == (404, "chunk_unknown")
    with pytest.raises(SoukError) as refused:
        await bob.token("read", revision=head.id, listing_id=bob.listing_id)
    assert refused.value.code == "revision_unknown"
    # When the licence ends, so does what was given out for it.
    ((run, *_), *_) = buyer.reconstruction(shown.file_hash).json()["xorbs"].values()
    url, (piece, *_) = run["url"], run["ranges"]
    span = f"bytes={piece['bytes']['start']}-{piece['bytes']['end']}"
    assert fetch(url, range=span).status_code == 206
    async with inside.core.database.transaction(SYSTEM) as uow:
        assert order.licence_id is not None
        await inside.rights.licences.revoke(uow, order.licence_id, reason="a test")
    assert problem(fetch(url, range=span)) == (403, "xet_right_over")
    assert problem(buyer.reconstruction(shown.file_hash)) == (403, "xet_right_over")


async def test_what_the_scan_refused_is_not_given(inside: Container, ada: Publisher) -> None:
    made = make("refused")
    store = await cas(ada)
    store.put_xorb(made)
    async with inside.core.database.transaction(SYSTEM) as uow:  # before its own scan begins
        await inside.works.artifacts.keep_sent(
            uow,
            SentContent(
                sha256=made.sha256.hex(),
                size_bytes=len(made.content),
                mib_digests=[made.sha256],
            ),
            organisation_id=str(ada.actor.organisation_id),
        )
        await note_scan(
            uow,
            made.sha256.hex(),
            state="quarantined",
            format_name="binary",
            media_type="application/octet-stream",
            reasons=["a test"],
            facts={},
        )
    assert store.put_shard(made.shard()).status_code == 200
    answer = (await cas(ada, "read")).reconstruction(made.file_hash)
    assert problem(answer) == (404, "xet_file_unknown")


async def scanned(inside: Container, made: Made) -> None:
    """Lets an artifact through as its scan will, now."""
    async with inside.core.database.transaction(SYSTEM) as uow:
        await note_scan(
            uow,
            made.sha256.hex(),
            state="clean",
            format_name="binary",
            media_type="application/octet-stream",
            reasons=[],
            facts={},
        )


async def test_answers_to_build_on_hide_the_hashes_of_chunks(ada: Publisher) -> None:
    made = make("hidden", 600_000)
    store = await cas(ada)
    store.put_xorb(made)
    store.put_shard(made.shard())
    first = made.leaves[0][0]
    answer = store.get(f"/v1/chunks/default-merkledb/{hashes.to_text(first)}").content
    key = answer[-200 + 72 : -200 + 104]
    (xorb,) = read_shard(answer).xorbs
    assert xorb.hash == made.xorb_hash
    assert [size for _, size in xorb.chunks] == [size for _, size in made.leaves]
    shown = [value for value, _ in xorb.chunks]
    assert not set(shown) & {value for value, _ in made.leaves}
    assert shown == [hashes.keyed_hash(value, key=key) for value, _ in made.leaves]


async def test_a_listing_of_others_gives_no_token(ada: Publisher, bob: Publisher) -> None:
    accesses: tuple[Access, ...] = ("read", "write")
    for access in accesses:
        with pytest.raises(SoukError) as refused:
            await bob.token(access, listing_id=ada.listing_id)
        assert refused.value.status in {403, 404}
