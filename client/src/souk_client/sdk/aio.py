"""`AsyncSouk`: the asynchronous client, with the same surface as `Souk`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import httpx

from souk_client.contracts.assets import Asset
from souk_client.contracts.base import PageAnswer
from souk_client.contracts.ipfs import ImportedCar
from souk_client.contracts.people import Session
from souk_client.contracts.works import Artifact
from souk_client.proofs import KeySet, read_jwks
from souk_client.sdk.address import DEFAULT_API_URL
from souk_client.sdk.analytics import Analytics
from souk_client.sdk.assets import Assets
from souk_client.sdk.call import Awaiting, Call
from souk_client.sdk.certificates import Certificates
from souk_client.sdk.chain_sales import ChainSales
from souk_client.sdk.client import Souk
from souk_client.sdk.collections import Collections, Favourites, FeaturedWorks, Following
from souk_client.sdk.commerce import Orders, Wallets
from souk_client.sdk.credentials import SessionStore
from souk_client.sdk.devices import Devices
from souk_client.sdk.domains import OwnDomains
from souk_client.sdk.downloads import Downloaded
from souk_client.sdk.evaluations import Evaluations, Galleries
from souk_client.sdk.ipfs import Ipfs
from souk_client.sdk.lookups import Lookups
from souk_client.sdk.people import Account, ApiKeys, Auth, Notices, Organisations
from souk_client.sdk.plugins import Plugins, Workspaces
from souk_client.sdk.progress import OnProgress, UploadMemory, silent
from souk_client.sdk.promotions import Promotions
from souk_client.sdk.recommendations import Recommending
from souk_client.sdk.retry import RetryPolicy
from souk_client.sdk.reviews import Moderation, Reports, Reviews
from souk_client.sdk.rights import Licences, Provenance
from souk_client.sdk.saved_searches import SavedSearches
from souk_client.sdk.storefronts import Storefronts
from souk_client.sdk.tokens import Asks, Tokens
from souk_client.sdk.transport import (
    TIMEOUT,
    USER_AGENT,
    Exchange,
    read_answer,
    tls_context,
)
from souk_client.sdk.wallets import AccountWallets
from souk_client.sdk.works import Discovery, Listings, Uploads

T = TypeVar("T")


class AsyncSouk(Awaiting):
    """A marketplace, over HTTP, for `asyncio`.

        async with AsyncSouk("https://souk.example", api_key="vk_…") as souk:
            answer = await souk.discovery.search("sentence embeddings")

    Arguments as of `Souk`. Files are hashed, sent and fetched in threads, by the blocking client,
    so that the event loop stays free.
    """

    def __init__(
        self,
        api_url: str = DEFAULT_API_URL,
        *,
        api_key: str | None = None,
        session: Session | None = None,
        store: SessionStore | None = None,
        retry: RetryPolicy | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        transport: httpx.AsyncBaseTransport | None = None,
        blocking_transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._blocking = Souk(
            api_url,
            api_key=api_key,
            session=session,
            store=store,
            retry=retry,
            timeout=timeout,
            transport=blocking_transport,
        )
        self.api_url = self._blocking.api_url
        self.credentials = self._blocking.credentials
        self.http = httpx.AsyncClient(
            base_url=self.api_url,
            timeout=timeout,
            headers={"User-Agent": USER_AGENT},
            verify=tls_context(self.api_url),
            transport=transport,
        )
        self.auth: Auth[Awaiting] = Auth(self)
        self.account: Account[Awaiting] = Account(self)
        self.api_keys: ApiKeys[Awaiting] = ApiKeys(self)
        self.organisations: Organisations[Awaiting] = Organisations(self)
        self.notices: Notices[Awaiting] = Notices(self)
        self.uploads: Uploads[Awaiting] = Uploads(self)
        self.listings: Listings[Awaiting] = Listings(self)
        self.discovery: Discovery[Awaiting] = Discovery(self)
        self.saved_searches: SavedSearches[Awaiting] = SavedSearches(self)
        self.evaluations: Evaluations[Awaiting] = Evaluations(self)
        self.galleries: Galleries[Awaiting] = Galleries(self)
        self.favourites: Favourites[Awaiting] = Favourites(self)
        self.following: Following[Awaiting] = Following(self)
        self.collections: Collections[Awaiting] = Collections(self)
        self.reviews: Reviews[Awaiting] = Reviews(self)
        self.storefronts: Storefronts[Awaiting] = Storefronts(self)
        self.reports: Reports[Awaiting] = Reports(self)
        self.moderation: Moderation[Awaiting] = Moderation(self)
        self.featured: FeaturedWorks[Awaiting] = FeaturedWorks(self)
        self.recommendations: Recommending[Awaiting] = Recommending(self)
        self.wallet: Wallets[Awaiting] = Wallets(self)
        self.wallets: AccountWallets[Awaiting] = AccountWallets(self)
        self.orders: Orders[Awaiting] = Orders(self)
        self.promotions: Promotions[Awaiting] = Promotions(self)
        self.chain_sales: ChainSales[Awaiting] = ChainSales(self)
        self.tokens: Tokens[Awaiting] = Tokens(self)
        self.asks: Asks[Awaiting] = Asks(self)
        self.licences: Licences[Awaiting] = Licences(self)
        self.certificates: Certificates[Awaiting] = Certificates(self)
        self.devices: Devices[Awaiting] = Devices(self)
        self.lookups: Lookups[Awaiting] = Lookups(self)
        self.analytics: Analytics[Awaiting] = Analytics(self)
        self.provenance: Provenance[Awaiting] = Provenance(self)
        self.plugins: Plugins[Awaiting] = Plugins(self)
        self.workspaces: Workspaces[Awaiting] = Workspaces(self)
        self.ipfs: Ipfs[Awaiting] = Ipfs(self)
        self.assets: Assets[Awaiting] = Assets(self)
        self.domains: OwnDomains[Awaiting] = OwnDomains(self)

    async def send(self, call: Call[T]) -> T:
        exchange = Exchange(call, credentials=self.credentials, policy=self._blocking.retry)
        while True:
            try:
                response = await self.http.send(exchange.request(self.http))
            except httpx.TransportError as error:
                await asyncio.sleep(exchange.pause_after_error(error))
                continue
            if exchange.should_renew(response) and await self._renew(exchange.token or ""):
                continue
            pause = exchange.pause_after(response)
            if pause is None:
                break
            await asyncio.sleep(pause)
        return self._blocking.received(call, read_answer(call, response))

    async def each(
        self, page: Callable[..., Awaitable[PageAnswer[T]]], **arguments: object
    ) -> AsyncIterator[T]:
        """Every item of a paged method: `async for … in souk.each(souk.licences.list)`."""
        cursor: str | None = None
        while True:
            answer = await page(cursor=cursor, **arguments)
            for item in answer.items:
                yield item
            cursor = answer.next_cursor
            if cursor is None:
                return

    async def keys(self) -> KeySet:
        """As `Souk.keys`."""
        return read_jwks(await self.provenance.keys())

    async def upload_file(
        self,
        path: Path,
        *,
        filename: str | None = None,
        organisation_id: str | None = None,
        parallel: int = 4,
        memory: UploadMemory | None = None,
        on_progress: OnProgress = silent,
    ) -> Artifact:
        """As `Souk.upload_file`, in threads."""
        return await asyncio.to_thread(
            self._blocking.upload_file,
            path,
            filename=filename,
            organisation_id=organisation_id,
            parallel=parallel,
            memory=memory,
            on_progress=on_progress,
        )

    async def download(
        self,
        licence_id: str,
        folder: Path,
        *,
        version: str | None = None,
        only: Sequence[str] = (),
        parallel: int = 4,
        on_progress: OnProgress = silent,
    ) -> Downloaded:
        """As `Souk.download`, in threads."""
        return await asyncio.to_thread(
            self._blocking.download,
            licence_id,
            folder,
            version=version,
            only=only,
            parallel=parallel,
            on_progress=on_progress,
        )

    async def fetch_car(self, cid: str, place: Path) -> int:
        """As `Souk.fetch_car`, in a thread."""
        return await asyncio.to_thread(self._blocking.fetch_car, cid, place)

    async def import_car(
        self, path: Path, *, filename: str | None = None, organisation_id: str | None = None
    ) -> ImportedCar:
        """As `Souk.import_car`, in a thread."""
        return await asyncio.to_thread(
            self._blocking.import_car, path, filename=filename, organisation_id=organisation_id
        )

    async def put_asset(
        self,
        file: Path,
        path: str | None = None,
        *,
        organisation_id: str | None = None,
        media_type: str | None = None,
        max_age_s: int = 300,
        optimise: bool = True,
        on_progress: OnProgress = silent,
    ) -> Asset:
        """As `Souk.put_asset`, in a thread."""
        return await asyncio.to_thread(
            self._blocking.put_asset,
            file,
            path,
            organisation_id=organisation_id,
            media_type=media_type,
            max_age_s=max_age_s,
            optimise=optimise,
            on_progress=on_progress,
        )

    async def aclose(self) -> None:
        """Closes connections."""
        await self.http.aclose()
        self._blocking.close()

    async def _renew(self, stale_token: str) -> bool:
        return await asyncio.to_thread(self._blocking.renew, stale_token)

    async def __aenter__(self) -> "AsyncSouk":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
