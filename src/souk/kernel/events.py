"""Facts that contexts announce: frozen, named by a topic, carried as JSON.

A context's `events.py` subclasses `Event` with a topic such as `works.listing_published`. Each is
written to the outbox in the transaction that made it true, and delivered at least once.
"""

from typing import ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact. Its id and time are given by the outbox, not by the event itself."""

    topic: ClassVar[str] = ""
