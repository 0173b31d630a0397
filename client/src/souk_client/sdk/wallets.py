"""Wallets of one's account, and signing in with one (EIP-4361)."""

from types import NoneType
from typing import Literal

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
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api


def challenge(
    *, address: str, chain_id: int, purpose: Literal["sign_in", "link"] = "sign_in"
) -> Call[WalletChallenge]:
    """A message that the wallet shall sign with personal_sign; good once."""
    body = ChallengeRequest(address=address, chain_id=chain_id, purpose=purpose)
    path = api("auth", "wallet", "challenge")
    return Call(method="POST", path=path, answer=WalletChallenge, body=body)


def sign_in(*, message: str, signature: str) -> Call[Session]:
    """Signs in to the account of the wallet that signed; later calls use the session."""
    body = SignedMessage(message=message, signature=signature)
    path = api("auth", "wallet", "sign-in")
    return Call(method="POST", path=path, answer=Session, body=body, session="starts")


def link_wallet(*, message: str, signature: str, name: str = "") -> Call[LinkedWallet]:
    """Links the wallet that signed to the caller's account."""
    body = WalletLinkRequest(message=message, signature=signature, name=name)
    return Call(method="POST", path=api("me", "wallets"), answer=LinkedWallet, body=body)


def list_wallets() -> Call[LinkedWallets]:
    """The caller's wallets, newest first."""
    return Call(method="GET", path=api("me", "wallets"), answer=LinkedWallets)


def change_wallet(wallet_id: str, update: WalletUpdate) -> Call[LinkedWallet]:
    """Names a wallet, or shows it to everybody or no longer."""
    path = api("me", "wallets", wallet_id)
    return Call(method="PATCH", path=path, answer=LinkedWallet, body=update)


def unlink_wallet(wallet_id: str) -> Call[None]:
    """Takes a wallet from the account."""
    return Call(method="DELETE", path=api("me", "wallets", wallet_id), answer=NoneType)


class AccountWallets(Namespace[S]):
    """Wallets of the account."""

    challenge = Endpoint(challenge)
    sign_in = Endpoint(sign_in)
    link = Endpoint(link_wallet)
    list = Endpoint(list_wallets)
    change = Endpoint(change_wallet)
    unlink = Endpoint(unlink_wallet)
