"""Licences that holders sell on: asks, signed by the wallet that has the token."""

from datetime import timedelta
from secrets import token_hex
from typing import Any, Final

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from souk.kernel.ids import new_id
from souk.kernel.paging import Page, decode_cursor, page_of
from souk.rights.chain_index import ask_store, mint_store
from souk.rights.chain_index.api import (
    NATIVE,
    AccountWallets,
    AskPurchase,
    AskRequest,
    Chains,
    LicenceAsk,
    OwnAsk,
    SaleChain,
    Token,
)
from souk.rights.chain_index.ask_store import AskRow
from souk.rights.chain_index.mint_store import MintRow
from souk.rights.chain_index.vouchers import permit_data, tuple_of
from souk.rights.licences.api import Licence, Licences
from souk_client.contracts.chain_sales import ChainCall

_WHOLE_BPS: Final = 10_000
_PERMIT_WORDS: Final = 5 * 32
"""What a wallet appends to the call in a token: value, deadline, v, r, s."""
PERMIT_FOR: Final = timedelta(hours=1)


class Asking:
    """Implements `souk.rights.chain_index.api.Asks`.

    Args:
        licences: what is sold on.
        chains: where.
        wallets: the callers' wallets.
    """

    def __init__(self, *, licences: Licences, chains: Chains, wallets: AccountWallets) -> None:
        self._licences = licences
        self._chains = chains
        self._wallets = wallets

    async def open(
        self, uow: UnitOfWork, actor: Actor, licence_id: str, request: AskRequest
    ) -> OwnAsk:
        licence = await self._licences.get(uow, licence_id)
        self._check_sellable(actor, licence)
        minted = await mint_store.of_licence(uow, licence_id)
        if minted is None:
            raise NotFound("token_unknown", "This licence is no token yet: mint it first.")
        chain = await self._chain(uow, minted)
        token = _token(chain, request.currency)
        seller = await self._owner(uow, actor, chain, minted)
        fee_bps, royalty_bps = await self._parts(chain, licence.listing_id)
        row = AskRow(
            id=new_id("ask", uow.now),
            state="unsigned",
            network=chain.network,
            chain=chain.name,
            chain_id=chain.chain_id,
            licence_id=licence_id,
            token_id=minted.token_id,
            listing_id=licence.listing_id,
            listing_address=licence.listing_address,
            listing_title=licence.listing_title,
            owner_organisation_id=licence.licensee.id,
            seller=seller,
            currency=token.symbol,
            token=token.address,
            price_units=int(request.price_units),
            nonce="0x" + token_hex(32),
            max_fee_bps=fee_bps,
            max_royalty_bps=royalty_bps,
            deadline=(uow.now + timedelta(days=request.days)).replace(microsecond=0),
            created_by=actor.require_user(),
            created_at=uow.now,
            changed_at=uow.now,
        )
        await ask_store.add(uow, row)
        return self._own(chain, row)

    async def sign(self, uow: UnitOfWork, actor: Actor, ask_id: str, signature: str) -> OwnAsk:
        row = await self._mine(uow, actor, ask_id)
        if row.state != "unsigned" or row.deadline <= uow.now:
            raise Conflict("ask_closed", f"This ask is {row.state}; make another one.")
        chain = await self._chains.get(uow, row.chain)
        self._check_sellable(actor, await self._licences.get(uow, row.licence_id))
        raw = bytes.fromhex(signature[2:])
        if _signer(self._chains.typed_data(chain, "Ask", _message(row)), raw) != row.seller:
            raise Invalid("signature_wrong", f"This is not {row.seller}'s signature of the ask.")
        await ask_store.put_up(uow, row, signature=raw)
        return self._own(chain, await self._mine(uow, actor, ask_id))

    async def get(self, uow: UnitOfWork, ask_id: str) -> LicenceAsk:
        row = await ask_store.get(uow, ask_id)
        if row is None:
            raise NotFound("ask_unknown", "There is no such ask.")
        return _shown(row)

    async def own(self, uow: UnitOfWork, actor: Actor, ask_id: str) -> OwnAsk:
        row = await self._mine(uow, actor, ask_id, lock=False)
        return self._own(await self._chains.get(uow, row.chain), row)

    async def of_licence(self, uow: UnitOfWork, actor: Actor, licence_id: str) -> LicenceAsk | None:
        actor.require_user()
        await self._licences.get(uow, licence_id)
        row = await ask_store.open_of(uow, licence_id)
        return None if row is None else _shown(row)

    async def withdraw(self, uow: UnitOfWork, actor: Actor, ask_id: str) -> OwnAsk:
        row = await self._mine(uow, actor, ask_id)
        if row.state == "sold":
            raise Conflict("ask_closed", "This licence is sold.")
        await ask_store.set_state(uow, [row.id], "withdrawn")
        return await self.own(uow, actor, ask_id)

    async def page(
        self, uow: UnitOfWork, *, listing_id: str | None, cursor: str | None, limit: int
    ) -> Page[LicenceAsk]:
        key = decode_cursor(cursor, size=1)
        before = None if key is None else str(key[0])
        rows = await ask_store.page(uow, listing_id=listing_id, before=before, limit=limit + 1)
        return page_of(rows, limit=limit, key=lambda row: [row.id]).map(_shown)

    async def purchase(
        self, uow: UnitOfWork, actor: Actor, ask_id: str, *, wallet: str
    ) -> AskPurchase:
        actor.require_user()
        row = await ask_store.get(uow, ask_id)
        if row is None:
            raise NotFound("ask_unknown", "There is no such ask.")
        if row.state != "open" or row.deadline <= uow.now or row.signature is None:
            raise Conflict("ask_closed", "This licence is no longer for sale.")
        chain = await self._chains.get(uow, row.chain)
        buyer = wallet.lower()
        mine = await self._wallets.mine(uow, actor)
        if not any(one.address == buyer and one.chain_id in (None, row.chain_id) for one in mine):
            raise Invalid("wallet_not_yours", "Buy with a wallet that is linked to your account.")
        data = self._chains.call_data(
            "Market",
            "buyResale",
            tuple_of("Ask", _message(row)),
            row.signature,
            int(row.price_units),
            b"" if row.token == NATIVE else bytes(_PERMIT_WORDS),
        )
        permit = None
        if row.token != NATIVE:
            data = data[:-_PERMIT_WORDS]
            permit = await self._permit(uow, chain, row, buyer)
        call = ChainCall(
            chain_id=row.chain_id,
            to=chain.contracts["Market"],
            value=str(int(row.price_units)) if row.token == NATIVE else "0",
            data="0x" + data.hex(),
            permit=permit,
        )
        return AskPurchase(ask=_shown(row), call=call)

    # ------------------------------------------------------------------------------- the parts

    def _check_sellable(self, actor: Actor, licence: Licence) -> None:
        actor.require_user()
        if not actor.manages(licence.licensee.id):
            raise Forbidden("licensee_only", "Only managers of the licence's holder may do this.")
        if licence.state != "active":
            raise Conflict(
                "licence_not_good",
                "Only a licence that is good now can be sold on.",
                state=licence.state,
            )
        if not licence.terms.transferable:
            raise Conflict(
                "licence_not_transferable", "By its terms this licence cannot be sold on."
            )

    async def _chain(self, uow: UnitOfWork, minted: MintRow) -> SaleChain:
        chain = await self._chains.get(uow, minted.chain)
        if chain.network != minted.network:
            raise NotFound("token_unknown", "The chain with its token is gone: mint it again.")
        return chain

    async def _owner(self, uow: UnitOfWork, actor: Actor, chain: SaleChain, minted: MintRow) -> str:
        """The wallet that has the token by the chain's own word."""
        try:
            (owner,) = await self._chains.read(
                chain, "Licences", "ownerOf", int(minted.token_id, 16)
            )
        except Conflict as error:
            raise Conflict(
                "token_not_yours", "The token is not on the chain yet. Wait until it is minted."
            ) from error
        mine = {wallet.address for wallet in await self._wallets.mine(uow, actor)}
        if str(owner).lower() not in mine:
            raise Conflict(
                "token_not_yours", "The token is in no wallet that is linked to your account."
            )
        return str(owner).lower()

    async def _parts(self, chain: SaleChain, listing_id: str) -> tuple[int, int]:
        """What the marketplace and the creator get of a resale now, in basis points."""
        work_id = int(self._chains.work_token_of(listing_id), 16)
        (fee,) = await self._chains.read(chain, "Market", "resaleFeeBps")
        creator, royalty = await self._chains.read(
            chain, "Works", "royaltyInfo", work_id, _WHOLE_BPS
        )
        if int(str(creator), 16) == 0:
            raise Conflict(
                "creator_wallet_missing", "The work has no token yet, so nobody gets its royalty."
            )
        return int(fee), int(royalty)

    async def _permit(
        self, uow: UnitOfWork, chain: SaleChain, row: AskRow, buyer: str
    ) -> dict[str, Any]:  # the shape of eth_signTypedData_v4
        (name,) = await self._chains.read(chain, row.currency, "name")
        (nonce,) = await self._chains.read(chain, row.currency, "nonces", buyer)
        return permit_data(
            chain,
            token=row.token,
            name=str(name),
            owner=buyer,
            value=int(row.price_units),
            nonce=int(nonce),
            deadline=int((uow.now + PERMIT_FOR).timestamp()),
        )

    async def _mine(
        self, uow: UnitOfWork, actor: Actor, ask_id: str, *, lock: bool = True
    ) -> AskRow:
        actor.require_user()
        row = await ask_store.get(uow, ask_id, lock=lock)
        if row is None or not actor.manages(row.owner_organisation_id):
            raise NotFound("ask_unknown", "You have no such ask.")
        return row

    def _own(self, chain: SaleChain, row: AskRow) -> OwnAsk:
        market, licences = chain.contracts["Market"], chain.contracts["Licences"]
        approve = self._chains.call_data("Licences", "approve", market, int(row.token_id, 16))
        cancel = self._chains.call_data("Market", "cancelAsk", int(row.nonce, 16))
        return OwnAsk(
            ask=_shown(row),
            to_sign=self._chains.typed_data(chain, "Ask", _message(row)),
            approve=_call(row, licences, approve),
            cancel=_call(row, market, cancel),
        )


