"""Turns licences that were sold elsewhere into tokens, when their holders want that."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from souk.rights.chain_index import mint_store, store
from souk.rights.chain_index.api import (
    AccountWallet,
    AccountWallets,
    Chains,
    Creators,
    LicenceToken,
    MintRequest,
    RefundWindows,
    SaleChain,
)
from souk.rights.chain_index.mint_store import MintRow
from souk.rights.chain_index.vouchers import tuple_of
from souk.rights.licences.api import Licence, Licences

KINDS: Final = {"perpetual": 1, "timed": 2, "counted": 3}
"""As the contract numbers them; seats are people, which a token cannot say."""
VOUCHER_FOR: Final = timedelta(days=365)
"""How long a voucher waits for a chain that is away; it counts once in any case."""


class Minting:
    """Implements `souk.rights.chain_index.api.Tokens`.

    Args:
        licences: the licences.
        chains: where tokens are made.
        wallets: the callers' wallets.
        creators: where royalties go.
        refunds: which sales can still be undone by the contract alone.
        royalty_bps: the creator's part of resales.
        base_url: the marketplace's address, for what tokens say.
    """

    def __init__(
        self,
        *,
        licences: Licences,
        chains: Chains,
        wallets: AccountWallets,
        creators: Creators,
        refunds: RefundWindows,
        royalty_bps: int,
        base_url: str,
    ) -> None:
        self._licences = licences
        self._chains = chains
        self._wallets = wallets
        self._creators = creators
        self._refunds = refunds
        self._royalty_bps = royalty_bps
        self._base_url = base_url.rstrip("/")

    async def mint(
        self, uow: UnitOfWork, actor: Actor, licence_id: str, request: MintRequest
    ) -> LicenceToken:
        licence = await self._licences.get(uow, licence_id)
        _require_manager(actor, licence)
        chain = await self._chain(uow, request.chain)
        there = await mint_store.of_licence(uow, licence_id)
        wallet = await self._wallet(uow, actor, chain, request.wallet)
        if there is not None and await self._is_alive(uow, there):
            if (there.network, there.wallet) != (chain.network, wallet):
                raise Conflict(
                    "licence_minted", f"This licence is a token on {there.chain} already."
                )
            return await self._shown(uow, there)
        await self._check_mintable(uow, licence)
        if licence.terms.transferable:
            await self._want_work(uow, chain, licence)
        token_id = await self._chains.token_of(uow, licence_id)
        row = MintRow(
            licence_id=licence_id,
            network=chain.network,
            chain=chain.name,
            chain_id=chain.chain_id,
            contract=chain.contracts["Licences"],
            token_id=token_id,
            wallet=wallet,
            owner_organisation_id=licence.licensee.id,
            owner_slug=licence.licensee.slug,
            owner_name=licence.licensee.name,
            requested_by=actor.require_user(),
            requested_at=uow.now,
        )
        if not await mint_store.add(uow, row):
            raise Conflict("licence_minted", "Somebody else has just asked for it.")
        await self._want_token(uow, chain, licence, row)
        return await self._shown(uow, row)

    async def token(self, uow: UnitOfWork, actor: Actor, licence_id: str) -> LicenceToken | None:
        actor.require_user()
        await self._licences.get(uow, licence_id)
        row = await mint_store.of_licence(uow, licence_id)
        return None if row is None else await self._shown(uow, row)

    async def where(self, uow: UnitOfWork, actor: Actor) -> Sequence[tuple[str, str]]:
        wallets = await self._wallets.mine(uow, actor)
        return [
            (chain.name, wallet.address)
            for chain in await self._chains.all(uow)
            for wallet in wallets
            if _is_on(wallet, chain)
        ]

    async def metadata(self, uow: UnitOfWork, token_id: str) -> str:
        """What a work's token says of it: the JSON whose hash the token has.

        Raises:
            NotFound: `token_unknown`.
        """
        found = await mint_store.work_metadata(uow, token_id.lower())
        if found is None:
            raise NotFound("token_unknown", "No work of this marketplace is this token.")
        return found

    # ------------------------------------------------------------------------------- the parts

    async def _chain(self, uow: UnitOfWork, name: str | None) -> SaleChain:
        if name is not None:
            return await self._chains.get(uow, name)
        there = await self._chains.all(uow)
        if not there:
            raise NotFound("chain_unknown", "This marketplace works without a chain now.")
        return there[0]

    async def _wallet(
        self, uow: UnitOfWork, actor: Actor, chain: SaleChain, named: str | None
    ) -> str:
        mine = [
            wallet.address
            for wallet in await self._wallets.mine(uow, actor)
            if _is_on(wallet, chain)
        ]
        if named is None:
            if len(mine) == 1:
                return mine[0]
            problem = "Link a wallet to your account first." if not mine else "Say which wallet."
            raise Invalid("wallet_not_yours", problem)
        if named.lower() not in mine:
            raise Invalid(
                "wallet_not_yours", f"{named} is not linked to your account for {chain.name}."
            )
        return named.lower()

    async def _is_alive(self, uow: UnitOfWork, row: MintRow) -> bool:
        """Whether its chain is still there: a local one may have been begun anew."""
        return any(chain.network == row.network for chain in await self._chains.all(uow))

    async def _check_mintable(self, uow: UnitOfWork, licence: Licence) -> None:
        if licence.terms.kind not in KINDS:
            raise Invalid(
                "licence_not_mintable",
                "Seats belong to people; a licence with seats cannot be a token.",
            )
        if licence.state != "active":
            raise Conflict(
                "licence_not_good",
                "Only a licence that is good now can be a token.",
                state=licence.state,
            )
        if licence.order_id is None:
            return
        until = await self._refunds.open_until(uow, licence.order_id)
        if until is not None and until > uow.now:
            raise Conflict(
                "refund_window_open",
                "The money of this purchase can still go back. Mint the licence once that is over.",
                until=until.isoformat(),
            )

    async def _want_work(self, uow: UnitOfWork, chain: SaleChain, licence: Licence) -> None:
        """The work's own token, which says who gets the royalty of resales."""
        purpose = f"mint-work:{licence.listing_id}"
        token_id = self._chains.work_token_of(licence.listing_id)
        if await self._chains.transaction(uow, chain.network, purpose) is not None:
            return
        if await store.about(uow, "WorkMinted", network=chain.network, key=token_id, undone=False):
            return
        creator = await self._creators.wallet(uow, licence.licensor.id, chain_id=chain.chain_id)
        if creator is None:
            raise Conflict(
                "creator_wallet_missing",
                f"{licence.licensor.name} has named no wallet for royalties yet, and this licence "
                "may be resold. Ask the seller to name one.",
            )
        content = await self._licences.content_digest(uow, licence.id)
        said = {
            "name": licence.listing_title,
            "external_url": f"{self._base_url}/{licence.listing_address}",
            "listing_id": licence.listing_id,
            "content_sha256": content,
            "provenance": f"{self._base_url}/api/v1/listings/{licence.listing_id}/provenance",
        }
        metadata = await mint_store.remember_work(
            uow,
            token_id=token_id,
            listing_id=licence.listing_id,
            metadata=msgspec.json.encode(said, order="deterministic").decode(),
        )
        voucher = {
            "workId": int(token_id, 16),
            "creator": creator,
            "royaltyBps": self._royalty_bps,
            "contentHash": bytes.fromhex(content),
            "metadata": _sha256(metadata),
            "deadline": _seconds(uow.now + VOUCHER_FOR),
        }
        signature = await self._chains.sign(chain, "WorkVoucher", voucher)
        data = self._chains.call_data(
            "Works", "redeem", tuple_of("WorkVoucher", voucher), signature
        )
        await self._chains.submit(uow, chain, purpose=purpose, contract="Works", data=data)

    async def _want_token(
        self, uow: UnitOfWork, chain: SaleChain, licence: Licence, row: MintRow
    ) -> None:
        uses = licence.terms.uses or 0
        voucher = {
            "licenceId": int(row.token_id, 16),
            "workId": int(self._chains.work_token_of(licence.listing_id), 16),
            "holder": row.wallet,
            "kind": KINDS[licence.terms.kind],
            "transferable": licence.terms.transferable,
            "expires": 0 if licence.valid_until is None else _seconds(licence.valid_until),
            "uses": uses,
            "used": uses - (licence.uses_left or 0),
            "deadline": _seconds(uow.now + VOUCHER_FOR),
        }
        signature = await self._chains.sign(chain, "LicenceVoucher", voucher)
        data = self._chains.call_data(
            "Licences", "redeem", tuple_of("LicenceVoucher", voucher), signature
        )
        await self._chains.submit(
            uow, chain, purpose=_purpose(row.licence_id), contract="Licences", data=data
        )

    async def _shown(self, uow: UnitOfWork, row: MintRow) -> LicenceToken:
        sent = await self._chains.transaction(uow, row.network, _purpose(row.licence_id))
        moved = await store.about(
            uow, "Transferred", network=row.network, key=row.token_id, undone=False
        )
        assert sent is not None, "it was written together with the row"
        return LicenceToken(
            licence_id=row.licence_id,
            chain=row.chain,
            chain_id=row.chain_id,
            contract=row.contract,
            token_id=row.token_id,
            holder=str(moved[-1].arguments["recipient"]) if moved else row.wallet,
            state=sent.state,
            transaction_hash=sent.hash,
            block_number=sent.block_number,
            problem=sent.problem,
            requested_at=row.requested_at,
        )


def _require_manager(actor: Actor, licence: Licence) -> None:
    actor.require_user()
    if not actor.manages(licence.licensee.id):
        raise Forbidden("licensee_only", "Only managers of the licence's holder may do this.")


def _is_on(wallet: AccountWallet, chain: SaleChain) -> bool:
    return wallet.chain_id is None or wallet.chain_id == chain.chain_id


def _purpose(licence_id: str) -> str:
    return f"mint:{licence_id}"


def _seconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp())


def _sha256(text: str) -> bytes:
    return sha256(text.encode()).digest()
