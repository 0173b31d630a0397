"""An origin on a real socket that answers what a test has written down, byte by byte."""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import BinaryIO, NamedTuple

from souk.edge.http_cache.fields import format_date
from tests.edge.http_cache.serving import Now


class Seen(NamedTuple):
    """A request as it came."""

    method: str
    target: str
    fields: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        found = [value for known, value in self.fields if known == name]
        return ", ".join(found) if found else None


Reply = bytes | Iterable[bytes | Callable[[], object]]
"""What is sent; a call between two pieces is made when it is its turn; without a length or at the
end of a list the connection is closed."""
Script = Reply | Callable[[Seen], Reply]


class Origin:
    """Answers by path. Every request is in `seen`."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self._scripts: dict[str, list[Script]] = {}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.seen: list[Seen] = []
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def on(self, path: str, *scripts: Script) -> None:
        """The answers to requests for a path, one after the other; the last one stays."""
        self._scripts[path] = list(scripts)

    def asked(self, path: str) -> list[Seen]:
        """The requests that came for a path, with any query."""
        return [one for one in self.seen if one.target.partition("?")[0] == path]

    def close(self) -> None:
        """Nobody answers any more."""
        self._listener.close()
        for one in self._open:
            one.close()

    def ok(
        self,
        body: bytes = b"hello",
        *fields: str,
        status: str = "200 OK",
        length: int | None = None,
    ) -> bytes:
        """A whole answer; `length` is what it lies to have."""
        date = format_date(self._now())
        head = [f"HTTP/1.1 {status}", f"Date: {date}", *fields]
        if not any(one.lower().startswith("transfer-encoding") for one in fields):
            head.append(f"Content-Length: {len(body) if length is None else length}")
        return "\r\n".join([*head, "", ""]).encode("latin-1") + body

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        reading = connection.makefile("rb")
        try:
            for seen in _requests(reading):
                self.seen.append(seen)
                scripts = self._scripts.get(seen.target.partition("?")[0], [self.ok(b"none")])
                script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
                reply = script(seen) if callable(script) else script
                if isinstance(reply, bytes):
                    connection.sendall(reply)
                    continue
                for piece in reply:
                    if isinstance(piece, bytes):
                        connection.sendall(piece)
                    else:
                        piece()
                return
        except OSError:
            pass
        finally:
            # The reader holds the socket open as well: the other side is to see the end at once.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            reading.close()
            connection.close()


def _requests(reading: BinaryIO) -> Iterator[Seen]:
    while line := reading.readline():
        method, target, _ = line.decode("latin-1").split(" ")
        fields = []
        while (text := reading.readline().decode("latin-1").rstrip("\r\n")) != "":
            name, _, value = text.partition(":")
            fields.append((name.lower(), value.strip()))
        facts = dict(fields)
        body = b""
        if "content-length" in facts:
            body = reading.read(int(facts["content-length"]))
        elif facts.get("transfer-encoding") == "chunked":
            while size := int(reading.readline(), 16):
                body += reading.read(size)
                reading.readline()
            reading.readline()
        yield Seen(method, target, fields, body)
