"""Fetching marked copies with their statements."""

from pathlib import Path

import httpx

from souk_client.contracts.delivery import LicensedFile
from souk_client.proofs.marked_copy import MARK_SUFFIX
from souk_client.sdk.client import Souk
from souk_client.sdk.errors import IntegrityError, SoukApiError
from souk_client.sdk.paths import safe_path
from souk_client.sdk.progress import silent
from souk_client.sdk.transport import api_error
from souk_client.sdk.uploads import hash_file


def fetch_marked(souk: Souk, licence_id: str, file: LicensedFile, folder: Path) -> str | None:
    """Puts the licence's marked copy in the place of a file, with its statement beside it.

    Answers the copy's hash; None when the file has no place for a mark.

    Raises:
        IntegrityError: what came is not what the statement names.
    """
    try:
        copy = souk.devices.make_marked(licence_id, path=file.path)
    except SoukApiError as error:
        if error.code in {"file_not_markable", "file_too_large_to_mark"}:
            return None
        raise
    place = safe_path(folder, file.path)
    part = place.with_name(f".{place.name}.{copy.sha256[:16]}.part")
    url = souk.devices.marked_file(licence_id, copy.sha256).url
    with souk.http.stream("GET", url, follow_redirects=True) as response:
        if response.status_code != httpx.codes.OK:
            response.read()
            raise api_error(response)
        with part.open("wb") as stream:
            for chunk in response.iter_raw():
                stream.write(chunk)
    if hash_file(part, name=file.path, on_progress=silent) != copy.sha256:
        part.unlink()
        raise IntegrityError(f"{file.path} arrived as another copy than was promised.")
    part.replace(place)
    place.with_name(f"{place.name}{MARK_SUFFIX}").write_text(f"{copy.statement}\n")
    return copy.sha256
