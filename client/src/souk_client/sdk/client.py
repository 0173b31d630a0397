"""`Souk`: the blocking client."""

import time
from collections.abc import Callable, Iterator, Sequence
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
from souk_client.sdk import people
from souk_client.sdk.address import DEFAULT_API_URL, normal_url
from souk_client.sdk.analytics import Analytics
from souk_client.sdk.assets import Assets, send_asset
from souk_client.sdk.call import Blocking, Call
from souk_client.sdk.certificates import Certificates
from souk_client.sdk.chain_sales import ChainSales
from souk_client.sdk.collections import Collections, Favourites, FeaturedWorks, Following
from souk_client.sdk.commerce import Orders, Wallets
from souk_client.sdk.credentials import Credentials, SessionStore
from souk_client.sdk.devices import Devices
from souk_client.sdk.domains import OwnDomains
from souk_client.sdk.downloads import Downloaded, download
from souk_client.sdk.errors import SoukApiError
from souk_client.sdk.evaluations import Evaluations, Galleries
from souk_client.sdk.ipfs import Ipfs, fetch_car, import_car
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
from souk_client.sdk.uploads import upload_file
from souk_client.sdk.wallets import AccountWallets
from souk_client.sdk.works import Discovery, Listings, Uploads

T = TypeVar("T")


