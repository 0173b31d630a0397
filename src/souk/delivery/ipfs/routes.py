"""HTTP: the trustless gateway at /ipfs/, outside of the API as its specification has it."""

from typing import Any
from urllib.parse import quote

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.response import Stream

from souk.delivery.ipfs.errors import ContentUnknown, GatewayQuestion
from souk.delivery.ipfs.model import Question, is_known, read_question
from souk.delivery.ipfs.service import Answer, Gateway
from souk.infra.http.edge import HEAD_ONLY
from souk.kernel.actor import Actor
from souk.kernel.errors import PreconditionFailed

PREFIX = "/ipfs/"
PUBLIC = "public, max-age=29030400, immutable"
PRIVATE = "private, no-store"
_OPTIONS = {"transaction": "own", "caller": "optional"}


@get(["/ipfs/{cid:str}", "/ipfs/{cid:str}/{path:path}"], include_in_schema=False, opt=_OPTIONS)
async def fetch(
    request: Request[Actor, None, State], actor: Actor, ipfs_gateway: Gateway
) -> Response[Any]:
    """A raw block or a CAR file; of a HEAD request nothing of it is read that is not needed."""
    cid, _, path = request.scope["path"].removeprefix(PREFIX).partition("/")
    if request.headers.get("service-worker") == "script":
        raise GatewayQuestion("No service worker is registered from a gateway.")
    question = read_question(
        cid, path, query=dict(request.query_params), accept=request.headers.get("accept")
    )
    try:
        access = await ipfs_gateway.admit(actor, question.cid)
    except ContentUnknown:
        if "only-if-cached" in request.headers.get("cache-control", ""):
            raise PreconditionFailed(
                "content_not_here", "This content is not here, and nothing else was wanted."
            ) from None
        raise
    known = is_known(request.headers.get("if-none-match"), question.etag)
    unread = known or bool(request.scope["state"].get(HEAD_ONLY))
    answer = await ipfs_gateway.answer(question, access, body=not unread)
    headers = _headers(question, answer)
    if known or answer.content is None:
        status = 304 if known else 200
        return Response(b"", status_code=status, headers=headers, media_type=question.media_type)
    return Stream(answer.content, headers=headers, media_type=question.media_type)


def _headers(question: Question, answer: Answer) -> dict[str, str]:
    headers = {
        "etag": question.etag,
        "cache-control": PUBLIC if answer.access.by_all else PRIVATE,
        "content-disposition": f'attachment; filename="{question.saved_as}"',
        "x-content-type-options": "nosniff",
        "x-ipfs-path": quote(question.path),
        "x-ipfs-roots": ",".join(str(root) for root in answer.roots),
        "accept-ranges": "none",
        "vary": "accept, authorization, cookie",
    }
    if answer.access.by_all:
        headers["access-control-allow-origin"] = "*"
        headers["access-control-expose-headers"] = "etag, x-ipfs-path, x-ipfs-roots"
    if not question.form_in_address:
        headers["content-location"] = f"{quote(question.path)}?format={question.form}"
    if answer.length is not None:
        headers["content-length"] = str(answer.length)
    return headers


ROOT_ROUTES = [fetch]
