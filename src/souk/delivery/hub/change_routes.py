"""HTTP: commits and what goes before them, branches, tags, large files, tokens for Xet."""

from typing import Annotated, Any

import msgspec
from litestar import Response, delete, get, post

from souk.delivery.hub.commits import Committer
from souk.delivery.hub.desk import Desk, Seen, check_writer
from souk.delivery.hub.finding import OWN
from souk.delivery.hub.http import HubRequest, body_of, read_json, type_named
from souk.delivery.hub.managing import HubManager
from souk.delivery.hub.preupload import HubPreparation, PreuploadRequest
from souk.delivery.hub.wire import Committed, Done, Preupload, XetAnswer
from souk.delivery.hub.xet_tokens import HubXetTokens
from souk.delivery.xet.api import XetToken
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import scope_of
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor

TAGS = ["hub"]
_STREAMED: dict[str, Any] = {  # as handlers' options are
    "transaction": "own",
    "raw_body": True,
    "caller": "optional",
}


@post(
    "/api/{kind:str}/{owner:str}/{name:str}/preupload/{revision:path}",
    tags=TAGS,
    dependencies=OWN,
    status_code=200,
    opt={"caller": "optional", "body_limit": 8 * 2**20},
    request_max_body_size=8 * 2**20,
)
async def prepare_commit(
    revision: str,
    request: HubRequest,
    uow: UnitOfWork,
    actor: Actor,
    own: Seen,
    hub_preparation: HubPreparation,
) -> Preupload:
    """How each file of a commit is to be sent, and what lies at its path now."""
    check_writer(actor, own)
    asked = await read_json(request, PreuploadRequest)
    return await hub_preparation.prepare(uow, own, revision.strip("/"), asked)


@post(
    "/api/{kind:str}/{owner:str}/{name:str}/commit/{revision:path}",
    tags=TAGS,
    status_code=200,
    opt=_STREAMED,
    request_max_body_size=None,
)
async def make_commit(
    kind: str,
    owner: str,
    name: str,
    revision: str,
    request: HubRequest,
    actor: Actor,
    hub_committer: Committer,
) -> Response[Committed]:
    """One atomic revision from lines of JSON: additions, deletions, files that were sent before."""
    repo_type = type_named(kind, owner=owner, name=name)
    seen, commit = await hub_committer.commit(
        actor,
        repo_type,
        owner=owner,
        name=name,
        branch=revision.strip("/"),
        stream=body_of(request),
    )
    prefix = "datasets/" if repo_type == "dataset" else ""
    here = str(request.base_url).rstrip("/")
    headers = {}
    if commit.waiting:
        headers["x-hf-warning"] = (
            f"scan; {commit.waiting} file(s) of this commit are still being scanned for safety; "
            "what the scan refuses cannot be published."
        )
    committed = Committed(
        success=True,
        commit_oid=commit.oid,
        commit_url=f"{here}/{prefix}{seen.address}/commit/{commit.oid}",
        hook_output="",
    )
    return Response(committed, headers=headers)


class TagRequest(msgspec.Struct, frozen=True):
    """What a revision shall be called."""

    tag: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    message: str = ""


class BranchRequest(msgspec.Struct, frozen=True, rename="camel"):
    """Where a branch begins."""

    starting_point: str | None = None


@post(
    "/api/{kind:str}/{owner:str}/{name:str}/tag/{revision:path}",
    tags=TAGS,
    dependencies=OWN,
    status_code=200,
    opt={"caller": "optional"},
)
async def add_tag(
    revision: str,
    request: HubRequest,
    uow: UnitOfWork,
    actor: Actor,
    own: Seen,
    hub_manager: HubManager,
) -> Done:
    """Names a revision; a semantic version makes a version of the listing."""
    asked = await read_json(request, TagRequest)
    await hub_manager.tag(uow, actor, own, revision=revision.strip("/"), name=asked.tag)
    return Done(ok=True)


@delete(
    "/api/{kind:str}/{owner:str}/{name:str}/tag/{tag:path}",
    tags=TAGS,
    dependencies=OWN,
    status_code=200,
    opt={"caller": "optional"},
)
async def remove_tag(
    tag: str,
    uow: UnitOfWork,
    actor: Actor,
    own: Seen,
    hub_manager: HubManager,
) -> Done:
    """Removes a tag; versions stay."""
    await hub_manager.untag(uow, actor, own, name=tag.strip("/"))
    return Done(ok=True)


@post(
    "/api/{kind:str}/{owner:str}/{name:str}/branch/{branch:path}",
    tags=TAGS,
    dependencies=OWN,
    status_code=200,
    opt={"caller": "optional"},
)
async def add_branch(
    branch: str,
    request: HubRequest,
    uow: UnitOfWork,
    actor: Actor,
    own: Seen,
    hub_manager: HubManager,
) -> Done:
    """Makes a branch, from `main` or where the body says."""
    asked = await read_json(request, BranchRequest)
    await hub_manager.branch(uow, actor, own, name=branch.strip("/"), start=asked.starting_point)
    return Done(ok=True)


@delete(
    "/api/{kind:str}/{owner:str}/{name:str}/branch/{branch:path}",
    tags=TAGS,
    dependencies=OWN,
    status_code=200,
    opt={"caller": "optional"},
)
async def remove_branch(
    branch: str,
    uow: UnitOfWork,
    actor: Actor,
    own: Seen,
    hub_manager: HubManager,
) -> Done:
    """Removes a branch; `main` stays."""
    await hub_manager.unbranch(uow, actor, own, name=branch.strip("/"))
    return Done(ok=True)


@get(
    "/api/{kind:str}/{owner:str}/{name:str}/xet-read-token/{revision:path}",
    tags=TAGS,
    opt={"caller": "optional", "transaction": "own"},
)
async def xet_read_token(
    kind: str,
    owner: str,
    name: str,
    revision: str,
    actor: Actor,
    hub_xet_tokens: HubXetTokens,
) -> Response[XetAnswer]:
    """A token that reads the files of a revision by Xet."""
    repo_type = type_named(kind, owner=owner, name=name)
    return _token(
        await hub_xet_tokens.to_read(
            actor, repo_type, owner=owner, name=name, revision=revision.strip("/")
        )
    )


@get(
    "/api/{kind:str}/{owner:str}/{name:str}/xet-write-token/{revision:path}",
    tags=TAGS,
    opt={"caller": "optional", "transaction": "own"},
)
async def xet_write_token(
    kind: str,
    owner: str,
    name: str,
    revision: str,
    actor: Actor,
    database: Database,
    hub_desk: Desk,
    hub_xet_tokens: HubXetTokens,
) -> Response[XetAnswer]:
    """A token that sends files for a commit by Xet."""
    repo_type = type_named(kind, owner=owner, name=name)
    async with database.transaction(scope_of(actor)) as uow:
        seen = await hub_desk.see_own(uow, actor, repo_type, owner=owner, name=name)
        return _token(await hub_xet_tokens.to_write(uow, actor, seen))


def _token(token: XetToken) -> Response[XetAnswer]:
    expires_at = int(token.expires_at.timestamp())
    answer = XetAnswer(cas_url=token.cas_url, access_token=token.token, exp=expires_at)
    headers = {
        "x-xet-cas-url": token.cas_url,
        "x-xet-access-token": token.token,
        "x-xet-token-expiration": str(expires_at),
        "cache-control": "no-store",
    }
    return Response(answer, headers=headers)


ROUTES = [
    prepare_commit,
    make_commit,
    add_tag,
    remove_tag,
    add_branch,
    remove_branch,
    xet_read_token,
    xet_write_token,
]
