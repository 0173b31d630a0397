"""IPFS: what was taken in from CAR files, the CIDs of published versions, and pins."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from souk_client.contracts.base import Answer


class ImportedFile(Answer, frozen=True, kw_only=True):
    """A file of a CAR file, an artifact now."""

    path: str
    sha256: str
    size_bytes: int
    cid: str
    """Its CID as this marketplace makes it; the CAR file's own may differ with its chunks."""


class ImportedCar(Answer, frozen=True, kw_only=True):
    """What a CAR file held. Its own CIDs are served to those who brought it in."""

    id: str
    cid: str
    files: list[ImportedFile]
    size_bytes: int


class RemotePin(Answer, frozen=True, kw_only=True):
    """How far a pinning service elsewhere is with a version."""

    state: Literal["waiting", "queued", "pinning", "pinned", "failed", "removed"]
    details: str = ""


class VersionCid(Answer, frozen=True, kw_only=True):
    """A published version as a folder by its CID."""

    cid: str
    size_bytes: int
    by_all: bool
    """Whether everybody may fetch it, without a licence."""
    car_url: str
    """Where the whole folder is, as a CAR file."""
    remote_pin: RemotePin | None = None
    """For those who may change the listing."""


PinState = Literal["queued", "pinning", "pinned", "failed"]


class Pin(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What shall be kept, in the words of the Pinning Service API."""

    cid: Annotated[str, Meta(max_length=256)]
    name: Annotated[str, Meta(max_length=255)] | None = None
    origins: Annotated[list[Annotated[str, Meta(max_length=512)]], Meta(max_length=20)] = []
    meta: dict[Annotated[str, Meta(max_length=255)], Annotated[str, Meta(max_length=1000)]] = {}


class PinStatus(Struct, frozen=True, kw_only=True):
    """How far a pin is."""

    requestid: str
    status: PinState
    created: datetime
    pin: Pin
    delegates: list[str]
    info: dict[str, str] = {}


class PinResults(Struct, frozen=True, kw_only=True):
    """Pins that were looked for; `count` also counts those past the limit."""

    count: int
    results: list[PinStatus]
