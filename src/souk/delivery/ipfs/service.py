"""The gateway: what a request for content by its CID gets."""

from collections.abc import AsyncIterator

import msgspec

from souk.delivery.ipfs.blocks import Blocks
from souk.delivery.ipfs.errors import CidUnreadable, ContentGone
from souk.delivery.ipfs.model import Question
from souk.delivery.ipfs.rights import Access, Rights
from souk.delivery.ipfs.walking import Walker, Way
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.actor import Actor
from souk_client.proofs.ipfs import Cid, car_frame, car_header
from souk_client.proofs.ipfs.cids import IDENTITY


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What leaves: the bytes are made while they are sent, each block checked before."""

    access: Access
    roots: tuple[Cid, ...]
    length: int | None
    """How many bytes, where that is known."""
    content: AsyncIterator[bytes] | None
    """None when the caller asked for no body."""


class Gateway:
    """Raw blocks and CAR files for those who may have them."""

    def __init__(self, database: Database, *, blocks: Blocks, rights: Rights) -> None:
        self._database = database
        self._blocks = blocks
        self._walker = Walker(blocks)
        self._rights = rights

    async def admit(self, actor: Actor, cid: Cid) -> Access:
        """Whether the caller may have the content of this CID.

        Raises:
            NotFound: `content_unknown`. Forbidden: `licence_needed`.
            Gone: `content_gone`. Withheld: `content_withheld`.
        """
        if cid.hash_code == IDENTITY:
            return Access(by_all=True)
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            return await self._rights.check(uow, actor, cid)

    async def answer(self, question: Question, access: Access, *, body: bool = True) -> Answer:
        """What an admitted caller gets; the first block is read before this returns.

        Raises:
            NotFound: `path_unknown`.
            Malformed: `gateway_request_invalid`, `cid_invalid`.
            Gone: `content_gone`. Damaged: `block_damaged`.
        """
        if question.form == "raw":
            block = await self._block(question.cid)
            content = _whole(block) if body else None
            roots = (question.cid,)
            return Answer(access=access, roots=roots, length=len(block), content=content)
        way = await self._way(question)
        if way.end.hash_code != IDENTITY:
            size = await self._walker.size(way.end)
            if question.span is not None and size is not None:
                question.span.within(size)
        content = await _begun(self._car(question, way)) if body else None
        return Answer(access=access, roots=way.roots, length=None, content=content)

    async def _way(self, question: Question) -> Way:
        if question.cid.hash_code == IDENTITY and question.parts:
            raise CidUnreadable("There is no path below an identity CID.")
        way = await self._walker.resolve(question.cid, question.parts)
        if way.end.hash_code != IDENTITY and way.end.digest not in await self._blocks.find(
            [way.end.digest]
        ):
            raise ContentGone("its file is kept back")
        return way

    async def _block(self, cid: Cid) -> bytes:
        return cid.digest if cid.hash_code == IDENTITY else await self._blocks.read(cid)

    async def _car(self, question: Question, way: Way) -> AsyncIterator[bytes]:
        header = car_header([question.cid])
        async for cid, block in self._walker.walk(
            way, scope=question.scope, span=question.span, duplicates=question.duplicates
        ):
            yield header + car_frame(cid, len(block))
            yield block
            header = b""
        if header:  # an identity CID has no block of its own
            yield header


async def _whole(block: bytes) -> AsyncIterator[bytes]:
    yield block


async def _begun(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The stream with its beginning made already, so that an error there is still an answer."""
    first = await anext(stream, b"")

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for piece in stream:
            yield piece

    return whole()
