"""Sign-In with Ethereum: the message, written and read. No I/O.

Source: EIP-4361, checked with the vectors of its reference implementation.
"""

import re
from datetime import UTC, datetime
from typing import Final

import msgspec

from souk.people.wallets.accounts import with_checksum

MAX_MESSAGE_CHARS: Final = 4096

_AUTHORITY: Final = (
    r"(?:[A-Za-z0-9\-._~%!$&'()*+,;=:]*@)?"
    r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~%!$&'()*+,;=]+)(?::[0-9]{0,5})?"
)
_URI: Final = r"[A-Za-z][A-Za-z0-9+.\-]*:[A-Za-z0-9\-._~%:/?#\[\]@!$&'()*+,;=]+"
_TIME: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
    r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_MESSAGE: Final = re.compile(
    rf"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*)://)?(?P<domain>{_AUTHORITY})"
    r" wants you to sign in with your Ethereum account:\n"
    r"(?P<address>0x[0-9a-fA-F]{40})\n\n"
    r"(?:(?P<statement>[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;= ]+)\n)?\n"
    rf"URI: (?P<uri>{_URI})\n"
    r"Version: 1\n"
    r"Chain ID: (?P<chain_id>[0-9]{1,20})\n"
    r"Nonce: (?P<nonce>[A-Za-z0-9]{8,})\n"
    rf"Issued At: (?P<issued_at>{_TIME})"
    rf"(?:\nExpiration Time: (?P<expiration_time>{_TIME}))?"
    rf"(?:\nNot Before: (?P<not_before>{_TIME}))?"
    r"(?:\nRequest ID: (?P<request_id>[A-Za-z0-9\-._~%!$&'()*+,;=:@]*))?"
    rf"(?P<resources>\nResources:(?:\n- {_URI})*)?"
)


class SiweError(ValueError):
    """This is no message that EIP-4361 describes."""


class SiweMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody signs to prove a wallet; times are RFC 3339 as they were written."""

    domain: str
    address: str
    """With the capitals of EIP-55."""
    uri: str
    chain_id: int
    nonce: str
    issued_at: str
    scheme: str | None = None
    statement: str | None = None
    expiration_time: str | None = None
    not_before: str | None = None
    request_id: str | None = None
    resources: tuple[str, ...] | None = None

    def text(self) -> str:
        """The message, letter for letter as a wallet shows and signs it."""
        origin = f"{self.scheme}://{self.domain}" if self.scheme else self.domain
        lines = [
            f"{origin} wants you to sign in with your Ethereum account:",
            self.address,
            "",
            *([self.statement] if self.statement else []),
            "",
            f"URI: {self.uri}",
            "Version: 1",
            f"Chain ID: {self.chain_id}",
            f"Nonce: {self.nonce}",
            f"Issued At: {self.issued_at}",
        ]
        named = (
            ("Expiration Time", self.expiration_time),
            ("Not Before", self.not_before),
            ("Request ID", self.request_id),
        )
        lines += [f"{name}: {value}" for name, value in named if value is not None]
        if self.resources is not None:
            lines += ["Resources:", *(f"- {resource}" for resource in self.resources)]
        return "\n".join(lines)


def read_message(text: str) -> SiweMessage:
    """The message in a text.

    Raises:
        SiweError: it is none, and why.
    """
    if len(text) > MAX_MESSAGE_CHARS:
        raise SiweError(f"it is longer than {MAX_MESSAGE_CHARS} characters")
    found = _MESSAGE.fullmatch(text)
    if found is None:
        raise SiweError("it does not have the form of EIP-4361")
    parts = found.groupdict()
    if parts["address"] != with_checksum(parts["address"]):
        raise SiweError("the address does not have the capitals of EIP-55")
    for name in ("issued_at", "expiration_time", "not_before"):
        if parts[name] is not None:
            time_of(parts[name])
    resources = parts.pop("resources")
    listed = None if resources is None else tuple(resources.split("\n- ")[1:])
    chain_id = int(parts.pop("chain_id"))
    return SiweMessage(chain_id=chain_id, resources=listed, **parts)


def time_of(text: str) -> datetime:
    """A time of a message, in UTC.

    Raises:
        SiweError: there is no such day or time.
    """
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise SiweError(f"there is no such time as {text}") from None


def time_text(moment: datetime) -> str:
    """A time as a message has it, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
