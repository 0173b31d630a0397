"""A file whose bytes another process gives, as the scanning child sees it.

Over a socket goes a question, two numbers of 64 bits: the first byte and the one after the last;
back come just these bytes.
"""

import io
import os
import socket
import struct
from typing import Final

QUESTION: Final = struct.Struct("<QQ")
MOST_BYTES: Final = 2**20
"""How much one question asks for at most."""


class FedFile(io.RawIOBase):
    """Seekable and read-only."""

    def __init__(self, asked: socket.socket, size_bytes: int) -> None:
        self._socket = asked
        self._size = size_bytes
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("a position before the beginning")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]  # both are what it is called with
        target = memoryview(buffer).cast("B")[:MOST_BYTES]
        end = min(self._at + len(target), self._size)
        length = max(end - self._at, 0)
        if length:
            self._socket.sendall(QUESTION.pack(self._at, end))
            _receive(self._socket, target[:length])
            self._at = end
        return length


def open_fed(descriptor: int, size_bytes: int) -> io.BufferedReader:
    """The file behind an inherited socket."""
    raw = FedFile(socket.socket(fileno=descriptor), size_bytes)
    return io.BufferedReader(raw, buffer_size=MOST_BYTES)


def _receive(asked: socket.socket, target: memoryview) -> None:
    while target:
        count = asked.recv_into(target)
        if not count:
            raise EOFError("whoever has the file is gone")
        target = target[count:]
