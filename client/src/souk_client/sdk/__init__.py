"""The Python client of a Souk marketplace: `Souk` blocks, `AsyncSouk` is for asyncio.

Names are looked up on first use, so that importing a part does not import all of it.
"""

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from souk_client.sdk.aio import AsyncSouk
    from souk_client.sdk.client import Souk
    from souk_client.sdk.credentials import SessionStore
    from souk_client.sdk.downloads import Downloaded, DownloadedFile
    from souk_client.sdk.errors import (
        IntegrityError,
        SoukApiError,
        SoukClientError,
        SoukConnectionError,
    )
    from souk_client.sdk.progress import OnProgress, Progress, UploadMemory
    from souk_client.sdk.retry import RetryPolicy

_HOMES: Final = {
    "AsyncSouk": "aio",
    "Downloaded": "downloads",
    "DownloadedFile": "downloads",
    "IntegrityError": "errors",
    "OnProgress": "progress",
    "Progress": "progress",
    "RetryPolicy": "retry",
    "SessionStore": "credentials",
    "Souk": "client",
    "SoukApiError": "errors",
    "SoukClientError": "errors",
    "SoukConnectionError": "errors",
    "UploadMemory": "progress",
}

__all__ = [
    "AsyncSouk",
    "Downloaded",
    "DownloadedFile",
    "IntegrityError",
    "OnProgress",
    "Progress",
    "RetryPolicy",
    "SessionStore",
    "Souk",
    "SoukApiError",
    "SoukClientError",
    "SoukConnectionError",
    "UploadMemory",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
