"""The rules of assets: their paths, their types, and what they may do in a browser. Pure."""

from mimetypes import MimeTypes
from typing import Final

from souk.delivery.assets.errors import AssetPathInvalid
from souk.kernel.paths import path_problem

UNKNOWN: Final = "application/octet-stream"
_MORE: Final = {
    ".avif": "image/avif",
    ".css": "text/css",
    ".geojson": "application/geo+json",
    ".glb": "model/gltf-binary",
    ".gltf": "model/gltf+json",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".otf": "font/otf",
    ".toml": "text/plain",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
    ".yaml": "text/plain",
    ".yml": "text/plain",
}
_TEXTS: Final = frozenset(
    {
        "application/geo+json",
        "application/javascript",
        "application/json",
        "application/jsonl",
        "application/ld+json",
        "application/manifest+json",
        "application/wasm",
        "application/xhtml+xml",
        "application/xml",
        "font/otf",
        "font/ttf",
        "image/bmp",
        "image/svg+xml",
        "image/x-icon",
        "model/gltf+json",
    }
)
_WITH_CHARSET: Final = frozenset({"application/json", "application/xml", "image/svg+xml"})
_MINIFIED: Final = {
    "text/html": "html",
    "text/css": "css",
    "text/javascript": "js",
    "application/javascript": "js",
    "image/svg+xml": "svg",
}
_RUNS: Final = frozenset(
    {"text/javascript", "application/javascript", "text/css", "application/wasm"}
)
DOCUMENT_POLICY: Final = (
    "default-src 'none'; img-src * data:; style-src 'unsafe-inline' *; font-src * data:; "
    "media-src *; form-action 'none'; base-uri 'none'; frame-ancestors *; sandbox"
)
"""At an address that others share, a document shows itself and does nothing: no script, no form, an
origin of its own. At a domain of the owner's own it is as free as anywhere."""


def check_path(path: str) -> str:
    """The path, when it can be an address.

    Raises:
        Invalid: `asset_path_invalid`.
    """
    problem = path_problem(path)
    if problem is not None:
        raise AssetPathInvalid(problem)
    if set(path) & set("#%;"):
        raise AssetPathInvalid("must not hold any of # % ;")
    if path.startswith(".well-known/acme-challenge"):
        raise AssetPathInvalid("is kept for certificates")
    return path


def type_of(path: str) -> str:
    """The media type by the path's ending, with its charset where it is a text."""
    ending = path[path.rfind(".") :].lower() if "." in path.rpartition("/")[2] else ""
    plain = _MORE.get(ending) or _known(path) or UNKNOWN
    if plain.startswith("text/") or plain in _WITH_CHARSET:
        return f"{plain}; charset=utf-8"
    return plain


def _known(path: str) -> str | None:
    found, coding = MimeTypes(filenames=()).guess_type(f"x/{path}")
    return None if coding else found


def plain_type(media_type: str) -> str:
    """The type without parameters."""
    return media_type.partition(";")[0].strip().lower()


def is_text(media_type: str) -> bool:
    """Whether it gets shorter by a content coding; what is compressed already does not."""
    plain = plain_type(media_type)
    return plain.startswith("text/") or plain in _TEXTS


def minified_as(media_type: str) -> str:
    """How it is minified: `html`, `css`, `js`, `svg`, or not at all (empty)."""
    _, _, parameter = media_type.partition("charset=")
    if parameter.strip().lower() not in {"", "utf-8"}:
        return ""
    return _MINIFIED.get(plain_type(media_type), "")


def runs_in_pages(media_type: str) -> bool:
    """Whether a page can run it: never given to the marketplace's own pages."""
    return plain_type(media_type) in _RUNS


def tags_of(asset_id: str, organisation_id: str) -> tuple[str, str]:
    """By what nodes are told to forget it."""
    return f"asset:{asset_id}", f"assets:{organisation_id}"
