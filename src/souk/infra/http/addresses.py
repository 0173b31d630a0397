"""Where a request comes from, when proxies stand in between."""

from collections.abc import Collection


def client_address(peer: str, forwarded_for: str | None, trusted: Collection[str]) -> str:
    """The address of the client itself.

    X-Forwarded-For is believed only as far as trusted proxies wrote it: from the right, the first
    address that is not one of them.

    Args:
        peer: who is at the other end of the connection.
        forwarded_for: the header, as it came.
        trusted: addresses of our own proxies.
    """
    if peer not in trusted or not forwarded_for:
        return peer
    hops = [hop.strip() for hop in forwarded_for.split(",")]
    return next((hop for hop in reversed(hops) if hop and hop not in trusted), peer)
