"""Both clients against a real marketplace: the whole journey by API, resumed uploads, proofs."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from souk_client import proofs
from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.saved_searches import SearchFilters
from souk_client.contracts.works import ListingRequest, VersionFile
from souk_client.sdk import AsyncSouk, Progress, Souk, SoukApiError
from tests.client.journey import PASSWORD, random_word, safetensors

pytestmark = pytest.mark.database


def sign_up(souk: Souk, name: str) -> Souk:
    souk.auth.register(email=f"{random_word()}@example.org", password=PASSWORD, name=name)
    return souk


def publish(souk: Souk, folder: Path, *, price_minor: int = 500) -> str:
    """Publishes one model; the listing's id."""
    word = random_word()
    file = folder / f"{word}.safetensors"
    file.write_bytes(safetensors(20))
    artifact = souk.upload_file(file)
    listing = souk.listings.create(
        ListingRequest(
            kind="model",
            slug=word,
            title=f"Model {word}",
            licence="MIT",
            card=f"# Model {word}\n",
            price_minor=price_minor,
        )
    )
    souk.listings.create_version(
        listing.id,
        version="1.0.0",
        files=[VersionFile(path="model.safetensors", sha256=artifact.sha256)],
    )
    assert souk.listings.publish(listing.id).state == "published"
    return listing.id


async def test_the_whole_journey_with_the_asynchronous_client(
    base_url: str, tmp_path: Path
) -> None:
    with Souk(base_url) as seller:
        listing_id = publish(sign_up(seller, "Seller"), tmp_path)
        async with AsyncSouk(base_url) as buyer:
            await buyer.auth.register(
                email=f"{random_word()}@example.org", password=PASSWORD, name="Buyer"
            )
            await buyer.wallet.deposit(amount_minor=2_000)
            order = await buyer.orders.create(
                OrderRequest(listing_id=listing_id, expected_price_minor=500)
            )
            done = await buyer.download(order.licence_id, tmp_path / "got")
            evidence = await buyer.licences.evidence(order.licence_id)
            trusted = await buyer.keys()
            receipt = await buyer.orders.receipt(order.id)
            licences = [licence async for licence in buyer.each(buyer.licences.list, limit=1)]
        hashes = {file.path: file.sha256 for file in done.files}
        outcome = proofs.verify_bundle(
            evidence, file_hashes=hashes, trusted=trusted, now=datetime.now(UTC)
        )
        assert outcome.ok, outcome.checks
        assert receipt.order.id == order.id
        assert [licence.id for licence in licences] == [order.licence_id]
        revenue = seller.orders.revenue()
        assert [line.orders for line in revenue.by_listing] == [1]
        assert sum(line.net_minor for line in revenue.by_listing) == 450


def test_the_log_proves_itself(base_url: str, tmp_path: Path) -> None:
    """Two heads, and the proof that the later one only grew from the earlier."""
    with Souk(base_url) as souk:
        sign_up(souk, "Seller")
        publish(souk, tmp_path)
        trusted = souk.keys()
        first = head_after(souk, trusted)
        publish(souk, tmp_path)
        second = head_after(souk, trusted, larger_than=first.tree_size)
        proof = souk.provenance.consistency(first=first.tree_size, second=second.tree_size)
    proofs.verify_consistency(
        first_size=first.tree_size,
        first_root=first.root,
        second_size=second.tree_size,
        second_root=second.root,
        proof=[bytes.fromhex(digest) for digest in proof.path],
    )


def test_an_entry_is_proven_by_its_proof(base_url: str, tmp_path: Path) -> None:
    with Souk(base_url) as souk:
        sign_up(souk, "Seller")
        listing_id = publish(souk, tmp_path)
        trusted = souk.keys()
        entry = entry_of(souk, listing_id)
        proof = souk.provenance.proof(entry)
    head = proofs.verify_checkpoint(proof.head.checkpoint, trusted)
    proofs.verify_inclusion(
        proofs.leaf_hash_of(proof.entry.body),
        leaf_index=proof.leaf_index,
        tree_size=head.tree_size,
        proof=[bytes.fromhex(digest) for digest in proof.path],
        root=head.root,
    )


def test_who_published_a_file_first(base_url: str, tmp_path: Path) -> None:
    with Souk(base_url) as souk:
        sign_up(souk, "Seller")
        listing_id = publish(souk, tmp_path)
        entry_of(souk, listing_id)
        sha256 = souk.listings.get(listing_id).versions[0].files[0].sha256
        first = souk.provenance.by_hash(sha256).first_published
    assert first is not None
    assert first.body["listing_id"] == listing_id


def test_a_broken_upload_sends_only_what_is_missing(base_url: str, tmp_path: Path) -> None:
    file = tmp_path / "large.bin"
    file.write_bytes(random_word().encode() * 3_000_000)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    memory = Memory()

    class Unplugged(Exception):
        pass

    def unplug(progress: Progress) -> None:
        if progress.phase == "upload":
            raise Unplugged

    with Souk(base_url) as souk:
        sign_up(souk, "Seller")
        with pytest.raises(Unplugged):
            souk.upload_file(file, memory=memory, parallel=1, on_progress=unplug)
        upload = souk.uploads.get(memory.notes[sha256])
        assert 0 < len(upload.parts_received) < upload.part_count
        sent: list[int] = []
        told: list[Progress] = []
        souk.http.event_hooks["request"].append(
            lambda request: (
                sent.append(int(request.url.path.rsplit("/", 1)[1]))
                if request.method == "PUT"
                else None
            )
        )
        artifact = souk.upload_file(file, memory=memory, on_progress=told.append)
        assert sorted(sent) == [
            number
            for number in range(1, upload.part_count + 1)
            if number not in upload.parts_received
        ]
        assert artifact.sha256 == sha256
        assert memory.notes == {}
        assert max(step.done_bytes for step in told) == file.stat().st_size
        sent.clear()
        assert souk.upload_file(file).sha256 == sha256
        assert sent == []


