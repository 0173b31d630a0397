"""Files as they leave for devices: encrypted with the licence's key while they are read."""

import asyncio
from collections.abc import AsyncIterator, Callable

from souk_client.proofs.protected_file import SEGMENT_BYTES, ProtectedFile

Read = Callable[[int, int], AsyncIterator[bytes]]
"""The plaintext from the first byte up to, but not including, the second."""


async def sealed_range(
    file: ProtectedFile, read: Read, *, start: int, end: int
) -> AsyncIterator[bytes]:
    """The bytes of the protected form from `start` up to `end`.

    The same file under the same licence is always the same bytes, so that a broken download can go
    on; a range costs the segments that it touches.
    """
    if start < len(file.head):
        yield file.head[start:end]
    for number in range(file.count):
        at = file.offset_of(number)
        until = at + file.length_of(number)
        if until <= start or at >= end:
            continue
        first = number * SEGMENT_BYTES
        last = min(first + SEGMENT_BYTES, file.header.size_bytes)
        plain = b"".join([chunk async for chunk in read(first, last)])
        sealed = await asyncio.to_thread(file.seal, number, plain)
        yield sealed[max(start - at, 0) : end - at]
