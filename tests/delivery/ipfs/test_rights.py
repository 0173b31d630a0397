"""A licensed work's bytes leave for those who have a right to them, and for nobody else."""

import hashlib
import secrets
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from souk.works.artifacts.model import blob_name
from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.works import LicenceTerms, Listing, OfferRequest, OfferUpdate
from souk_client.proofs.ipfs import Entry, directory_dag, parse_cid
from souk_client.proofs.ipfs.cids import node_cid
from souk_client.sdk import Souk
from tests.delivery.ipfs.checker import files_below, read_car
from tests.delivery.ipfs.market import (
    await_cid,
    file_cid,
    folder_cid,
    folder_dag,
    key_of,
    publish_files,
)
from tests.market import PASSWORD, funded, sign_up
from tests.serving import Marketplace

MIB = 2**20
FORMS = ({"format": "car"}, {"format": "raw"})


class Work:
    """A published work of one large and one small file, and its names."""

    def __init__(self, seller: Souk, **fields: object) -> None:
        self.files = {"model/weights.bin": secrets.token_bytes(MIB + 5), "notes": b"n" * 9}
        self.files["notes"] += secrets.token_bytes(5)
        self.root = folder_cid(self.files)
        weights = self.files["model/weights.bin"]
        self.file = file_cid(weights)
        self.leaf = file_cid(weights[:MIB])
        self.folder = folder_cid({"weights.bin": weights})
        self.listing: Listing = publish_files(seller, self.files, **fields)

    @property
    def root_block(self) -> bytes:
        """The node of the whole folder, which anybody can make from what the listing shows."""
        return folder_dag(self.files).blocks[-1]

    @property
    def names(self) -> dict[str, str]:
        return {"version": self.root, "file": self.file, "leaf": self.leaf, "folder": self.folder}


@pytest.fixture(scope="module")
def seller(base_url: str) -> Souk:
    return sign_up(base_url)


@pytest.fixture(scope="module")
def licensed(base_url: str, seller: Souk) -> Work:
    work = Work(seller, price_minor=500)
    await_cid(base_url, work.root, key_of(seller))
    return work


@pytest.fixture
def moderator(base_url: str, session_owner_dsn: str) -> Iterator[Souk]:
    client = sign_up(base_url, "Ida Rhodes")
    email = client.account.get().user.email
    with psycopg.connect(session_owner_dsn, autocommit=True) as connection:
        connection.execute(
            "UPDATE people.users SET roles = roles || ARRAY['admin'] WHERE email = %s", [email]
        )
    client.auth.login(email=email, password=PASSWORD)
    yield client


def ask(base_url: str, cid: str, key: str | None = None) -> set[tuple[int, str]]:
    """Status and code of every way to ask for a CID; no answer may hold content by mistake."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    found = set()
    for params in FORMS:
        answer = httpx.get(f"{base_url}/ipfs/{cid}", params=params, headers=headers)
        code = answer.json()["code"] if answer.status_code >= 400 else ""
        found.add((answer.status_code, code))
        head = httpx.head(f"{base_url}/ipfs/{cid}", params=params, headers=headers)
        assert head.status_code == answer.status_code and head.content == b""
        known = {**headers, "if-none-match": "*"}
        again = httpx.get(f"{base_url}/ipfs/{cid}", params=params, headers=known)
        assert again.status_code == (304 if answer.status_code == 200 else answer.status_code)
    return found


def test_nobody_gets_a_licensed_work_by_knowing_its_names(base_url: str, licensed: Work) -> None:
    stranger = key_of(sign_up(base_url))
    for key in (None, stranger):
        for name, cid in licensed.names.items():
            shown = name in {"version", "file"}
            expected = (403, "licence_needed") if shown else (404, "content_unknown")
            assert ask(base_url, cid, key) == {expected}, name
    for path in ("model", "model/weights.bin", "notes"):
        url = f"{base_url}/ipfs/{licensed.root}/{path}"
        assert httpx.get(url, params={"format": "car"}).json()["code"] == "licence_needed"
    refusal = httpx.get(f"{base_url}/ipfs/{licensed.root}?format=car").json()
    assert refusal["listing"] == licensed.listing.address
    assert refusal["url"] == f"{base_url}/{licensed.listing.address}"
    assert (
        httpx.get(f"{base_url}/ipfs/{licensed.root}?format=car")
        .headers.get("cache-control", "")
        .startswith("public")
        is False
    )


def test_a_file_that_reads_as_a_node_opens_nothing_that_it_links_to(
    base_url: str, licensed: Work
) -> None:
    """Names of licensed trees are public; a file of one's own may hold links to them."""
    thief = sign_up(base_url)
    key = key_of(thief)
    sizes = {"dag_bytes": 10, "file_bytes": 10}
    linking = directory_dag([("theirs", Entry(parse_cid(licensed.root), **sizes))]).blocks[-1]
    copied = licensed.root_block
    publish_files(thief, {"linking": linking, "copied": copied})
    for block in (linking, copied):
        await_cid(base_url, file_cid(block))
        assert httpx.get(f"{base_url}/ipfs/{file_cid(block)}?format=raw").content == block
    unknown, refused = {(404, "content_unknown")}, {(403, "licence_needed")}
    for asked in (None, key):
        assert ask(base_url, str(node_cid(linking)), asked) == unknown
        assert ask(base_url, str(node_cid(copied)), asked) == refused
        headers = {"authorization": f"Bearer {asked}"} if asked else {}
        for path in (f"{node_cid(linking)}/theirs/notes", f"{licensed.root}/notes"):
            answer = httpx.get(f"{base_url}/ipfs/{path}?format=car", headers=headers)
            assert answer.status_code in {403, 404}
            assert licensed.files["notes"] not in answer.content


