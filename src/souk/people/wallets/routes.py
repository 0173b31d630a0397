"""HTTP: wallets of accounts, and Sign-In with Ethereum."""

from litestar import delete, get, patch, post

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.people.wallets.service import WalletService
from souk_client.contracts.people import Session
from souk_client.contracts.wallets import (
    ChallengeRequest,
    LinkedWallet,
    LinkedWallets,
    SignedMessage,
    WalletChallenge,
    WalletLinkRequest,
    WalletUpdate,
)


@post("/auth/wallet/challenge", tags=["people"], opt={"caller": "optional"})
async def challenge(
    data: ChallengeRequest, uow: UnitOfWork, actor: Actor, wallets: WalletService
) -> WalletChallenge:
    """A message (EIP-4361) that a wallet shall sign, to sign in or to be linked; good once."""
    return await wallets.challenge(uow, actor, data)


@post("/auth/wallet/sign-in", tags=["people"], status_code=200)
async def sign_in_with_wallet(
    data: SignedMessage, uow: UnitOfWork, wallets: WalletService
) -> Session:
    """Signs in to the account that the wallet is linked to."""
    return await wallets.log_in(uow, data)


@post("/me/wallets", tags=["people"])
async def link_wallet(
    data: WalletLinkRequest, uow: UnitOfWork, actor: Actor, wallets: WalletService
) -> LinkedWallet:
    """Links the wallet that signed to the caller's account."""
    return await wallets.link(uow, actor, data)


@get("/me/wallets", tags=["people"])
async def list_wallets(uow: UnitOfWork, actor: Actor, wallets: WalletService) -> LinkedWallets:
    """The caller's wallets, newest first."""
    return LinkedWallets(items=await wallets.mine(uow, actor))


@patch("/me/wallets/{wallet_id:str}", tags=["people"])
async def change_wallet(
    wallet_id: str, data: WalletUpdate, uow: UnitOfWork, actor: Actor, wallets: WalletService
) -> LinkedWallet:
    """Names a wallet, or shows it to everybody or no longer."""
    return await wallets.change(uow, actor, wallet_id, data)


@delete("/me/wallets/{wallet_id:str}", tags=["people"])
async def unlink_wallet(
    wallet_id: str, uow: UnitOfWork, actor: Actor, wallets: WalletService
) -> None:
    """Takes a wallet from the account; the password stays a way to sign in."""
    await wallets.unlink(uow, actor, wallet_id)


ROUTES = [
    challenge,
    sign_in_with_wallet,
    link_wallet,
    list_wallets,
    change_wallet,
    unlink_wallet,
]
