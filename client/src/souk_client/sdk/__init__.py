"""The Python client of a Souk marketplace: `Souk` blocks, `AsyncSouk` is for asyncio."""

from souk_client.sdk.aio import AsyncSouk
from souk_client.sdk.client import Souk
from souk_client.sdk.downloads import Downloaded, DownloadedFile
from souk_client.sdk.errors import (
    IntegrityError,
    SoukApiError,
    SoukClientError,
    SoukConnectionError,
)
from souk_client.sdk.progress import OnProgress, Progress, UploadMemory
from souk_client.sdk.retry import RetryPolicy

__all__ = [
    "AsyncSouk",
    "Downloaded",
    "DownloadedFile",
    "IntegrityError",
    "OnProgress",
    "Progress",
    "RetryPolicy",
    "Souk",
    "SoukApiError",
    "SoukClientError",
    "SoukConnectionError",
    "UploadMemory",
]
