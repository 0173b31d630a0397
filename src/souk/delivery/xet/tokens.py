"""Tokens and signed addresses: what they open, and until when, checked without asking anybody.

The payload of either says what it is for, so that neither passes for the other, nor for the ticket
of a download.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from souk.delivery.xet.api import Access, XetToken
from souk.delivery.xet.errors import (
    XetTokenInvalid,
    XetTokenNarrow,
    XorbAddressExpired,
    XorbAddressInvalid,
)
from souk.delivery.xet.settings import XetSettings
from souk.infra.keyring import Keyring
from souk.infra.keyring.signed_texts import NotSignedHere, Signed, read_text, sign_text
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.clock import Clock
from souk.kernel.errors import Forbidden, NotFound
from souk.works.listings.api import Listings
from souk.works.revisions.api import Revisions


class Grant(Signed, frozen=True, kw_only=True):
    """What a token says."""

    kind: Literal["xet"] = msgspec.field(name="t", default="xet")
    access: Access = msgspec.field(name="a")
    user_id: str = msgspec.field(name="u")
    """Empty for somebody who is not signed in."""
    organisation_id: str = msgspec.field(name="o")
    """Who holds what is sent: the listing's organisation."""
    own: list[str] = msgspec.field(name="w")
    """Organisations whose files it opens, and on whose xorbs it may build."""
    revision: str = msgspec.field(name="r", default="")
    """The revision whose files it opens; empty for none."""
    listing_id: str = msgspec.field(name="l", default="")
    """Whose revision that is. Whether the caller may still have it is asked at every use."""
    expires_at: int = msgspec.field(name="e")
    """Unix seconds."""


class Reader(msgspec.Struct, frozen=True, array_like=True):
    """Somebody who may read a listing's files for as long as the right to it lasts."""

    listing_id: str
    user_id: str
    own: list[str]


class XorbTicket(Signed, frozen=True, kw_only=True):
    """What a signed address says: a piece of a xorb, whole chunks."""

    kind: Literal["xorb"] = msgspec.field(name="t", default="xorb")
    xorb: str = msgspec.field(name="x")
    start: int = msgspec.field(name="b")
    end: int = msgspec.field(name="c")
    """Bytes of the xorb; `end` is not among them."""
    reader: Reader | None = msgspec.field(name="g", default=None)
    """Who reads, and by the right to which listing; None when the bytes are their own."""
    expires_at: int = msgspec.field(name="e")


class TokenService:
    """Implements `api.XetTokens`, and reads what it gave out."""

    def __init__(
        self,
        keyring: Keyring,
        *,
        listings: Listings,
        revisions: Revisions,
        clock: Clock,
        settings: XetSettings,
        base_url: str,
    ) -> None:
        self._keyring = keyring
        self._listings = listings
        self._revisions = revisions
        self._clock = clock
        self._settings = settings
        self._base_url = base_url

    async def issue(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, revision: str, access: Access
    ) -> XetToken:
        listing = await self._listings.get(uow, listing_id)
        owner = listing.owner.id
        if access == "write":
            _check_may_write(actor, owner)
        elif revision:
            found = await self._revisions.get(uow, revision)
            if found.work_id != listing_id:
                raise NotFound("revision_unknown", "There is no such revision of this listing.")
        elif not actor.belongs_to(owner):
            raise NotFound("revision_unknown", "This listing has no published revision.")
        expires_at = uow.now + timedelta(seconds=self._settings.token_seconds)
        grant = Grant(
            access=access,
            user_id=actor.user_id or "",
            organisation_id=owner,
            own=sorted(actor.memberships),
            revision=revision,
            listing_id=listing_id,
            expires_at=int(expires_at.timestamp()),
        )
        return XetToken(
            cas_url=f"{self._base_url}/xet",
            token=await sign_text(self._keyring, grant),
            expires_at=datetime.fromtimestamp(grant.expires_at, tz=expires_at.tzinfo),
        )

    async def admit(self, header: str | None, *, access: Access) -> Grant:
        """What the token of an `Authorization` header opens.

        Raises:
            Unauthenticated: `xet_token_invalid`. Forbidden: `xet_token_narrow`.
        """
        scheme, _, text = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not text:
            raise XetTokenInvalid("is missing (send it as `Authorization: Bearer …`)")
        try:
            grant = await read_text(self._keyring, text.strip(), Grant)
        except NotSignedHere as error:
            raise XetTokenInvalid("was not made by this marketplace") from error
        if grant.expires_at <= self._clock.now().timestamp():
            raise XetTokenInvalid("has expired")
        if access == "write" and grant.access != "write":
            raise XetTokenNarrow()
        return grant

    async def addresses(
        self, pieces: Sequence[tuple[str, int, int]], *, reader: Reader | None
    ) -> dict[tuple[str, int, int], str]:
        """A signed address for each piece of a xorb: its hash, first byte, byte after the last."""
        expires = self._clock.now() + timedelta(seconds=self._settings.url_seconds)
        expires_at = int(expires.timestamp())
        addresses = {}
        for xorb, start, end in pieces:
            ticket = XorbTicket(
                xorb=xorb, start=start, end=end, reader=reader, expires_at=expires_at
            )
            address = f"{self._base_url}/xet/x/{await sign_text(self._keyring, ticket)}"
            addresses[xorb, start, end] = address
        return addresses

    async def piece(self, text: str) -> XorbTicket:
        """The piece that an address opens.

        Raises:
            Forbidden: `xorb_address_invalid`, `xorb_address_expired`.
        """
        try:
            ticket = await read_text(self._keyring, text, XorbTicket)
        except NotSignedHere as error:
            raise XorbAddressInvalid("was not made by this marketplace") from error
        if ticket.expires_at <= self._clock.now().timestamp():
            raise XorbAddressExpired()
        return ticket


def _check_may_write(actor: Actor, owner: str) -> None:
    actor.require("marketplace:create_resource")
    if not actor.manages(owner):
        raise Forbidden(
            "not_listing_manager", "Only an owner or manager of the seller may send files to it."
        )
