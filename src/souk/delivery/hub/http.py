"""How the hub's routes read requests and say what is wrong: as problem details, and in the headers
that hub clients go by."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from souk.delivery.hub.errors import CLIENT_CODES, EntryUnknown, RepositoryUnknown
from souk.delivery.hub.model import RepoType
from souk.infra.http.problems import MEDIA_TYPE, render
from souk.kernel.errors import Malformed, SoukError

T = TypeVar("T")

HubRequest = Request[Any, Any, State]
TYPES: Final[Mapping[str, RepoType]] = {"models": "model", "datasets": "dataset"}
MAX_HEADER_CHARACTERS: Final = 1000
FILE_COST: Final = 0.1
"""What a file's request counts for against the caller's rate: a snapshot asks for each file twice,
and does not ask again when it is told to slow down."""


def type_named(kind: str, *, owner: str, name: str) -> RepoType:
    """The type of repository that a part of an address means.

    Raises:
        NotFound: `repository_unknown`: there are no spaces here.
    """
    found = TYPES.get(kind)
    if found is None:
        raise RepositoryUnknown(f"{owner[:96]}/{name[:96]}")
    return found


def type_at(request: HubRequest) -> RepoType:
    """The type of repository whose own address this is: datasets' begin with a word more."""
    return "dataset" if request.scope["path"].startswith("/datasets/") else "model"


async def read_json(request: HubRequest, kind: type[T]) -> T:
    """The body as this type. Fields that it does not have are left alone: newer clients send more.

    Raises:
        Malformed: `body_malformed`.
    """
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("body_malformed", f"The body is not what is read here: {error}.") from error


async def body_of(request: HubRequest) -> AsyncIterator[bytes]:
    """The body as it arrives; a caller who hangs up is no fault of the server."""
    try:
        async for chunk in request.stream():
            yield chunk
    except HTTPException as error:
        raise Malformed(
            "body_interrupted", "The connection ended before the body was whole; send it again."
        ) from error


def next_link(request: HubRequest, **changed: str) -> dict[str, str]:
    """The header that names the next page: this address with other parameters."""
    pairs = [(name, value) for name, value in request.query_params.multi_items()]
    kept = [(name, value) for name, value in pairs if name not in changed]
    query = urlencode([*kept, *changed.items()])
    here = str(request.url).partition("?")[0]
    return {"link": f'<{here}?{query}>; rel="next"'}


def hub_problem(request: HubRequest, error: Exception) -> Response[bytes]:
    """Every error of a hub route: problem details with the member `error`, as clients show it."""
    request_id = request.scope["state"].get("request_id")
    rendered = render(error, path=request.scope["path"], request_id=request_id)
    problem = rendered.problem
    members = {**msgspec.json.decode(rendered.body()), "error": problem.detail}
    headers = {**rendered.headers, "x-error-message": _header_text(problem.detail)}
    code = CLIENT_CODES.get(problem.code)
    if code is not None:
        headers["x-error-code"] = code
    if isinstance(error, EntryUnknown) and error.commit is not None:
        headers["x-repo-commit"] = error.commit
    if isinstance(error, SoukError) and problem.status == 429:
        headers["ratelimit"] = f'"api";r=0;t={error.extra.get("retry_after_s", 1)}'
    return Response(
        msgspec.json.encode(members),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def _header_text(text: str) -> str:
    """A text as a header may hold it: one line of printable ASCII."""
    plain = text.encode("ascii", errors="replace").decode()
    return "".join(sign if sign.isprintable() else " " for sign in plain)[:MAX_HEADER_CHARACTERS]
