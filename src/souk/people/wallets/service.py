"""Use cases of wallets: link, list, unlink, sign in."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from souk.infra.http.limits import RateLimiter
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.ids import LinkedWalletId, UserId, new_id
from souk.people.access.api import AccessApi, PageSession
from souk.people.organisations.api import OrganisationsApi
from souk.people.wallets import store
from souk.people.wallets.accounts import (
    did_pkh,
    personal_digest,
    signer_of,
    with_checksum,
)
from souk.people.wallets.api import ContractWallets, WalletFacts, WalletKind
from souk.people.wallets.errors import (
    ChainWrong,
    MessageExpired,
    MessageInvalid,
    NonceUnknown,
    NonceUsed,
    SignatureWrong,
    TooManyWallets,
    WalletNotLinked,
    WalletTaken,
    WalletUnknown,
)
from souk.people.wallets.events import WalletLinked, WalletUnlinked
from souk.people.wallets.model import (
    Expected,
    Purpose,
    check_message,
    read_signed,
    statement_of,
)
from souk.people.wallets.settings import WalletSettings
from souk.people.wallets.siwe import SiweMessage, time_text
from souk_client.contracts.people import Session
from souk_client.contracts.wallets import (
    ChallengeRequest,
    LinkedWallet,
    SignedMessage,
    WalletChallenge,
    WalletLinkRequest,
    WalletUpdate,
)

NONCE_BYTES: Final = 16
KEPT_AFTER: Final = timedelta(hours=1)
"""How long an expired message is remembered, to say that it has expired."""


class WalletService:
    """Implements `Wallets`.

    Args:
        base_url: where the marketplace is reached.
        expected: what signed messages must say.
        contracts: how contract wallets are asked.
    """

    def __init__(
        self,
        *,
        base_url: str,
        expected: Expected,
        access: AccessApi,
        organisations: OrganisationsApi,
        contracts: ContractWallets,
        settings: WalletSettings,
    ) -> None:
        self._base_url = base_url
        self._expected = expected
        self._access = access
        self._organisations = organisations
        self._contracts = contracts
        self._settings = settings
        self._attempts = RateLimiter(settings.sign_in_per_minute)

    async def challenge(
        self, uow: UnitOfWork, actor: Actor, request: ChallengeRequest
    ) -> WalletChallenge:
        """A message to sign; to link a wallet, the caller must be signed in."""
        self._check_chain(request.chain_id)
        domain, expires_at = self._expected.domains[0], uow.now + self._lifetime()
        user_id, account = None, ""
        if request.purpose == "link":
            user_id = actor.require_user()
            organisation = await self._organisations.get(uow, actor.acting_for(None))
            account = organisation.slug
        statement = statement_of(request.purpose, market=domain, account=account)
        message = SiweMessage(
            scheme=None if self._base_url.startswith("https://") else "http",
            domain=domain,
            address=with_checksum(request.address),
            statement=statement,
            uri=self._base_url,
            chain_id=request.chain_id,
            nonce=secrets.token_hex(NONCE_BYTES),
            issued_at=time_text(uow.now),
            expiration_time=time_text(expires_at),
        )
        row = store.ChallengeRow(
            nonce=message.nonce,
            purpose=request.purpose,
            user_id=user_id,
            statement=statement,
            expires_at=expires_at,
            used_at=None,
        )
        async with uow.as_system():  # nobody may be signed in yet
            await store.insert_challenge(uow, row)
        return WalletChallenge(
            message=message.text(),
            nonce=message.nonce,
            statement=statement,
            domain=domain,
            uri=message.uri,
            expires_at=expires_at,
        )

    async def log_in(self, uow: UnitOfWork, signed: SignedMessage) -> Session:
        """Tokens for the account of the wallet that signed; raises as `open_page_session`."""
        wallet = await self._sign_in(uow, signed)
        return await self._access.log_in_as(uow, wallet.user_id)

    async def open_page_session(self, uow: UnitOfWork, signed: SignedMessage) -> PageSession:
        """A browser's session for the account of the wallet that signed."""
        wallet = await self._sign_in(uow, signed)
        return await self._access.open_page_session_as(uow, wallet.user_id)

    async def link(self, uow: UnitOfWork, actor: Actor, request: WalletLinkRequest) -> LinkedWallet:
        """Links the wallet that signed to the caller's account."""
        user_id = actor.require_user()
        message, kind = await self._proved(uow, request)
        address = message.address.lower()
        async with uow.as_system():
            await self._use(uow, message, purpose="link", user_id=user_id)
            if await store.by_address(uow, address) is not None:
                raise WalletTaken
            await store.lock_user(uow, user_id)
            if len(await store.of_user(uow, user_id)) >= self._settings.max_wallets:
                raise TooManyWallets(self._settings.max_wallets)
            wallet = WalletFacts(
                id=LinkedWalletId(new_id("wlt", uow.now)),
                user_id=user_id,
                address=address,
                kind=kind,
                chain_id=message.chain_id,
                name=request.name.strip(),
                published=False,
                linked_at=uow.now,
                last_used_at=None,
            )
            if not await store.insert(uow, wallet):
                raise WalletTaken
        uow.publish(
            WalletLinked(
                wallet_id=wallet.id,
                user_id=user_id,
                organisation_id=actor.acting_for(None),
                address=address,
                chain_id=wallet.chain_id,
            )
        )
        return wallet_of(wallet)

    async def mine(self, uow: UnitOfWork, actor: Actor) -> list[LinkedWallet]:
        """The caller's wallets, newest first."""
        return [wallet_of(one) for one in await store.of_user(uow, actor.require_user())]

    async def change(
        self, uow: UnitOfWork, actor: Actor, wallet_id: str, update: WalletUpdate
    ) -> LinkedWallet:
        """Names a wallet, or shows it to everybody or no longer."""
        wallet = await store.change(
            uow,
            wallet_id,
            user_id=actor.require_user(),
            name=None if update.name is None else update.name.strip(),
            published=update.published,
        )
        if wallet is None:
            raise WalletUnknown
        return wallet_of(wallet)

    async def unlink(self, uow: UnitOfWork, actor: Actor, wallet_id: str) -> None:
        """Takes a wallet from the account. Its password always stays a way to sign in."""
        wallet = await store.delete(uow, wallet_id, user_id=actor.require_user())
        if wallet is None:
            raise WalletUnknown
        uow.publish(
            WalletUnlinked(
                wallet_id=wallet.id,
                user_id=wallet.user_id,
                organisation_id=actor.acting_for(None),
                address=wallet.address,
                chain_id=wallet.chain_id,
            )
        )

    async def owner_of(self, uow: UnitOfWork, address: str, *, chain_id: int) -> UserId | None:
        """Whose account a wallet belongs to; elsewhere a contract may be somebody else's."""
        async with uow.as_system():
            wallet = await store.by_address(uow, address.lower())
        if wallet is None or (wallet.kind == "contract" and wallet.chain_id != chain_id):
            return None
        return wallet.user_id

    async def of_users(
        self, uow: UnitOfWork, user_ids: Sequence[str]
    ) -> dict[str, list[WalletFacts]]:
        """The wallets of users, by user (system scope)."""
        found: dict[str, list[WalletFacts]] = {user_id: [] for user_id in user_ids}
        for wallet in await store.of_users(uow, user_ids):
            found[wallet.user_id].append(wallet)
        return found

    async def forget(self, uow: UnitOfWork) -> None:
        """Drops messages that expired some time ago."""
        await store.forget_challenges(uow, before=uow.now - KEPT_AFTER)

    async def _sign_in(self, uow: UnitOfWork, signed: SignedMessage) -> WalletFacts:
        message, kind = await self._proved(uow, signed)
        async with uow.as_system():  # nobody is signed in yet
            await self._use(uow, message, purpose="sign_in", user_id=None)
            wallet = await store.by_address(uow, message.address.lower())
            if wallet is None:
                raise WalletNotLinked(message.address)
            if wallet.kind != kind:
                raise SignatureWrong
            if kind == "contract" and wallet.chain_id != message.chain_id:
                raise ChainWrong(
                    message.chain_id,
                    "This contract wallet was linked on another chain "
                    f"({wallet.chain_id}); switch the wallet to it.",
                )
            await store.mark_used(uow, wallet.id)
        return wallet

    async def _proved(
        self, uow: UnitOfWork, signed: SignedMessage
    ) -> tuple[SiweMessage, WalletKind]:
        """The message and what signed it. Before the first statement: a chain may be slow, and
        nothing of the database shall wait for it."""
        message = read_signed(signed.message)
        self._attempts.count(message.address.lower())
        check_message(message, self._expected, now=uow.now)
        digest, signature = personal_digest(signed.message), bytes.fromhex(signed.signature[2:])
        if signer_of(digest, signature) == message.address.lower():
            return message, "key"
        if message.chain_id in self._contracts.chain_ids and await self._contracts.accepts(
            chain_id=message.chain_id,
            address=message.address.lower(),
            digest=digest,
            signature=signature,
        ):
            return message, "contract"
        raise SignatureWrong

    async def _use(
        self, uow: UnitOfWork, message: SiweMessage, *, purpose: Purpose, user_id: UserId | None
    ) -> None:
        challenge = await store.lock_challenge(uow, message.nonce)
        if challenge is None or challenge.purpose != purpose or challenge.user_id != user_id:
            raise NonceUnknown
        if challenge.used_at is not None:
            raise NonceUsed
        if challenge.expires_at <= uow.now:
            raise MessageExpired
        if challenge.statement != message.statement:
            raise MessageInvalid("it says something else than was given out")
        await store.use_challenge(uow, message.nonce)

    def _check_chain(self, chain_id: int) -> None:
        if chain_id not in self._expected.chain_ids:
            known = ", ".join(str(one) for one in sorted(self._expected.chain_ids))
            raise ChainWrong(
                chain_id,
                f"The wallet is on chain {chain_id}, and this marketplace takes {known}. Switch "
                "the wallet to one of them.",
            )

    def _lifetime(self) -> timedelta:
        return timedelta(minutes=self._settings.challenge_minutes)


def wallet_of(wallet: WalletFacts) -> LinkedWallet:
    """A wallet as its owner sees it."""
    return LinkedWallet(
        id=wallet.id,
        address=with_checksum(wallet.address),
        kind=wallet.kind,
        chain_id=wallet.chain_id,
        did=did_pkh(wallet.chain_id, wallet.address),
        name=wallet.name,
        published=wallet.published,
        linked_at=wallet.linked_at,
        last_used_at=wallet.last_used_at,
    )
