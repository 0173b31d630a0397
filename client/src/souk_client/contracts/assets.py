"""Assets: files of an organisation that everybody may fetch, at public addresses."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from souk_client.contracts.base import Answer, Id, Request, Sha256
from souk_client.contracts.cdn import PurgeAtNode

AssetState = Literal["live", "checking", "refused"]
AssetPath = Annotated[
    str,
    Meta(min_length=1, max_length=512, description="such as `img/logo.svg`; below it is fetched"),
]
MediaType = Annotated[
    str,
    Meta(
        max_length=100,
        pattern=r"^[a-z]{1,20}/[a-z0-9][a-z0-9.+-]{0,60}(; charset=[A-Za-z0-9-]{1,15})?$",
        examples=["image/svg+xml"],
    ),
]


class AssetRequest(Request, frozen=True, kw_only=True):
    """A file that was uploaded, and the path it shall have."""

    path: AssetPath
    sha256: Sha256
    organisation_id: Id | None = None
    """Whose it is; the caller's own organisation when left out."""
    media_type: MediaType | None = None
    """By the path's ending when left out."""
    max_age_s: Annotated[int, Meta(ge=0, le=365 * 86_400)] = 300
    """How long browsers may show it without asking again."""
    optimise: bool = True
    """Whether HTML, CSS, scripts and SVG are served without superfluous bytes."""


class Asset(Answer, frozen=True, kw_only=True):
    """A file at its public address."""

    id: str
    organisation_id: str
    path: str
    url: str
    """Where everybody may fetch it."""
    sha256: str
    size_bytes: int
    media_type: str
    max_age_s: int
    optimise: bool
    state: AssetState
    """`checking`: the safety scan is not done; `refused`: it has found something."""
    created_at: datetime
    changed_at: datetime


class AssetUsage(Answer, frozen=True, kw_only=True):
    """How much of its room an organisation uses."""

    organisation_id: str
    assets: int
    max_assets: int
    used_bytes: int
    max_bytes: int
    max_asset_bytes: int


class AssetPurged(Answer, frozen=True, kw_only=True):
    """What the nodes said when they were told to forget an asset."""

    id: str
    path: str
    confirmed: bool
    """Whether every node that is up has said so; others hear it before they serve again."""
    nodes: list[PurgeAtNode]
