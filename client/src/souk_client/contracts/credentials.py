"""Verifiable credentials: what the marketplace says of sellers, for others to check."""

from datetime import datetime

from souk_client.contracts.base import Answer


class AuthorCredential(Answer, frozen=True, kw_only=True):
    """A verified seller's credential (W3C VC 2.0), as a JWT that anybody can check."""

    id: str
    subject: str
    """The seller's decentralised identifier (did:web)."""
    issuer: str
    """The marketplace's; its document has the keys."""
    token: str
    """Media type application/vc+jwt, signed with Ed25519 (VC-JOSE-COSE)."""
    status_list: str
    """Where it is seen whether the credential was revoked (Bitstring Status List)."""
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