def _message(row: AskRow) -> dict[str, Any]:
    return {
        "nonce": int(row.nonce, 16),
        "licenceId": int(row.token_id, 16),
        "seller": row.seller,
        "buyer": NATIVE,
        "token": row.token,
        "price": int(row.price_units),
        "maxFeeBps": row.max_fee_bps,
        "maxRoyaltyBps": row.max_royalty_bps,
        "deadline": int(row.deadline.timestamp()),
    }


def _shown(row: AskRow) -> LicenceAsk:
    return LicenceAsk(
        id=row.id,
        state=row.state,
        listing_id=row.listing_id,
        listing_address=row.listing_address,
        listing_title=row.listing_title,
        chain=row.chain,
        chain_id=row.chain_id,
        token_id=row.token_id,
        seller=row.seller,
        currency=row.currency,
        price_units=str(int(row.price_units)),
        max_fee_bps=row.max_fee_bps,
        max_royalty_bps=row.max_royalty_bps,
        valid_until=row.deadline,
        created_at=row.created_at,
    )


def _call(row: AskRow, to: str, data: bytes) -> ChainCall:
    return ChainCall(chain_id=row.chain_id, to=to, value="0", data="0x" + data.hex())


def _token(chain: SaleChain, symbol: str) -> Token:
    for token in chain.tokens:
        if token.symbol == symbol:
            return token
    known = ", ".join(token.symbol for token in chain.tokens)
    raise Invalid("currency_unknown", f"On {chain.name} is paid in {known}.")


def _signer(typed: dict[str, Any], signature: bytes) -> str:
    """Whose signature it is; empty when it is nobody's."""
    from eth_account import Account  # noqa: PLC0415
    from eth_account.messages import encode_typed_data  # noqa: PLC0415
    from eth_keys.exceptions import BadSignature  # noqa: PLC0415
    from eth_utils.exceptions import ValidationError  # noqa: PLC0415

    message = encode_typed_data(full_message=typed)
    try:
        return str(Account.recover_message(message, signature=signature)).lower()
    except (ValueError, BadSignature, ValidationError):
        return ""
