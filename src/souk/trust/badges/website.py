"""Looks at a seller's website for its text, over a connection that reaches no private address.

The name is resolved here, and the connection goes to the very address that was checked, so that a
name which resolves differently a moment later leads nowhere else (DNS rebinding). Redirects are not
followed.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore

from souk.trust.badges.model import verification_address

MAX_BODY_BYTES: Final = 4096
_AGENT: Final = b"souk-verification"


class NotProved(Exception):
    """The text is not there; the message says why, for the seller."""


class Website:
    """Fetches one small file from a stranger's site.

    Args:
        timeout_s: how long the site may take for each step.
        allow_private: whether private addresses and plain http are fine (never in production).
    """

    def __init__(self, *, timeout_s: float, allow_private: bool) -> None:
        self._timeout_s = timeout_s
        self._allow_private = allow_private

    async def must_carry(self, website: str, content: str) -> None:
        """Returns when the site carries the text at the agreed address.

        Raises:
            NotProved: it does not, or cannot be reached.
        """
        address = verification_address(website)
        if urlsplit(address).scheme != "https" and not self._allow_private:
            raise NotProved("the site must answer over https.")
        try:
            async with asyncio.timeout(3 * self._timeout_s):
                body = await self._read(address)
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise NotProved(f"{address} took too long to answer.") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, ValueError, OSError) as error:
            # ValueError: a name that is none, such as one with two dots side by side
            raise NotProved(f"{address} cannot be read.") from error
        if body.strip() != content.encode():
            raise NotProved(f"{address} does not hold the text, or holds more than it.")

    async def _read(self, address: str) -> bytes:
        backend = _Guarded(allow_private=self._allow_private)
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout_s)
        async with (
            httpcore.AsyncConnectionPool(network_backend=backend) as pool,
            pool.stream(
                "GET",
                address,
                headers=[(b"user-agent", _AGENT), (b"accept", b"text/plain")],
                extensions={"timeout": timeout},
            ) as answer,
        ):
            if answer.status != 200:
                raise NotProved(f"{address} answers {answer.status}.")
            body = b""
            async for chunk in answer.aiter_stream():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise NotProved(f"{address} holds more than {MAX_BODY_BYTES} bytes.")
            return body


class _Guarded(httpcore.AnyIOBackend):
    """Connects to public addresses only."""

    def __init__(self, *, allow_private: bool) -> None:
        super().__init__()
        self._allow_private = allow_private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (the name that the library calls it by)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,  # as the library types it
    ) -> httpcore.AsyncNetworkStream:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(place[4][0]) for place in found]
        if not self._allow_private and not all(map(is_public, addresses)):
            raise NotProved(f"{host} is not on the public internet.")
        return await super().connect_tcp(addresses[0], port, timeout, local_address, socket_options)


def is_public(address: str) -> bool:
    """Whether this IP address belongs to nobody's own network or machine."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_global and not parsed.is_multicast
