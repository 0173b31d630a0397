"""The built files, served from memory as they were when the process started.

A build that runs meanwhile therefore takes nothing away from the pages that are already out. Vite
wrote each text file in its shorter forms too (`.br`, `.gz`).
"""

import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler

from souk.infra.http.compression import accepted_encodings
from souk.web.assets import DIST, STATIC_PATH
from souk.web.forms import PageRequest

FOR_GOOD: Final = "public, max-age=31536000, immutable"
"""Every built file carries a hash of its content in its name."""
_SHORTER: Final = (("br", ".br"), ("gzip", ".gz"))


class BuiltFile(msgspec.Struct, frozen=True):
    """A file and its shorter forms by content coding, the shortest first."""

    media_type: str
    content: bytes
    encoded: Mapping[str, bytes]


def read_built_files(dist: Path = DIST) -> dict[str, BuiltFile]:
    """Every file under `assets/`, by its path below `dist`."""
    paths = sorted(path for path in (dist / "assets").rglob("*") if path.is_file())
    return {
        path.relative_to(dist).as_posix(): _read(path)
        for path in paths
        if path.suffix not in (".br", ".gz")
    }


def _read(path: Path) -> BuiltFile:
    encoded = {
        coding: shorter.read_bytes()
        for coding, ending in _SHORTER
        if (shorter := path.with_name(path.name + ending)).is_file()
    }
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if path.suffix == ".js":
        media_type = "text/javascript"
    return BuiltFile(media_type, path.read_bytes(), encoded)


def built_files_route(files: Mapping[str, BuiltFile]) -> HTTPRouteHandler:
    """`GET /static/dist/…`."""

    @get(
        f"{STATIC_PATH}{{path:path}}",
        opt={"transaction": "own", "exclude_from_csrf": True},
        include_in_schema=False,
        sync_to_thread=False,
    )
    def built_file(path: str, request: PageRequest) -> Response[bytes]:
        """One built file, in the shortest form that the browser takes."""
        found = files.get(path.lstrip("/"))
        if found is None:
            raise NotFoundException
        taken = {name.decode("latin-1") for name in accepted_encodings(request.scope["headers"])}
        coding = next((name for name in found.encoded if name in taken), None)
        headers = {"cache-control": FOR_GOOD, "vary": "accept-encoding"}
        if coding is not None:
            headers["content-encoding"] = coding
        return Response(
            found.content if coding is None else found.encoded[coding],
            media_type=found.media_type,
            headers=headers,
        )

    return built_file