def test_a_file_that_changes_while_it_is_sent_is_refused(base_url: str, tmp_path: Path) -> None:
    file = tmp_path / "moving.bin"
    file.write_bytes(random_word().encode() * 1000)

    def change(progress: Progress) -> None:
        if progress.phase == "hash":
            file.write_bytes(random_word().encode() * 1000)

    with Souk(base_url) as souk:
        sign_up(souk, "Seller")
        with pytest.raises(SoukApiError) as caught:
            souk.upload_file(file, on_progress=change)
    assert caught.value.status in (409, 422)


def test_a_refund_returns_the_money_and_ends_the_licence(base_url: str, tmp_path: Path) -> None:
    with Souk(base_url) as seller, Souk(base_url) as buyer:
        listing_id = publish(sign_up(seller, "Seller"), tmp_path)
        sign_up(buyer, "Buyer")
        buyer.wallet.deposit(amount_minor=600)
        order = buyer.orders.create(OrderRequest(listing_id=listing_id))
        assert buyer.orders.refund(order.id, reason="wrong one").state == "refunded"
        assert [balance.available_minor for balance in buyer.wallet.get().balances] == [600]
        assert buyer.licences.get(order.licence_id).state == "revoked"
        with pytest.raises(SoukApiError) as caught:
            buyer.download(order.licence_id, tmp_path / "got")
        assert caught.value.code == "licence_not_good"


def test_a_purchase_with_one_key_is_made_once(base_url: str, tmp_path: Path) -> None:
    with Souk(base_url) as seller, Souk(base_url) as buyer:
        listing_id = publish(sign_up(seller, "Seller"), tmp_path)
        sign_up(buyer, "Buyer")
        buyer.wallet.deposit(amount_minor=5_000)
        key = random_word()
        orders = {
            buyer.orders.create(OrderRequest(listing_id=listing_id), idempotency_key=key).id
            for _ in range(3)
        }
        assert len(orders) == 1
        with pytest.raises(SoukApiError) as caught:
            buyer.orders.create(
                OrderRequest(listing_id=listing_id, affiliate="somebody"), idempotency_key=key
            )
        assert caught.value.code == "idempotency_key_reused"


def test_wrong_fields_are_named(base_url: str) -> None:
    with Souk(base_url) as souk:
        sign_up(souk, "Seller")
        with pytest.raises(SoukApiError) as caught:
            souk.listings.create(ListingRequest(kind="model", slug="Not A Slug", title="x"))
    assert caught.value.status == 422
    assert any("slug" in field.where for field in caught.value.fields), caught.value


class Memory:
    """Upload notes in memory."""

    def __init__(self) -> None:
        self.notes: dict[str, str] = {}

    def recall(self, sha256: str) -> str | None:
        return self.notes.get(sha256)

    def note(self, sha256: str, upload_id: str) -> None:
        self.notes[sha256] = upload_id

    def forget(self, sha256: str) -> None:
        self.notes.pop(sha256, None)


def head_after(souk: Souk, trusted: proofs.KeySet, *, larger_than: int = 0) -> proofs.Checkpoint:
    """A verified head larger than this; waits for the second it may take."""
    import time

    for _ in range(50):
        try:
            note = souk.provenance.checkpoint().decode()
        except SoukApiError as error:
            assert error.code == "log_empty"
        else:
            head = proofs.verify_checkpoint(note, trusted)
            if head.tree_size > larger_than:
                return head
        time.sleep(0.1)
    raise AssertionError("no larger head within five seconds")


def entry_of(souk: Souk, listing_id: str) -> str:
    """The id of the listing's `published` entry; waits for the moment it may take."""
    import time

    for _ in range(50):
        found = souk.provenance.log(listing_id=listing_id, kind="published").items
        if found:
            assert msgspec.json.encode(found[0].body)
            return found[0].id
        time.sleep(0.1)
    raise AssertionError("no entry within five seconds")


async def test_both_clients_compare_and_keep_searches(base_url: str, tmp_path: Path) -> None:
    with Souk(base_url) as souk:
        sign_up(souk, "Seller")
        ids = [publish(souk, tmp_path, price_minor=price) for price in (500, 900)]
        found = souk.discovery.compare(ids)
        price = next(row for row in found.rows if row.group == "price")
        assert [one.id for one in found.listings] == ids
        assert [cell.best for cell in price.cells] == [True, False]
        kept = souk.saved_searches.create("iris price:<10", name="Irises")
        assert [one.id for one in souk.saved_searches.list().items] == [kept.id]
    async with AsyncSouk(base_url) as other:
        await other.auth.register(email=f"{random_word()}@example.org", password=PASSWORD, name="B")
        assert await other.discovery.compare(ids) == found
        mine = await other.saved_searches.create(filters=SearchFilters(kinds=["model"]))
        paused = await other.saved_searches.change(mine.id, paused=True)
        assert paused.paused and (await other.saved_searches.get(mine.id)).paused
        with pytest.raises(SoukApiError, match="no such"):
            await other.saved_searches.get(kept.id)
        await other.saved_searches.delete(mine.id)
        assert (await other.saved_searches.list()).items == []
