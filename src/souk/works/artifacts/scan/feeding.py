"""Giving the scanning child the bytes of a file that lies nowhere as one."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import msgspec

from souk.works.artifacts.scan.fed_file import MOST_BYTES, QUESTION

Read = Callable[[int, int], AsyncIterator[bytes]]
"""The bytes from the first up to, but not including, the second."""


class Fed(msgspec.Struct, frozen=True):
    """Content that is read in ranges."""

    size_bytes: int
    read: Read


async def feed(answering: socket.socket, content: Fed) -> None:
    """Answers questions until the child hangs up.

    Raises:
        Whatever reading raises: then the content, and not the child, is at fault.
    """
    reader, writer = await asyncio.open_connection(sock=answering)
    try:
        while True:
            start, end = QUESTION.unpack(await reader.readexactly(QUESTION.size))
            if not 0 <= start < end <= content.size_bytes or end - start > MOST_BYTES:
                return  # no child of ours asks so
            async for block in content.read(start, end):
                writer.write(block)
                await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        return
    finally:
        writer.close()
