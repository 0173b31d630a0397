"""The least of a WebSocket client (RFC 6455): a handshake, and unfragmented text frames."""

import base64
import json
import secrets
import socket
import struct
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit


class SocketClient:
    """Connects at once; `next` is the next frame's JSON, or the number of the close frame."""

    def __init__(self, base_url: str, path: str, headers: Mapping[str, str] | None = None) -> None:
        address = urlsplit(base_url)
        self._socket = socket.create_connection((address.hostname, address.port or 80), 10)
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {address.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}",
            "Sec-WebSocket-Version: 13",
            *(f"{name}: {value}" for name, value in (headers or {}).items()),
        ]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self._stream = self._socket.makefile("rb")
        self.status = int(self._stream.readline().split()[1])
        while self._stream.readline().strip():
            pass

    def __enter__(self) -> "SocketClient":
        return self

    def __exit__(self, *_error: object) -> None:
        self._stream.close()
        self._socket.close()

    def send(self, text: str) -> None:
        """A masked text frame."""
        mask = secrets.token_bytes(4)
        body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(text.encode()))
        assert len(body) < 126
        self._socket.sendall(bytes([0x81, 0x80 | len(body)]) + mask + body)

    def next(self) -> Any:  # whatever JSON was sent, or a close code
        """The next text frame's JSON, or the close code."""
        while True:
            first, second = self._stream.read(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack("!H", self._stream.read(2))
            body = self._stream.read(size)
            if first & 0x0F == 0x8:
                return struct.unpack("!H", body[:2])[0]
            if first & 0x0F == 0x1:
                return json.loads(body)
