"""The protocol's answers, with the names that its clients read."""

from datetime import datetime
from typing import Any, Literal

import msgspec


class Wire(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An answer; what is not known is left out."""


class Done(msgspec.Struct, frozen=True):
    """It is done; there is nothing to tell."""

    ok: bool


class LfsOfEntry(Wire, frozen=True, kw_only=True):
    """A large file's content."""

    oid: str
    """Its sha256."""
    size: int
    pointer_size: int


class LfsOfSibling(Wire, frozen=True, kw_only=True):
    """The same in the list of a repository's files, where it has another name."""

    sha256: str
    size: int
    pointer_size: int


class LastCommit(Wire, frozen=True, kw_only=True):
    id: str
    title: str
    date: datetime


class SecurityStatus(Wire, frozen=True, kw_only=True):
    """What the safety scan found."""

    status: Literal["safe", "unsafe", "queued"]
    av_scan: dict[str, str]
    pickle_import_scan: dict[str, str]


class Entry(Wire, frozen=True, kw_only=True):
    """A file or a folder of a tree."""

    type: Literal["file", "directory"]
    oid: str
    size: int
    path: str
    lfs: LfsOfEntry | None = None
    xet_hash: str | None = None
    last_commit: LastCommit | None = None
    security_file_status: SecurityStatus | None = None


class Sibling(Wire, frozen=True, kw_only=True):
    """A file in a repository's description."""

    rfilename: str
    size: int | None = None
    blob_id: str | None = None
    lfs: LfsOfSibling | None = None


class SafetensorsCount(Wire, frozen=True, kw_only=True):
    """Parameters by data type, and in all."""

    parameters: dict[str, int]
    total: int


class RepositoryInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A repository. Its fields have several styles of names, as the protocol does."""

    id: str
    private: bool
    gated: Literal["auto", False]
    model_id: str | None = msgspec.field(name="modelId", default=None)
    author: str
    sha: str | None = None
    last_modified: datetime = msgspec.field(name="lastModified")
    created_at: datetime = msgspec.field(name="createdAt")
    disabled: bool
    downloads: int
    likes: int
    tags: list[str]
    library_name: str | None = None
    pipeline_tag: str | None = None
    description: str | None = None
    card_data: dict[str, Any] | None = msgspec.field(
        name="cardData", default=None
    )  # as YAML has it
    siblings: list[Sibling] | None = None
    safetensors: SafetensorsCount | None = None
    used_storage: int | None = msgspec.field(name="usedStorage", default=None)


class WhoOrganisation(Wire, frozen=True, kw_only=True):
    type: Literal["org"]
    id: str
    name: str
    fullname: str
    role_in_org: str
    is_enterprise: bool


class WhoToken(Wire, frozen=True, kw_only=True):
    display_name: str
    role: Literal["write"]


class WhoAuth(Wire, frozen=True, kw_only=True):
    type: Literal["access_token"]
    access_token: WhoToken


class Who(Wire, frozen=True, kw_only=True):
    """Whose token this is."""

    type: Literal["user"]
    id: str
    name: str
    fullname: str
    email: str
    email_verified: bool
    is_pro: bool
    can_pay: bool
    orgs: list[WhoOrganisation]
    auth: WhoAuth


class CreatedRepository(Wire, frozen=True, kw_only=True):
    """A new repository and the page of its listing."""

    url: str
    name: str
    id: str


class RefInfo(Wire, frozen=True, kw_only=True):
    name: str
    ref: str
    target_commit: str


class RefsInfo(Wire, frozen=True, kw_only=True):
    """Every name that a revision has."""

    branches: list[RefInfo]
    converts: list[RefInfo]
    tags: list[RefInfo]
    pull_requests: list[RefInfo] | None = None


class CommitAuthor(Wire, frozen=True, kw_only=True):
    user: str


class CommitInfo(Wire, frozen=True, kw_only=True):
    """A commit in the history."""

    id: str
    title: str
    message: str
    authors: list[CommitAuthor]
    date: datetime


class Committed(Wire, frozen=True, kw_only=True):
    """A commit that was made, or the one that has this very tree already."""

    success: bool
    commit_oid: str
    commit_url: str
    hook_output: str


class PreuploadFile(Wire, frozen=True, kw_only=True):
    """How a file is to be sent."""

    path: str
    upload_mode: Literal["lfs", "regular"]
    should_ignore: bool
    oid: str | None = None
    """What lies at the path now."""


class Preupload(Wire, frozen=True, kw_only=True):
    files: list[PreuploadFile]
    commit_oid: str | None = None


class LfsAction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An address to send something to."""

    href: str
    header: dict[str, str] = {}
    expires_at: datetime | None = None


class LfsError(msgspec.Struct, frozen=True, kw_only=True):
    code: int
    message: str


class LfsObject(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to do with a large file; neither actions nor an error when it is there already."""

    oid: str
    size: int
    authenticated: bool = False
    actions: dict[str, LfsAction] | None = None
    error: LfsError | None = None


class LfsBatch(msgspec.Struct, frozen=True, kw_only=True):
    transfer: Literal["basic", "multipart"]
    objects: list[LfsObject]
    hash_algo: Literal["sha256"]


class CardFinding(Wire, frozen=True, kw_only=True):
    message: str


class CardCheck(Wire, frozen=True, kw_only=True):
    """What is wrong with a card's front matter."""

    errors: list[CardFinding]
    warnings: list[CardFinding]


class SafetensorsHeaders(Wire, frozen=True, kw_only=True):
    """The index of a model in several files, and the header of each."""

    index: dict[str, Any]  # as the file has it
    headers: dict[str, dict[str, Any]]  # likewise


class XetAnswer(Wire, frozen=True, kw_only=True):
    """A token for Xet; clients read it from the headers of the same names."""

    cas_url: str
    access_token: str
    exp: int
    """Unix seconds."""
