"""Licences as tokens on a chain, and their resale by their holders."""

from souk_client.contracts.base import PageAnswer
from souk_client.contracts.chain import (
    AskPurchase,
    AskRequest,
    AskSignature,
    LicenceAsk,
    LicenceToken,
    MintRequest,
    OwnAsk,
)
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api


def mint_licence(
    licence_id: str,
    *,
    chain: str | None = None,
    wallet: str | None = None,
    idempotency_key: str | None = None,
) -> Call[LicenceToken]:
    """Wants a licence as a token in one of the caller's linked wallets; Souk pays."""
    return Call(
        method="POST",
        path=api("licences", licence_id, "mint"),
        answer=LicenceToken,
        body=MintRequest(chain=chain, wallet=wallet),
        idempotency_key=idempotency_key,
    )


def get_licence_token(licence_id: str) -> Call[LicenceToken]:
    """A licence's token and how far it is."""
    return Call(method="GET", path=api("licences", licence_id, "token"), answer=LicenceToken)


def open_ask(
    licence_id: str, ask: AskRequest, *, idempotency_key: str | None = None
) -> Call[OwnAsk]:
    """Begins to sell a licence on: answers what the wallet with its token signs and sends."""
    return Call(
        method="POST",
        path=api("licences", licence_id, "asks"),
        answer=OwnAsk,
        body=ask,
        idempotency_key=idempotency_key,
    )


def list_asks(
    *, listing_id: str | None = None, cursor: str | None = None, limit: int = 20
) -> Call[PageAnswer[LicenceAsk]]:
    """Licences that their holders sell on, newest first."""
    query = {"listing_id": listing_id, "cursor": cursor, "limit": limit}
    return Call(method="GET", path=api("asks"), answer=PageAnswer[LicenceAsk], query=query)


def get_ask(ask_id: str) -> Call[OwnAsk]:
    """An ask of the caller's own."""
    return Call(method="GET", path=api("asks", ask_id), answer=OwnAsk)


def sign_ask(ask_id: str, *, signature: str) -> Call[OwnAsk]:
    """Puts an ask up by the signature of the wallet that has the token."""
    body = AskSignature(signature=signature)
    return Call(method="POST", path=api("asks", ask_id, "signature"), answer=OwnAsk, body=body)


def withdraw_ask(ask_id: str) -> Call[OwnAsk]:
    """Takes an ask off the list."""
    return Call(method="POST", path=api("asks", ask_id, "withdraw"), answer=OwnAsk)


def get_ask_purchase(ask_id: str, *, wallet: str) -> Call[AskPurchase]:
    """The transaction by which one of the caller's wallets buys the licence."""
    query = {"wallet": wallet}
    return Call(method="GET", path=api("asks", ask_id, "purchase"), answer=AskPurchase, query=query)


class Tokens(Namespace[S]):
    """Licences as tokens."""

    mint = Endpoint(mint_licence)
    get = Endpoint(get_licence_token)


class Asks(Namespace[S]):
    """Licences that their holders sell on."""

    open = Endpoint(open_ask)
    list = Endpoint(list_asks)
    get = Endpoint(get_ask)
    sign = Endpoint(sign_ask)
    withdraw = Endpoint(withdraw_ask)
    purchase = Endpoint(get_ask_purchase)
