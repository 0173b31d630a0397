"""The steps of publishing a folder; each looks first at what an earlier run has done."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec

from souk_client.cli.failures import REFUSED, UNREACHABLE, Failure
from souk_client.cli.folder import WorkFolder
from souk_client.contracts.works import (
    Artifact,
    Listing,
    ListingRequest,
    ListingUpdate,
    OfferRequest,
    Version,
    VersionFile,
)
from souk_client.sdk.client import Souk
from souk_client.sdk.errors import SoukApiError
from souk_client.sdk.progress import OnProgress, UploadMemory

SCAN_LIMIT_S: Final = 900.0
"""How long `mp publish` waits for the safety scan."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be published."""

    owner: str
    """Slug of the organisation that sells."""
    organisation_id: str
    kind: str | None
    slug: str
    title: str
    summary: str | None
    licence: str | None
    tags: list[str]
    version: str
    notes: str
    price_minor: int | None
    currency: str
    edition: str

    @property
    def address(self) -> str:
        """`owner/slug`."""
        return f"{self.owner}/{self.slug}"


def upload_all(
    souk: Souk,
    folder: WorkFolder,
    *,
    organisation_id: str,
    parallel: int,
    memory: UploadMemory,
    on_progress: OnProgress,
) -> dict[str, Artifact]:
    """Sends every file, several at once; the artifacts by path.

    Raises:
        Failure: the safety scan refuses one.
    """

    def upload(name: str) -> tuple[str, Artifact]:
        artifact = souk.upload_file(
            folder.path / name,
            filename=name,
            organisation_id=organisation_id,
            memory=memory,
            parallel=parallel,
            on_progress=on_progress,
        )
        return name, artifact

    with ThreadPoolExecutor(max_workers=4) as pool:
        try:
            artifacts = dict(pool.map(upload, folder.files))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    refused = [
        f"{name}: {'; '.join(artifact.scan.reasons)}"
        for name, artifact in artifacts.items()
        if artifact.scan.state == "quarantined"
    ]
    if refused:
        raise Failure("The safety scan refuses " + " | ".join(refused), exit_code=REFUSED)
    return artifacts


def find_listing(souk: Souk, wanted: Wanted) -> Listing | None:
    """The listing at this address, when there is one."""
    try:
        return souk.listings.get(wanted.address)
    except SoukApiError as error:
        if error.status != 404:
            raise
        return None


def create_listing(souk: Souk, wanted: Wanted, folder: WorkFolder) -> Listing:
    """A new draft.

    Raises:
        Failure: kind or price is not known.
    """
    if wanted.kind is None:
        raise Failure("Say what it is with --kind (model, dataset, …), or in the front matter.")
    if wanted.price_minor is None:
        raise Failure("Say its price with --price (0 for free), or in the front matter.")
    request = {
        "kind": wanted.kind,
        "slug": wanted.slug,
        "title": wanted.title,
        "summary": wanted.summary or "",
        "card": folder.card,
        "licence": wanted.licence,
        "tags": wanted.tags,
        "organisation_id": wanted.organisation_id,
        "offers": [
            OfferRequest(
                edition=wanted.edition, price_minor=wanted.price_minor, currency=wanted.currency
            )
        ],
    }
    return souk.listings.create(_converted(request))


def update_listing(souk: Souk, listing: Listing, wanted: Wanted, folder: WorkFolder) -> Listing:
    """Brings card, title and what was named up to date."""
    changes: dict[str, object] = {"card": folder.card, "title": wanted.title}
    changes |= {
        name: value
        for name, value in (
            ("summary", wanted.summary),
            ("licence", wanted.licence),
            ("tags", wanted.tags or None),
        )
        if value is not None
    }
    if all(getattr(listing, name) == value for name, value in changes.items()):
        return listing
    return souk.listings.update(listing.id, msgspec.convert(changes, ListingUpdate))


def create_version(
    souk: Souk, listing: Listing, wanted: Wanted, artifacts: Mapping[str, Artifact]
) -> Version | None:
    """Names these files; None when this very version is there already.

    Raises:
        Failure: the version is there with other files.
    """
    files = {path: artifact.sha256 for path, artifact in artifacts.items()}
    try:
        version = souk.listings.version(listing.id, wanted.version)
    except SoukApiError as error:
        if error.status != 404:
            raise
    else:
        if {file.path: file.sha256 for file in version.files} == files:
            return None
        raise Failure(
            f"{listing.address} has a version {wanted.version} already, with other files.",
            exit_code=REFUSED,
            hint="A version never changes; give the next one with --version.",
        )
    return souk.listings.create_version(
        listing.id,
        version=wanted.version,
        files=[VersionFile(path=path, sha256=sha256) for path, sha256 in files.items()],
        notes=wanted.notes,
    )


def publish_when_scanned(
    souk: Souk, listing: Listing, wanted: Wanted, *, say: Callable[[str], None]
) -> Listing:
    """Makes the version public; waits for the safety scan, which large files make long.

    Raises:
        Failure: the scan took longer than `SCAN_LIMIT_S`; nothing is lost, run it again.
    """
    give_up_at = time.monotonic() + SCAN_LIMIT_S
    is_told = False
    while True:
        try:
            return souk.listings.publish(listing.id, version=wanted.version)
        except SoukApiError as error:
            if error.code != "scan_pending":
                raise
            if time.monotonic() > give_up_at:
                raise Failure(error.detail, exit_code=UNREACHABLE) from error
            if not is_told:
                say("Waiting for the safety scan.")
                is_told = True
            time.sleep(error.retry_after_s or 1.0)


def _converted(request: Mapping[str, object]) -> ListingRequest:
    try:
        return msgspec.convert(msgspec.to_builtins(request), ListingRequest)
    except msgspec.ValidationError as error:
        raise Failure(f"This cannot be published: {error}.") from error