def test_a_licence_opens_everything_and_no_cache_keeps_it(base_url: str, licensed: Work) -> None:
    buyer = funded(base_url)
    key = key_of(buyer)
    assert ask(base_url, licensed.root, key) == {(403, "licence_needed")}
    buyer.orders.create(OrderRequest(listing_id=licensed.listing.id))
    for cid in licensed.names.values():
        assert ask(base_url, cid, key) == {(200, "")}
    answer = httpx.get(
        f"{base_url}/ipfs/{licensed.root}?format=car", headers={"authorization": f"Bearer {key}"}
    )
    assert answer.headers["cache-control"] == "private, no-store"
    assert "access-control-allow-origin" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert files_below(licensed.root, dict(read_car(answer.content)[1])) == licensed.files


def test_the_seller_may_have_what_it_sells(base_url: str, seller: Souk, licensed: Work) -> None:
    assert ask(base_url, licensed.leaf, key_of(seller)) == {(200, "")}


def test_a_revoked_licence_opens_nothing(base_url: str, seller: Souk) -> None:
    work = Work(seller, price_minor=100)
    buyer = funded(base_url)
    order = buyer.orders.create(OrderRequest(listing_id=work.listing.id))
    key = key_of(buyer)
    await_cid(base_url, work.root, key)
    assert order.licence_id is not None
    seller.licences.revoke(order.licence_id, reason="terms were broken")
    assert ask(base_url, work.root, key) == {(403, "licence_needed")}
    assert ask(base_url, work.leaf, key) == {(404, "content_unknown")}


def test_what_is_free_for_a_time_only_needs_its_licence(base_url: str, seller: Souk) -> None:
    terms = LicenceTerms(kind="timed", duration_days=3)
    work = Work(seller, offers=[OfferRequest(price_minor=0, terms=terms)])
    await_cid(base_url, work.root, key_of(seller))
    assert ask(base_url, work.root) == {(403, "licence_needed")}


def test_a_price_closes_what_was_free(base_url: str, seller: Souk) -> None:
    work = Work(seller)
    await_cid(base_url, work.root)
    assert ask(base_url, work.leaf) == {(200, "")}
    seller.listings.change_offer(work.listing.offers[0].id, OfferUpdate(price_minor=900))
    assert ask(base_url, work.root) == {(403, "licence_needed")}
    assert ask(base_url, work.leaf) == {(404, "content_unknown")}


def test_a_retired_work_is_gone(base_url: str, seller: Souk) -> None:
    work = Work(seller)
    await_cid(base_url, work.root)
    taker = sign_up(base_url)
    taker.orders.create(OrderRequest(listing_id=work.listing.id))
    seller.listings.retire(work.listing.id)
    for cid in work.names.values():
        assert ask(base_url, cid) == {(410, "content_gone")}
    assert ask(base_url, work.root, key_of(taker)) == {(200, "")}


