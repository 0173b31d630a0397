"""Where a node may connect to for others: public addresses, and none of a net of its own.

Names are looked at when a site is registered; what counts is the address that is connected to,
checked here for every connection, so that a name that changes its address opens nothing.
"""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

import httpcore

MAX_UPSTREAM: Final = 2000
_NAT64: Final = IPv6Network("64:ff9b::/96")
_OWN_NAMES: Final = (".localhost", ".local", ".internal", ".home.arpa", ".lan")
_WEB_PORTS: Final = frozenset({80, 443})


class UpstreamRefused(Exception):
    """An address that nothing is fetched from; the message says why, and can be shown."""


def checked_upstream(text: str, *, private_allowed: bool) -> str:
    """The address of an origin as nodes use it, without a slash at its end.

    Raises:
        UpstreamRefused: it is no plain http(s) address, or one of a network of our own.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise UpstreamRefused("This is no address.") from error
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in {"http", "https"} or not host or len(text) > MAX_UPSTREAM:
        raise UpstreamRefused("An upstream is an http or https address with a host.")
    if not text.isascii() or not text.isprintable() or set(text) & set(' <>"{}|\\^`'):
        raise UpstreamRefused("An upstream has ASCII letters only; write other names as xn--….")
    if parts.username is not None or parts.password is not None or "?" in text or "#" in text:
        raise UpstreamRefused("An upstream has no password, query or fragment.")
    if any(piece in {".", ".."} for piece in parts.path.split("/")):
        raise UpstreamRefused("An upstream's path has no . or .. in it.")
    if not private_allowed:
        _check_host(host)
        if port is not None and port < 1024 and port not in _WEB_PORTS:
            raise UpstreamRefused("Ports below 1024 other than 80 and 443 are not for the web.")
    return text.rstrip("/")


def _check_host(host: str) -> None:
    try:
        address = ip_address(host)
    except ValueError:
        # A last label of digits is an IPv4 address in some other spelling (RFC 1123, WHATWG URL).
        last = host.rpartition(".")[2]
        if "." not in host or last[:1].isdigit() or f".{host}".lower().endswith(_OWN_NAMES):
            raise UpstreamRefused("This name leads into a private network.") from None
    else:
        if not is_public(address):
            raise UpstreamRefused("This address lies in a private network.")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the public internet, whatever it is wrapped in."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address.teredo is not None:
            inner = address.teredo[1]
        if address in _NAT64:
            inner = IPv4Address(address.packed[-4:])
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_unspecified


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to public addresses only.

    Args:
        private_allowed: connects anywhere: for a node that stands in its owner's own network.
    """

    def __init__(self, *, private_allowed: bool) -> None:
        self._private_allowed = private_allowed
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # as httpcore has it
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to one of the host's addresses, all of which were looked at.

        Raises:
            httpcore.ConnectError: none can be reached, or none may be.
        """
        failed: Exception | None = None
        for address in await self._addresses(host, port, timeout):
            try:
                return await self._network.connect_tcp(
                    address,
                    port,
                    timeout=timeout,
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed or httpcore.ConnectError(f"{host} has no address that may be asked")

    async def _addresses(self, host: str, port: int, timeout_s: float | None) -> list[str]:
        try:
            async with asyncio.timeout(timeout_s):
                found = await asyncio.get_running_loop().getaddrinfo(
                    host, port, type=socket.SOCK_STREAM
                )
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"no answer about {host}") from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} is not known") from error
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        if self._private_allowed:
            return addresses
        # One private address among public ones is reason enough: it may be the next one tried.
        if not all(is_public(ip_address(address.partition("%")[0])) for address in addresses):
            return []
        return addresses
