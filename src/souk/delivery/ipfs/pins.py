"""Souk as a pinning service: what an organisation wants kept, and how far that is.

What is here, and what the caller has a right to, is pinned at once: a pin is a wish, never a right.
What is not here is fetched from a gateway that the operator names, and comes in like any CAR file.
"""

from typing import Final
from urllib.parse import urlsplit

from souk.delivery.ipfs import pin_store
from souk.delivery.ipfs.errors import CidUnreadable, ContentUnknown
from souk.delivery.ipfs.pin_store import PinFilter, PinRow
from souk.delivery.ipfs.rights import Rights
from souk.delivery.ipfs.settings import IpfsSettings
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, Forbidden, NotFound, SoukError
from souk.kernel.ids import new_id
from souk_client.contracts.ipfs import Pin, PinResults, PinState, PinStatus
from souk_client.proofs import ProofError
from souk_client.proofs.ipfs import Cid, parse_cid
from souk_client.proofs.ipfs.cids import IDENTITY

CREDENTIALS: Final = frozenset({"token", "key"})


class Pins:
    """The use cases of the Pinning Service API, each for the caller's own organisation."""

    def __init__(self, *, rights: Rights, settings: IpfsSettings, base_url: str) -> None:
        self._rights = rights
        self._settings = settings
        self._delegates = [gateway_address(base_url)]

    async def add(self, uow: UnitOfWork, actor: Actor, pin: Pin) -> PinStatus:
        """Notes a wish; pinned at once when the content is here for the caller.

        Raises:
            Malformed: `cid_invalid`. Conflict: `pins_full`.
        """
        organisation_id = owner_of(actor)
        cid = cid_of(pin.cid)
        count = await pin_store.lock(uow, organisation_id)
        if count >= self._settings.max_pins:
            raise Conflict("pins_full", f"There are {count} pins, the most there may be.")
        state, details = await self._begin(uow, actor, cid)
        row = PinRow(
            id=new_id("pin", uow.now),
            organisation_id=organisation_id,
            user_id=actor.require_user(),
            cid=pin.cid,
            root=_root(cid),
            name=pin.name,
            origins=pin.origins,
            meta=pin.meta,
            state=state,
            details=details,
            attempts=0,
            created_at=uow.now,
        )
        due_at = uow.now if state == "queued" else None
        return self._shown(await pin_store.add(uow, row, due_at=due_at))

    async def replace(self, uow: UnitOfWork, actor: Actor, pin_id: str, pin: Pin) -> PinStatus:
        """Ends a pin and notes another in its place.

        Raises:
            NotFound: `pin_unknown`. Malformed: `cid_invalid`.
        """
        await self.remove(uow, actor, pin_id)
        return await self.add(uow, actor, pin)

    async def get(self, uow: UnitOfWork, actor: Actor, pin_id: str) -> PinStatus:
        """Raises NotFound `pin_unknown`."""
        row = await pin_store.find(uow, owner_of(actor), pin_id)
        if row is None:
            raise _unknown()
        return self._shown(row)

    async def search(
        self, uow: UnitOfWork, actor: Actor, wanted: PinFilter, *, limit: int
    ) -> PinResults:
        """The newest pins that are looked for."""
        count, rows = await pin_store.search(uow, owner_of(actor), wanted, limit=limit)
        return PinResults(count=count, results=[self._shown(row) for row in rows])

    async def remove(self, uow: UnitOfWork, actor: Actor, pin_id: str) -> None:
        """Ends a pin; what it brought in stays an artifact. Raises NotFound `pin_unknown`."""
        if not await pin_store.remove(uow, owner_of(actor), pin_id):
            raise _unknown()

    async def _begin(self, uow: UnitOfWork, actor: Actor, cid: Cid) -> tuple[PinState, str]:
        """Where a new pin stands."""
        if cid.hash_code == IDENTITY:
            return "pinned", "The content is in the CID itself."
        try:
            async with uow.as_system():
                await self._rights.check(uow, actor, cid)
        except ContentUnknown:
            if self._settings.fetch_gateway:
                return "queued", "Waiting to be fetched."
            return "failed", (
                "This marketplace has no such content, and fetches none: send it as a CAR file to "
                "POST /api/v1/ipfs/imports, then pin it."
            )
        except SoukError as error:
            return "failed", error.detail
        return "pinned", "The content is here."

    def _shown(self, row: PinRow) -> PinStatus:
        return PinStatus(
            requestid=row.id,
            status=row.state,
            created=row.created_at,
            pin=Pin(cid=row.cid, name=row.name, origins=row.origins, meta=row.meta),
            delegates=self._delegates,
            info={"status_details": row.details} if row.details else {},
        )


def owner_of(actor: Actor) -> str:
    """Whose pins a caller works on.

    Raises:
        Unauthenticated: `sign_in_needed`. Forbidden: `permission_missing`, `bearer_needed`.
    """
    actor.require("marketplace:create_resource")
    if actor.credential not in CREDENTIALS:
        raise Forbidden("bearer_needed", "Pins are managed with an access token or a vk_ key.")
    return actor.acting_for(None)


def cid_of(text: str) -> Cid:
    """The CID of a text. Raises Malformed `cid_invalid`."""
    try:
        return parse_cid(text)
    except ProofError as error:
        raise CidUnreadable(str(error)) from None


def roots_of(texts: list[str]) -> list[bytes]:
    """The CIDs of texts as pins are looked for by them."""
    return [_root(cid_of(text)) for text in texts]


def gateway_address(base_url: str) -> str:
    """This marketplace's gateway as a multiaddr: `/dns4/souk.example/tcp/443/https`."""
    parts = urlsplit(base_url)
    host = parts.hostname or "localhost"
    kind = "ip6" if ":" in host else "ip4" if host.replace(".", "").isdigit() else "dns4"
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"/{kind}/{host}/tcp/{port}/{parts.scheme}"


def _root(cid: Cid) -> bytes:
    """The same for version 0 and 1 of a CID."""
    return Cid(cid.codec, cid.digest, cid.hash_code).binary


def _unknown() -> NotFound:
    return NotFound("pin_unknown", "There is no such pin, or it is not yours.")