def test_what_moderators_took_down_is_withheld_at_once(
    base_url: str, seller: Souk, moderator: Souk
) -> None:
    work = Work(seller)
    await_cid(base_url, work.root)
    reporter = sign_up(base_url, "Mary Jackson")
    reporter.reports.create("listing", work.listing.id, reason="malware")
    (case,) = [
        one for one in moderator.moderation.cases().items if one.subject_id == work.listing.id
    ]
    moderator.moderation.decide(case.id, action="hide", reason="It holds malware.")
    for cid in work.names.values():
        assert ask(base_url, cid) == {(451, "content_withheld")}
        assert ask(base_url, cid, key_of(reporter)) == {(451, "content_withheld")}
    moderator.moderation.decide(case.id, action="restore", reason="It does not.")
    assert ask(base_url, work.root) == {(200, "")}


def test_a_file_that_is_kept_back_later_is_gone(
    base_url: str, seller: Souk, session_owner_dsn: str
) -> None:
    work = Work(seller)
    await_cid(base_url, work.root)
    with psycopg.connect(session_owner_dsn, autocommit=True) as connection:
        connection.execute(
            "UPDATE works.artifacts SET is_public = false, scan_state = 'quarantined', "
            "scan_reasons = '{found}' WHERE cid = %s",
            [work.file],
        )
    assert ask(base_url, work.file) == {(410, "content_gone")}
    assert ask(base_url, work.leaf) == {(410, "content_gone")}
    assert ask(base_url, work.file, key_of(seller)) == {(410, "content_gone")}
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{base_url}/ipfs/{work.root}?format=car")


def test_a_draft_has_no_names_at_all(base_url: str, seller: Souk) -> None:
    files = {"a": secrets.token_bytes(9)}
    open_work = Work(seller)
    listing = publish_files(seller, files, publish=False)
    await_cid(base_url, open_work.root)
    assert listing.state == "draft"
    assert ask(base_url, file_cid(files["a"])) == {(404, "content_unknown")}
    assert ask(base_url, folder_cid(files), key_of(sign_up(base_url))) == {(404, "content_unknown")}


def test_the_same_bytes_given_away_elsewhere_are_free(base_url: str, seller: Souk) -> None:
    shared = secrets.token_bytes(50)
    sold = publish_files(seller, {"shared": shared, "own": secrets.token_bytes(9)}, price_minor=5)
    cid = file_cid(shared)
    await_cid(base_url, cid, key_of(seller))
    assert ask(base_url, cid) == {(403, "licence_needed")}
    publish_files(sign_up(base_url), {"licence.txt": shared})
    await_cid(base_url, cid)
    assert ask(base_url, cid) == {(200, "")}
    assert sold.state == "published"


def test_everything_derived_can_be_made_again(
    base_url: str, seller: Souk, licensed: Work, marketplace: Marketplace
) -> None:
    work = Work(seller)
    await_cid(base_url, work.root)
    before = httpx.get(f"{base_url}/ipfs/{work.root}?format=car").content
    with psycopg.connect(marketplace.owner_dsn, autocommit=True) as connection:
        connection.execute("SELECT ipfs.rebuild()")
    publish_files(seller, {"news": b"wakes the worker"})
    await_cid(base_url, work.root)
    assert httpx.get(f"{base_url}/ipfs/{work.root}?format=car").content == before
    await_cid(base_url, licensed.root, key_of(seller))


def test_a_version_whose_file_is_damaged_waits_and_the_others_do_not(
    base_url: str, seller: Souk, marketplace: Marketplace
) -> None:
    body = secrets.token_bytes(100)
    draft = publish_files(seller, {"a": body}, publish=False)
    stored = marketplace.data_dir / "blobs" / blob_name(hashlib.sha256(body).hexdigest())
    stored.write_bytes(body[:-1] + bytes([body[-1] ^ 1]))
    seller.listings.publish(draft.id)
    work = Work(seller)
    await_cid(base_url, work.root)
    assert ask(base_url, folder_cid({"a": body})) == {(404, "content_unknown")}
    stored.write_bytes(body)
    with psycopg.connect(marketplace.owner_dsn, autocommit=True) as connection:
        waiting = "SELECT attempts FROM ipfs.waiting WHERE listing_id = %s"
        (attempts,) = connection.execute(waiting, [draft.id]).fetchone() or (0,)
        assert attempts >= 1
        connection.execute("UPDATE ipfs.waiting SET due_at = now()")
    publish_files(seller, {"news": b"wakes the worker too"})
    await_cid(base_url, folder_cid({"a": body}))