class Souk(Blocking):
    """A marketplace, over HTTP. Safe to share between threads; close it, or use it in a `with`.

        with Souk("https://souk.example", api_key="vk_…") as souk:
            for hit in souk.discovery.search("sentence embeddings").items:
                print(hit.listing.address)

    Args:
        api_url: the marketplace's address.
        api_key: a `vk_…` key; or call `souk.auth.login`, or pass a session to go on with.
        session: a session to go on with; it renews itself when it runs out.
        store: where the session is kept between runs, and shared with other processes.
        retry: when to try again.
        transport: another httpx transport, for tests.
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
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.api_url = normal_url(api_url)
        self.credentials = Credentials(api_key=api_key, session=session, store=store)
        self.retry = retry or RetryPolicy()
        self.http = httpx.Client(
            base_url=self.api_url,
            timeout=timeout,
            headers={"User-Agent": USER_AGENT},
            verify=tls_context(self.api_url),
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=16),
            transport=transport,
        )
        self.auth: Auth[Blocking] = Auth(self)
        self.account: Account[Blocking] = Account(self)
        self.api_keys: ApiKeys[Blocking] = ApiKeys(self)
        self.organisations: Organisations[Blocking] = Organisations(self)
        self.notices: Notices[Blocking] = Notices(self)
        self.uploads: Uploads[Blocking] = Uploads(self)
        self.listings: Listings[Blocking] = Listings(self)
        self.discovery: Discovery[Blocking] = Discovery(self)
        self.saved_searches: SavedSearches[Blocking] = SavedSearches(self)
        self.evaluations: Evaluations[Blocking] = Evaluations(self)
        self.galleries: Galleries[Blocking] = Galleries(self)
        self.favourites: Favourites[Blocking] = Favourites(self)
        self.following: Following[Blocking] = Following(self)
        self.collections: Collections[Blocking] = Collections(self)
        self.reviews: Reviews[Blocking] = Reviews(self)
        self.storefronts: Storefronts[Blocking] = Storefronts(self)
        self.reports: Reports[Blocking] = Reports(self)
        self.moderation: Moderation[Blocking] = Moderation(self)
        self.featured: FeaturedWorks[Blocking] = FeaturedWorks(self)
        self.recommendations: Recommending[Blocking] = Recommending(self)
        self.wallet: Wallets[Blocking] = Wallets(self)
        self.wallets: AccountWallets[Blocking] = AccountWallets(self)
        self.orders: Orders[Blocking] = Orders(self)
        self.promotions: Promotions[Blocking] = Promotions(self)
        self.chain_sales: ChainSales[Blocking] = ChainSales(self)
        self.tokens: Tokens[Blocking] = Tokens(self)
        self.asks: Asks[Blocking] = Asks(self)
        self.licences: Licences[Blocking] = Licences(self)
        self.certificates: Certificates[Blocking] = Certificates(self)
        self.devices: Devices[Blocking] = Devices(self)
        self.lookups: Lookups[Blocking] = Lookups(self)
        self.analytics: Analytics[Blocking] = Analytics(self)
        self.provenance: Provenance[Blocking] = Provenance(self)
        self.plugins: Plugins[Blocking] = Plugins(self)
        self.workspaces: Workspaces[Blocking] = Workspaces(self)
        self.ipfs: Ipfs[Blocking] = Ipfs(self)
        self.assets: Assets[Blocking] = Assets(self)
        self.domains: OwnDomains[Blocking] = OwnDomains(self)

    def send(self, call: Call[T]) -> T:
        exchange = Exchange(call, credentials=self.credentials, policy=self.retry)
        while True:
            try:
                response = self.http.send(exchange.request(self.http))
            except httpx.TransportError as error:
                time.sleep(exchange.pause_after_error(error))
                continue
            if exchange.should_renew(response) and self.renew(exchange.token or ""):
                continue
            pause = exchange.pause_after(response)
            if pause is None:
                break
            time.sleep(pause)
        return self.received(call, read_answer(call, response))

    def received(self, call: Call[T], answer: T) -> T:
        """Takes over a session that an answer brought, or drops one that it ended."""
        if isinstance(answer, Session) and call.session == "starts":
            self.credentials.adopt(answer)
        elif call.session == "ends":
            self.credentials.forget()
        return answer

    def renew(self, stale_token: str) -> bool:
        """Renews the session whose access token has run out; False when that is not possible."""
        with self.credentials.renewing(stale_token) as refresh_token:
            if refresh_token is None:
                return self.credentials.token is not None
            try:
                self.send(people.refresh(refresh_token=refresh_token))
            except SoukApiError as error:
                if error.status >= 500:
                    raise
                self.credentials.forget()
                return False
            return True

    def each(self, page: Callable[..., PageAnswer[T]], **arguments: object) -> Iterator[T]:
        """Every item of a paged method: `souk.each(souk.licences.list)`."""
        cursor: str | None = None
        while True:
            answer = page(cursor=cursor, **arguments)
            yield from answer.items
            cursor = answer.next_cursor
            if cursor is None:
                return

    def keys(self) -> KeySet:
        """The marketplace's public keys, to keep: they check its proofs with no server."""
        return read_jwks(self.provenance.keys())

    def upload_file(
        self,
        path: Path,
        *,
        filename: str | None = None,
        organisation_id: str | None = None,
        parallel: int = 4,
        memory: UploadMemory | None = None,
        on_progress: OnProgress = silent,
    ) -> Artifact:
        """Sends a file: parts in parallel, going on where a broken upload stopped.

        Args:
            filename: as the marketplace shall call it; the file's own name when left out.
            memory: remembers uploads between runs, so that they can be resumed.

        Raises:
            IntegrityError: the file changed while it was read.
        """
        return upload_file(
            self,
            path,
            filename=filename or path.name,
            organisation_id=organisation_id,
            parallel=parallel,
            memory=memory,
            on_progress=on_progress,
        )

    def download(
        self,
        licence_id: str,
        folder: Path,
        *,
        version: str | None = None,
        only: Sequence[str] = (),
        parallel: int = 4,
        on_progress: OnProgress = silent,
    ) -> Downloaded:
        """Fetches the files of a licence into a folder, each verified by its hash.

        A broken download goes on where it stopped; a file that is there and right is left alone.

        Args:
            only: paths to fetch; all when left out.

        Raises:
            IntegrityError: a file arrived with another hash, or a path would leave the folder.
        """
        return download(
            self,
            licence_id,
            folder,
            version=version,
            only=only,
            parallel=parallel,
            on_progress=on_progress,
        )

    def fetch_car(self, cid: str, place: Path) -> int:
        """Fetches everything below a CID as a CAR file, each block checked; answers its bytes.

        Works for what is given away, and with a token for what you have a licence for.

        Raises:
            IntegrityError: a block is wrong or missing; no file is left.
            ProofError: `cid` is no CID.
        """
        return fetch_car(self, cid, place)

    def import_car(
        self, path: Path, *, filename: str | None = None, organisation_id: str | None = None
    ) -> ImportedCar:
        """Sends a CAR file, whose files become artifacts.

        Args:
            filename: what a single file is called; its CID when left out.
        """
        return import_car(self, path, filename=filename, organisation_id=organisation_id)

    def put_asset(
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
        """Sends a file and puts it at a public address, once its safety scan is done.

        Args:
            path: where; the file's own name when left out.
            media_type: by the path's ending when left out.
            max_age_s: how long browsers may show it without asking again.
            optimise: whether HTML, CSS, scripts and SVG are served without superfluous bytes.
        """
        return send_asset(
            self,
            file,
            path or file.name,
            organisation_id=organisation_id,
            media_type=media_type,
            max_age_s=max_age_s,
            optimise=optimise,
            on_progress=on_progress,
        )

    def close(self) -> None:
        """Closes connections."""
        self.http.close()

    def __enter__(self) -> "Souk":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
