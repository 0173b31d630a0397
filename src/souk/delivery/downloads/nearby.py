"""What downloads ask of the CDN above them: whether a node near the client has the bytes."""

from typing import Protocol


class Nearby(Protocol):
    """Addresses at nodes."""

    async def address(
        self,
        *,
        licence_id: str,
        sha256: str,
        size_bytes: int,
        filename: str,
        media_type: str,
        expires_at: int,
        client_address: str,
    ) -> str | None:
        """Where these bytes can be had now, near this client; None when only here.

        Args:
            expires_at: Unix seconds; the address at the node ends no later.
        """
        ...
