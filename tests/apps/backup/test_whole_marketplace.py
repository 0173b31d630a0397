"""A marketplace where people traded, restored from its backup: everyone finds everything again.

On the packaged PostgreSQL, and on 15 as an operator's own server: that one runs the whole schema.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes
from tempfile import TemporaryDirectory

import pytest

from souk.apps.application_role import app_password
from souk.apps.backup import back_up, restore
from souk.apps.books import check_books
from souk.apps.migrations.run import migrate
from souk.infra.postgres.embedded import EmbeddedPostgres
from souk.infra.settings import load_settings
from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.rights import TreeHead
from souk_client.proofs import read_jwks, verify_checkpoint, verify_consistency
from souk_client.sdk import Souk, SoukApiError
from tests.apps.backup.older_server import older_server
from tests.apps.backup.rows import contents, sequences
from tests.conftest import new_database
from tests.market import PASSWORD, available, connect, funded, publish, sign_up
from tests.rights.provenance.whole_log import check_whole_log
from tests.serving import SECRET, Marketplace

PRICE_MINOR, DEPOSIT_MINOR, CREATOR_MINOR = 1999, 5000, 1799

pytestmark = [pytest.mark.database, pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """What was there when the backup was written."""

    seller_email: str
    buyer_email: str
    content: bytes
    listing_id: str
    order_id: str
    licence_id: str
    head: TreeHead
    rows: list[tuple[object, ...]]
    numbers: list[tuple[object, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """The marketplace that was made from the backup, and what it held before it was started."""

    marketplace: Marketplace
    trade: Trade
    rows: list[tuple[object, ...]]
    numbers: list[tuple[object, ...]]

    def sign_in(self, email: str) -> Souk:
        client = connect(self.marketplace.base_url)
        client.auth.login(email=email, password=PASSWORD)
        return client


@pytest.fixture(
    scope="module",
    params=["packaged", pytest.param("older", marks=pytest.mark.postgres15)],
)
def restored(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Restored]:
    folder = tmp_path_factory.mktemp(request.param)
    with ExitStack() as open_until_the_end:
        if request.param == "older":
            place = Path(open_until_the_end.enter_context(TemporaryDirectory(prefix="souk-15-")))
            owner_dsn, database_url = open_until_the_end.enter_context(older_server(place))
            migrate(owner_dsn, app_password=app_password(SECRET))
        else:
            owner_dsn = next(new := new_database(request.getfixturevalue("postgres")))
            open_until_the_end.callback(lambda: next(new, None))
            database_url = ""
        trade = trade_and_back_up(owner_dsn, folder)
        copy = folder / "copy"
        restore(folder / "backup", data_dir=copy, database_url=database_url, progress=say_nothing)
        if not database_url:
            database_url = open_until_the_end.enter_context(EmbeddedPostgres(copy)).dsn()
        rows, numbers = contents(database_url), sequences(database_url)
        marketplace = Marketplace(database_url, copy)
        open_until_the_end.callback(marketplace.stop)
        marketplace.start()
        yield Restored(marketplace=marketplace, trade=trade, rows=rows, numbers=numbers)


def trade_and_back_up(owner_dsn: str, folder: Path) -> Trade:
    """An upload and a sale in a marketplace of their own, which is stopped and backed up."""
    original = Marketplace(owner_dsn, folder / "original")
    try:
        original.start()
        content = token_bytes(40).hex().encode()
        seller, buyer = sign_up(original.base_url), funded(original.base_url, DEPOSIT_MINOR)
        listing = publish(seller, content=content, price_minor=PRICE_MINOR)
        order = buyer.orders.create(OrderRequest(listing_id=listing.id))
        await_proof(buyer, order.provenance_entry_id)
        head = buyer.provenance.head()
        emails = [client.account.get().user.email for client in (seller, buyer)]
    finally:
        original.stop()
    back_up(
        folder / "backup",
        data_dir=original.data_dir,
        owner_dsn=owner_dsn,
        secret=SECRET,
        blobs_url="",
        progress=say_nothing,
    )
    return Trade(
        seller_email=emails[0],
        buyer_email=emails[1],
        content=content,
        listing_id=listing.id,
        order_id=order.id,
        licence_id=order.licence_id,
        head=head,
        rows=contents(owner_dsn),
        numbers=sequences(owner_dsn),
    )


def await_proof(client: Souk, entry_id: str) -> None:
    """Waits until a signed head covers the entry."""
    deadline = time.monotonic() + 60
    while True:
        try:
            client.provenance.proof(entry_id)
        except SoukApiError as error:
            assert error.code == "proof_pending" and time.monotonic() < deadline, str(error)
            time.sleep(0.05)
        else:
            return


def say_nothing(_line: str) -> None:
    return


def test_every_row_and_every_right_is_the_same(restored: Restored) -> None:
    filled = [name for name, *_, found in restored.trade.rows if found[0]]
    assert {"ledger.postings", "licences.licences", "provenance.entries"} <= set(filled)
    assert restored.rows == restored.trade.rows
    assert restored.numbers == restored.trade.numbers


def test_wallets_orders_and_files_are_there(restored: Restored, tmp_path: Path) -> None:
    trade = restored.trade
    seller, buyer = restored.sign_in(trade.seller_email), restored.sign_in(trade.buyer_email)
    assert available(buyer) == DEPOSIT_MINOR - PRICE_MINOR
    assert available(seller) == CREATOR_MINOR
    order = buyer.orders.get(trade.order_id)
    assert (order.state, order.licence_id) == ("paid", trade.licence_id)
    assert "$19.99" in buyer.orders.receipt(trade.order_id).text
    assert buyer.licences.check(trade.licence_id).good
    buyer.download(trade.licence_id, tmp_path)
    assert (tmp_path / "data.txt").read_bytes() == trade.content


def test_the_books_are_right_and_money_goes_on_moving(restored: Restored) -> None:
    seller, buyer = (
        restored.sign_in(restored.trade.seller_email),
        funded(restored.marketplace.base_url),
    )
    before = available(seller)
    buyer.orders.create(OrderRequest(listing_id=restored.trade.listing_id))
    assert available(seller) == before + CREATOR_MINOR
    environ = {"SOUK_DATABASE_URL": restored.marketplace.owner_dsn}
    findings = check_books(load_settings(environ))
    assert [finding.holds for finding in findings] == [True], findings


def test_the_log_grows_on_from_its_old_head(restored: Restored) -> None:
    buyer = funded(restored.marketplace.base_url)
    order = buyer.orders.create(OrderRequest(listing_id=restored.trade.listing_id))
    await_proof(buyer, order.provenance_entry_id)
    keys = read_jwks(buyer.provenance.keys())
    old = verify_checkpoint(restored.trade.head.checkpoint, keys)
    proof = buyer.provenance.consistency(first=old.tree_size)
    new = verify_checkpoint(proof.head.checkpoint, keys)
    assert new.origin == old.origin and new.tree_size > old.tree_size
    verify_consistency(
        first_size=old.tree_size,
        first_root=old.root,
        second_size=new.tree_size,
        second_root=new.root,
        proof=[bytes.fromhex(digest) for digest in proof.path],
    )
    assert check_whole_log(restored.marketplace.owner_dsn) >= new.tree_size
