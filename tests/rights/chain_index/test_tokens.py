"""Licences become tokens when their holders want that, are sold on, and follow their tokens."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from eth_account.messages import encode_typed_data

from souk.infra.outbox.worker import OutboxWorker
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM, Scope
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from souk.kernel.ids import OrganisationId, UserId
from souk.rights.chain.deploying import Deploying
from souk.rights.chain.keys import Keystore
from souk.rights.chain.model import CHAINS
from souk.rights.chain.rpc import Rpc
from souk.rights.chain.settings import ChainSettings
from souk.rights.chain.transactions import Sending
from souk.rights.chain.worker import ChainWorker
from souk.rights.chain_index.api import AccountWallet
from souk.rights.chain_index.asking import Asking
from souk.rights.chain_index.holders import Holders
from souk.rights.chain_index.indexer import Indexer
from souk.rights.chain_index.jobs import follow_tokens
from souk.rights.chain_index.minting import Minting
from souk.rights.chain_index.reconciling import Reconciliation
from souk.rights.chain_index.service import ChainService, ConfiguredChain
from souk.rights.licences.service import LicenceService
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.chain import AskRequest, MintRequest, OwnAsk
from souk_client.contracts.rights import Licence
from souk_client.contracts.works import LicenceTerms
from tests.chain import Chain

pytestmark = pytest.mark.database

PRICE = 10**18
CONTRACTS = ("Works", "Licences", "Market", "GENX")


@dataclass
class Directory:
    """Whose wallet is whose, who gets royalties, and what can still be given back."""

    owners: dict[str, tuple[str, OwnerRef]] = field(default_factory=dict)
    creators: dict[str, str] = field(default_factory=dict)
    refundable: dict[str, datetime] = field(default_factory=dict)

    async def mine(self, _uow: UnitOfWork, actor: Actor) -> Sequence[AccountWallet]:
        return [
            AccountWallet(address=address, chain_id=None)
            for address, (user, _) in self.owners.items()
            if user == actor.user_id
        ]

    async def holder(self, _uow: UnitOfWork, address: str, *, chain_id: int) -> OwnerRef | None:
        found = self.owners.get(address)
        return None if found is None else found[1]

    async def wallet(self, _uow: UnitOfWork, organisation_id: str, *, chain_id: int) -> str | None:
        del chain_id
        return self.creators.get(organisation_id)

    async def open_until(self, _uow: UnitOfWork, order_id: str) -> datetime | None:
        return self.refundable.get(order_id)


class Person:
    """Somebody with an organisation and a wallet."""

    def __init__(self, stage: "Stage", name: str, fresh: Callable[[str], str]) -> None:
        self.account = stage.node.account(f"{name} {fresh('wlt')}")
        self.wallet = str(self.account.address).lower()
        self.owner = OwnerRef(id=fresh("org"), slug=name, name=name.title())
        self.user = UserId(fresh("usr"))
        self.actor = Actor(
            user_id=self.user,
            memberships={OrganisationId(self.owner.id): "owner"},
        )
        self.scope = Scope(organisation_ids=(self.owner.id,), user_id=self.user)
        stage.directory.owners[self.wallet] = (self.user, self.owner)


@dataclass(kw_only=True)
class Stage:
    """Everything that plays a part."""

    database: Database
    node: Chain
    licences: LicenceService
    directory: Directory
    worker: ChainWorker
    indexer: Indexer
    outbox: OutboxWorker
    tokens: Minting
    asks: Asking
    chains: ChainService
    holders: Holders
    contracts: dict[str, Any]

    async def settle(self) -> None:
        """Lets everything happen that is due."""
        for _ in range(3):
            await self.worker.step()
        while await self.indexer.step():
            pass
        await self.outbox.drain()

    async def mint(self, person: Person, licence: Licence) -> Any:
        async with self.database.transaction(person.scope) as uow:
            return await self.tokens.mint(uow, person.actor, licence.id, MintRequest())

    async def token(self, person: Person, licence: Licence) -> Any:
        async with self.database.transaction(person.scope, read_only=True) as uow:
            return await self.tokens.token(uow, person.actor, licence.id)

    async def holder(self, licence: Licence) -> str:
        async with self.database.transaction(SYSTEM, read_only=True) as uow:
            return (await self.licences.get(uow, licence.id)).licensee.id

    async def ask(self, person: Person, licence: Licence, currency: str = "ETH") -> OwnAsk:
        """An open ask, whose token the market may move."""
        request = AskRequest(currency=currency, price_units=str(PRICE))
        async with self.database.transaction(person.scope) as uow:
            own = await self.asks.open(uow, person.actor, licence.id, request)
        message = encode_typed_data(full_message=own.to_sign)
        signature = "0x" + bytes(person.account.sign_message(message).signature).hex()
        async with self.database.transaction(person.scope) as uow:
            own = await self.asks.sign(uow, person.actor, own.ask.id, signature)
        self.send(person, own.approve.to, own.approve.data)
        return own

    async def buy(self, person: Person, own: OwnAsk) -> None:
        async with self.database.transaction(person.scope, read_only=True) as uow:
            found = await self.asks.purchase(uow, person.actor, own.ask.id, wallet=person.wallet)
        data = found.call.data
        if found.call.permit is not None:
            signed = person.account.sign_message(encode_typed_data(full_message=found.call.permit))
            deadline = int(found.call.permit["message"]["deadline"])
            words = [PRICE, deadline, signed.v, signed.r, signed.s]
            data += "".join(f"{word:064x}" for word in words)
        self.send(person, found.call.to, data, int(found.call.value))

    def send(self, person: Person, to: str, data: str, value: int = 0) -> None:
        receipt = self.node._mined(
            {
                "from": person.account.address,
                "to": to,
                "data": data,
                "value": hex(value),
                "gas": hex(1_000_000),
            }
        )
        assert receipt["status"] == "0x1"

    async def state(self, person: Person, own: OwnAsk) -> str:
        async with self.database.transaction(person.scope, read_only=True) as uow:
            return (await self.asks.own(uow, person.actor, own.ask.id)).ask.state


@pytest.fixture(scope="module")
async def stage(
    database: Database,
    node: Chain,
    licences: LicenceService,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Stage]:
    spec = CHAINS["local"]
    signer = Keystore(
        tmp_path_factory.mktemp("keys") / "key.json", password=lambda: "quiet", make=True
    )
    worker_rpc, index_rpc, rpc = (Rpc(spec, [node.url]) for _ in range(3))
    worker = ChainWorker(
        database,
        rpc=worker_rpc,
        signer=signer,
        sending=Sending(
            database, rpc=worker_rpc, signer=signer, settings=ChainSettings(), finality=1
        ),
        anchoring=None,
        deploying=Deploying(database),
        deploys=False,
        contracts={},
        poll_s=0.01,
    )
    known = await worker.deploy(CONTRACTS)
    configured = ConfiguredChain(
        spec=spec,
        rpc=rpc,
        signer=signer,
        finality=1,
        given={},
        treasury="",
        wallet_rpc=(node.url,),
    )
    chains = ChainService([configured])
    directory = Directory()
    holders = Holders(licences=licences, wallets=directory)
    yield Stage(
        database=database,
        node=node,
        licences=licences,
        directory=directory,
        worker=worker,
        indexer=Indexer(
            database,
            rpc=index_rpc,
            finality=1,
            given={},
            start=None,
            most_blocks=1000,
            poll_s=0.01,
        ),
        outbox=OutboxWorker(database, [follow_tokens(holders)]),
        tokens=Minting(
            licences=licences,
            chains=chains,
            wallets=directory,
            creators=directory,
            refunds=directory,
            royalty_bps=1000,
            base_url="https://souk.example",
        ),
        asks=Asking(licences=licences, chains=chains, wallets=directory),
        chains=chains,
        holders=holders,
        contracts=dict(known),
    )
    for one in (worker_rpc, index_rpc, rpc):
        await one.close()


@pytest.fixture
def people(stage: Stage, fresh: Callable[[str], str]) -> Callable[[str], Person]:
    return lambda name: Person(stage, name, fresh)


Sold = Callable[..., Awaitable[Licence]]


@pytest.fixture
def sold(stage: Stage, issue: Any, fresh: Callable[[str], str], people: Any) -> Sold:
    """A licence that somebody bought; its creator has a wallet."""
    creator = people("creator")

    async def made(holder: Person, **terms: Any) -> Licence:
        stage.directory.creators[creator.owner.id] = creator.wallet
        wanted = {"kind": "perpetual", "transferable": True, **terms}
        return await issue(  # type: ignore[no-any-return] # the rights' own fixture
            LicenceTerms(**wanted),
            licensee_organisation=holder.owner,
            licensor_organisation=creator.owner,
        )

    made.creator = creator  # type: ignore[attr-defined] # for the tests below
    return made


async def test_a_licence_becomes_a_token_and_is_sold_on(
    stage: Stage, people: Callable[[str], Person], sold: Sold
) -> None:
    ada, grace = people("ada"), people("grace")
    licence = await sold(ada)
    wanted = await stage.mint(ada, licence)
    assert wanted.state == "queued"
    assert (await stage.mint(ada, licence)).token_id == wanted.token_id
    await stage.settle()
    minted = await stage.token(ada, licence)
    assert (minted.state, minted.holder) == ("final", ada.wallet)

    own = await stage.ask(ada, licence)
    assert own.ask.max_royalty_bps == 1000
    await stage.buy(grace, own)
    await stage.settle()

    assert await stage.holder(licence) == grace.owner.id
    assert await stage.state(ada, own) == "sold"
    assert (await stage.token(grace, licence)).holder == grace.wallet
    async with stage.database.transaction(ada.scope, read_only=True) as uow:
        with pytest.raises(NotFound):
            await stage.licences.get(uow, licence.id)
    async with stage.database.transaction(SYSTEM, read_only=True) as uow:
        chain = await stage.chains.get(uow, "local")
        entry = (await stage.licences.get(uow, licence.id)).provenance_entry_id
        kind = await uow.value("SELECT kind FROM provenance.entries WHERE id = %(id)s", id=entry)
    (royalty,) = await stage.chains.read(
        chain,
        "Market",
        "owed",
        "0x" + "0" * 40,
        sold.creator.wallet,  # type: ignore[attr-defined] # set by the fixture
    )
    assert royalty == PRICE // 10
    assert kind == "transferred"


async def test_a_resale_that_the_chain_takes_back_is_undone(
    stage: Stage, people: Callable[[str], Person], sold: Sold
) -> None:
    ada, grace = people("ada"), people("grace")
    licence = await sold(ada)
    await stage.mint(ada, licence)
    await stage.settle()
    own = await stage.ask(ada, licence)
    await stage.buy(grace, own)
    await stage.settle()
    assert await stage.holder(licence) == grace.owner.id

    stage.node.rpc("anvil_reorg", 1, [])
    await stage.settle()
    assert await stage.holder(licence) == ada.owner.id
    assert await stage.state(ada, own) == "open"

    await stage.buy(grace, own)
    await stage.settle()
    assert await stage.holder(licence) == grace.owner.id


async def test_who_links_the_wallet_later_gets_the_licence_then(
    stage: Stage, people: Callable[[str], Person], sold: Sold
) -> None:
    ada, grace = people("ada"), people("grace")
    licence = await sold(ada)
    await stage.mint(ada, licence)
    await stage.settle()
    own = await stage.ask(ada, licence)
    known = stage.directory.owners[grace.wallet]
    await stage.buy(grace, own)
    del stage.directory.owners[grace.wallet]
    await stage.settle()
    assert await stage.holder(licence) == grace.wallet

    stage.directory.owners[grace.wallet] = known
    async with stage.database.transaction(SYSTEM) as uow:
        await stage.holders.claim(uow)
    assert await stage.holder(licence) == grace.owner.id


async def test_a_resale_is_paid_in_a_token_by_permit(
    stage: Stage, people: Callable[[str], Person], sold: Sold
) -> None:
    ada, grace = people("ada"), people("grace")
    licence = await sold(ada)
    await stage.mint(ada, licence)
    async with stage.database.transaction(SYSTEM) as uow:
        chain = await stage.chains.get(uow, "local")
        await stage.chains.submit(
            uow,
            chain,
            purpose=f"gift:{grace.wallet}",
            contract="GENX",
            data=stage.chains.call_data("PlatformToken", "transfer", grace.wallet, PRICE),
        )
    await stage.settle()
    own = await stage.ask(ada, licence, "GENX")
    await stage.buy(grace, own)
    await stage.settle()
    assert await stage.holder(licence) == grace.owner.id


async def test_an_ask_can_be_withdrawn_and_replaced(
    stage: Stage, people: Callable[[str], Person], sold: Sold
) -> None:
    ada, grace = people("ada"), people("grace")
    licence = await sold(ada)
    await stage.mint(ada, licence)
    await stage.settle()
    first = await stage.ask(ada, licence)
    second = await stage.ask(ada, licence)
    assert await stage.state(ada, first) == "withdrawn"
    async with stage.database.transaction(Scope(), read_only=True) as uow:
        page = await stage.asks.page(uow, listing_id=licence.listing_id, cursor=None, limit=5)
    assert [ask.id for ask in page.items] == [second.ask.id]

    stage.send(ada, second.cancel.to, second.cancel.data)
    await stage.settle()
    assert await stage.state(ada, second) == "withdrawn"
    with pytest.raises((Conflict, NotFound)):
        await stage.buy(grace, second)


async def test_a_revoked_licence_is_not_for_sale(
    stage: Stage, people: Callable[[str], Person], sold: Sold
) -> None:
    ada = people("ada")
    licence = await sold(ada)
    await stage.mint(ada, licence)
    await stage.settle()
    own = await stage.ask(ada, licence)
    async with stage.database.transaction(SYSTEM) as uow:
        await stage.licences.revoke(uow, licence.id, reason="charged back")
    await stage.settle()
    assert await stage.state(ada, own) == "withdrawn"


@pytest.mark.parametrize(
    ("terms", "code"),
    [({"kind": "seats", "seats": 3}, "licence_not_mintable")],
)
async def test_what_no_token_can_say_is_not_minted(
    stage: Stage,
    people: Callable[[str], Person],
    sold: Sold,
    terms: dict[str, Any],
    code: str,
) -> None:
    ada = people("ada")
    with pytest.raises(Invalid) as caught:
        await stage.mint(ada, await sold(ada, **terms))
    assert caught.value.code == code


async def test_minting_is_the_holders_and_waits_for_the_refund_window(
    stage: Stage, people: Callable[[str], Person], sold: Sold
) -> None:
    ada, grace = people("ada"), people("grace")
    licence = await sold(ada, kind="timed", duration_days=30)
    async with stage.database.transaction(SYSTEM) as uow:
        with pytest.raises(Forbidden):
            await stage.tokens.mint(uow, grace.actor, licence.id, MintRequest())
        with pytest.raises(Invalid, match="not linked"):
            await stage.tokens.mint(uow, ada.actor, licence.id, MintRequest(wallet=grace.wallet))
        with pytest.raises(NotFound, match="no chain"):
            await stage.tokens.mint(uow, ada.actor, licence.id, MintRequest(chain="polygon"))
        if licence.order_id is not None:
            stage.directory.refundable[licence.order_id] = uow.now + timedelta(days=1)
            with pytest.raises(Conflict, match="still go back"):
                await stage.tokens.mint(uow, ada.actor, licence.id, MintRequest())
            del stage.directory.refundable[licence.order_id]
    stage.directory.creators.clear()
    with pytest.raises(Conflict, match="no wallet for royalties"):
        await stage.mint(ada, licence)
    plain = await sold(ada, transferable=False)
    stage.directory.creators.clear()
    await stage.mint(ada, plain)
    await stage.settle()
    assert (await stage.token(ada, plain)).state == "final"
    async with stage.database.transaction(ada.scope) as uow:
        with pytest.raises(Conflict, match="cannot be sold on"):
            await stage.asks.open(
                uow, ada.actor, plain.id, AskRequest(currency="ETH", price_units="1")
            )


async def test_only_the_wallet_with_the_token_signs(
    stage: Stage, people: Callable[[str], Person], sold: Sold
) -> None:
    ada, grace = people("ada"), people("grace")
    licence = await sold(ada)
    request = AskRequest(currency="ETH", price_units=str(PRICE))
    async with stage.database.transaction(ada.scope) as uow:
        with pytest.raises(NotFound, match="no token yet"):
            await stage.asks.open(uow, ada.actor, licence.id, request)
    await stage.mint(ada, licence)
    await stage.settle()
    async with stage.database.transaction(ada.scope) as uow:
        with pytest.raises(Invalid, match="is paid in ETH"):
            await stage.asks.open(
                uow, ada.actor, licence.id, AskRequest(currency="DOGE", price_units="1")
            )
        own = await stage.asks.open(uow, ada.actor, licence.id, request)
    wrong = grace.account.sign_message(encode_typed_data(full_message=own.to_sign))
    async with stage.database.transaction(ada.scope) as uow:
        for signature in ("0x" + bytes(wrong.signature).hex(), "0x" + "ff" * 65):
            with pytest.raises(Invalid, match="signature"):
                await stage.asks.sign(uow, ada.actor, own.ask.id, signature)
    async with stage.database.transaction(grace.scope) as uow:
        with pytest.raises(NotFound):
            await stage.asks.own(uow, grace.actor, own.ask.id)


async def test_while_the_chain_is_away_what_is_wanted_waits(
    stage: Stage, people: Callable[[str], Person], sold: Sold
) -> None:
    ada = people("ada")
    licence = await sold(ada)
    urls, stage.worker._rpc._urls = stage.worker._rpc._urls, ("http://127.0.0.1:9",)
    await stage.mint(ada, licence)
    assert (await stage.token(ada, licence)).state == "queued"
    stage.worker._rpc._urls = urls
    await stage.settle()
    assert (await stage.token(ada, licence)).state == "final"


async def test_chain_and_licences_are_compared(
    stage: Stage, people: Callable[[str], Person], sold: Sold, owner_dsn: str
) -> None:
    ada, grace, bob = people("ada"), people("grace"), people("bob")
    licences = [await sold(ada) for _ in range(2)]
    for licence in licences:
        await stage.mint(ada, licence)
    await stage.settle()
    await stage.buy(grace, await stage.ask(ada, licences[0]))
    await stage.settle()

    async def found() -> list[str]:
        reconciliation = Reconciliation(
            stage.database,
            rpc=stage.indexer._rpc,
            licences=stage.licences,
            given={},
            most_blocks=7,
        )
        return [one.says async for one in reconciliation.differences()]

    # A test before this one has revoked a licence, whose token nobody can take back.
    (revoked,) = await found()
    assert "is revoked here, and its token is good on the chain" in revoked

    async with stage.database.transaction(SYSTEM) as uow:
        await stage.licences.transfer(uow, licences[0].id, to=bob.owner, details={})
    token = (await stage.token(ada, licences[1])).token_id
    with psycopg.connect(owner_dsn) as owner:  # this test comes last: it spoils them
        for statement in (
            "DELETE FROM chain_index.moves",
            "DELETE FROM chain_index.facts WHERE kind = 'WorkMinted'",
            'UPDATE chain_index.facts SET arguments = arguments || \'{"royalty": "1"}\' '
            "WHERE kind = 'Resold'",
            "UPDATE chain_index.facts SET block_hash = '0x' || repeat('9', 64) "
            f"WHERE kind = 'LicenceMinted' AND key = '{token}'",
        ):
            owner.execute(statement.encode())
        owner.commit()
    told = await found()
    for words in (
        "is on the chain and was not read",
        "says other things on the chain than here",
        "and the chain does not have it",
        f"{licences[0].id} is held by {bob.owner.id} here",
    ):
        assert any(words in sentence for sentence in told), (words, told)
