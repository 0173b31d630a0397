"""Rules of wallets: what a signed message must say to count. No I/O."""

from datetime import datetime, timedelta
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from souk.people.wallets.errors import (
    ChainWrong,
    DomainWrong,
    MessageEarly,
    MessageExpired,
    MessageInvalid,
)
from souk.people.wallets.siwe import SiweError, SiweMessage, read_message, time_of

Purpose = Literal["sign_in", "link"]

WELL_KNOWN_CHAINS: Final = frozenset({1, 56, 137, 42161, 43114})
"""Ethereum, BNB, Polygon, Arbitrum, Avalanche: a key's signature is believed without any node."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What this marketplace takes."""

    domains: tuple[str, ...]
    """Hosts, with the port where it is not the usual one; its own first."""
    chain_ids: frozenset[int]
    skew: timedelta


def read_signed(text: str) -> SiweMessage:
    """The message that was signed.

    Raises:
        MessageInvalid: it is none.
    """
    try:
        return read_message(text)
    except SiweError as error:
        raise MessageInvalid(str(error)) from error


def check_message(message: SiweMessage, expected: Expected, *, now: datetime) -> None:
    """Whether a message is for this marketplace, this chain and this moment.

    Raises:
        DomainWrong, ChainWrong, MessageExpired, MessageEarly, MessageInvalid.
    """
    if message.domain.lower() not in expected.domains:
        raise DomainWrong(message.domain, expected=expected.domains[0])
    if _host_of(message.uri) != message.domain.lower():
        raise MessageInvalid(f"its URI {message.uri[:200]} is not of {message.domain}")
    if message.chain_id not in expected.chain_ids:
        known = ", ".join(str(one) for one in sorted(expected.chain_ids))
        raise ChainWrong(
            message.chain_id,
            f"The message names chain {message.chain_id}; this marketplace takes {known}. Switch "
            "the wallet to one of them.",
        )
    expiry = None if message.expiration_time is None else time_of(message.expiration_time)
    if expiry is not None and expiry + expected.skew <= now:
        raise MessageExpired
    begin = None if message.not_before is None else time_of(message.not_before)
    if begin is not None and begin - expected.skew > now:
        raise MessageEarly


def statement_of(purpose: Purpose, *, market: str, account: str) -> str:
    """What the wallet shows: what signing does."""
    if purpose == "sign_in":
        return f"Sign in to {market}."
    return f"Link this wallet to the account @{account} of {market}. It can then sign in there."


def domain_of(base_url: str) -> str:
    """The name that a message for this address bears: its host, and the port where it has one."""
    return urlsplit(base_url).netloc.lower()


def _host_of(uri: str) -> str:
    try:
        return urlsplit(uri).netloc.lower()
    except ValueError:
        return ""
