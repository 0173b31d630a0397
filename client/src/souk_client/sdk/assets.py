"""Files of an organisation at public addresses."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from souk_client.contracts.assets import Asset, AssetPurged, AssetRequest, AssetUsage
from souk_client.contracts.base import PageAnswer
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api
from souk_client.sdk.errors import SoukApiError
from souk_client.sdk.progress import OnProgress

if TYPE_CHECKING:
    from souk_client.sdk.client import Souk

SCAN_LIMIT_S: Final = 600.0


def list_assets(
    *,
    organisation_id: str | None = None,
    prefix: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Call[PageAnswer[Asset]]:
    """Assets in the order of their paths; those of the caller's own organisation unless told."""
    query = {"organisation_id": organisation_id, "prefix": prefix, "cursor": cursor, "limit": limit}
    return Call(method="GET", path=api("assets"), answer=PageAnswer[Asset], query=query)


def put_asset(
    path: str,
    sha256: str,
    *,
    organisation_id: str | None = None,
    media_type: str | None = None,
    max_age_s: int = 300,
    optimise: bool = True,
) -> Call[Asset]:
    """Puts an uploaded file at a path, in place of what was there.

    409 `asset_not_checked` while its safety scan is under way; `souk.put_asset` waits for it.
    """
    body = AssetRequest(
        path=path,
        sha256=sha256,
        organisation_id=organisation_id,
        media_type=media_type,
        max_age_s=max_age_s,
        optimise=optimise,
    )
    return Call(method="PUT", path=api("assets"), answer=Asset, body=body)


def get_asset(asset_id: str) -> Call[Asset]:
    """One asset."""
    return Call(method="GET", path=api("assets", asset_id), answer=Asset)


def asset_usage(*, organisation_id: str | None = None) -> Call[AssetUsage]:
    """How much room assets take, and how much there is."""
    query = {"organisation_id": organisation_id}
    return Call(method="GET", path=api("assets", "usage"), answer=AssetUsage, query=query)


def delete_asset(asset_id: str) -> Call[AssetPurged]:
    """Takes an asset away, here and at every node."""
    return Call(method="DELETE", path=api("assets", asset_id), answer=AssetPurged)


def purge_asset(asset_id: str) -> Call[AssetPurged]:
    """Has every node fetch an asset anew."""
    return Call(method="POST", path=api("assets", asset_id, "purge"), answer=AssetPurged)


class Assets(Namespace[S]):
    """Files that everybody may fetch."""

    list = Endpoint(list_assets)
    put = Endpoint(put_asset)
    get = Endpoint(get_asset)
    usage = Endpoint(asset_usage)
    delete = Endpoint(delete_asset)
    purge = Endpoint(purge_asset)


def send_asset(
    souk: "Souk",
    file: Path,
    path: str,
    *,
    organisation_id: str | None,
    media_type: str | None,
    max_age_s: int,
    optimise: bool,
    on_progress: OnProgress,
) -> Asset:
    """See `Souk.put_asset`."""
    artifact = souk.upload_file(file, organisation_id=organisation_id, on_progress=on_progress)
    until = time.monotonic() + SCAN_LIMIT_S
    while True:
        try:
            return souk.assets.put(
                path,
                artifact.sha256,
                organisation_id=organisation_id,
                media_type=media_type,
                max_age_s=max_age_s,
                optimise=optimise,
            )
        except SoukApiError as error:
            if error.code != "asset_not_checked" or time.monotonic() > until:
                raise
