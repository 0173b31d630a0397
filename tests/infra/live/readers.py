"""Readers of live messages over HTTP, each in a thread of its own."""

import json
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import msgspec


class Event(msgspec.Struct, frozen=True):
    """A server-sent event and when it came."""

    type: str
    id: str
    data: Any  # whatever JSON was sent
    at: float


class Reader:
    """Reads one stream until it ends or is left."""

    def __init__(self, base_url: str, channels: str, **options: Any) -> None:
        self.events: queue.Queue[Event] = queue.Queue()
        self.last_id = ""
        self.ended = threading.Event()
        self._left = False
        self._url = f"{base_url}/api/v1/live"
        self._params = {"channels": channels, **options.pop("params", {})}
        self._options = options
        self._open = threading.Event()
        self._response: httpx.Response | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> "Reader":
        self._thread.start()
        assert self._open.wait(60), "the stream did not begin"
        return self

    def __exit__(self, *_error: object) -> None:
        self._left = True
        if self._response is not None:
            self._response.close()
        self._thread.join(5)

    def next(self, timeout_s: float = 60.0) -> Event:
        """The next event."""
        return self.events.get(timeout=timeout_s)

    def until(self, enough: Callable[[list[Event]], bool], timeout_s: float = 60) -> list[Event]:
        """Events until these are enough."""
        got: list[Event] = []
        deadline = time.monotonic() + timeout_s
        while not enough(got):
            got.append(self.next(deadline - time.monotonic()))
        return got

    def _read(self) -> None:
        try:
            with httpx.stream(
                "GET", self._url, params=self._params, timeout=30, **self._options
            ) as r:
                self._response = r
                assert r.status_code == 200, r.read()
                self._parse(r)
        except (httpx.TransportError, httpx.StreamError, OSError):
            assert self._left
        finally:
            self.ended.set()

    def _parse(self, response: httpx.Response) -> None:
        """As browsers do it; beats only move the last id."""
        kind, data = "message", ""
        for line in response.iter_lines():
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if line == "":
                if data and kind != "beat":
                    self.events.put(Event(kind, self.last_id, json.loads(data), time.monotonic()))
                kind, data = "message", ""
            elif name == "id":
                self.last_id = value
                self._open.set()
            elif name == "event":
                kind = value
            elif name == "data":
                data += value
