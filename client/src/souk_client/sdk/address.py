"""Where a marketplace is."""

from typing import Final
from urllib.parse import urlsplit

DEFAULT_API_URL: Final = "http://127.0.0.1:8000"


def normal_url(api_url: str) -> str:
    """The marketplace's address without a path or a slash at its end.

    Raises:
        ValueError: it is not an http or https address.
    """
    parts = urlsplit(api_url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError(f"{api_url!r} is not an address such as https://souk.example.")
    return f"{parts.scheme}://{parts.netloc.lower()}"
