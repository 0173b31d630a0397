"""Listings and vectors whose likeness is known exactly."""

import numpy as np
import numpy.typing as npt

from souk.discovery.search.engine.writer import Entry
from souk.discovery.search.model import SearchDocument


def axis(number: int) -> npt.NDArray[np.float32]:
    """A direction at right angles to every other number's."""
    vector = np.zeros(384, np.float32)
    vector[number] = 1.0
    return vector


def listing(seq: int, title: str, **fields: object) -> SearchDocument:
    """A listing whose payload is its own number."""
    values: dict[str, object] = {
        "seq": seq,
        "change": seq,
        "kind": "model",
        "owner": "acme",
        "title": title,
        "payload": str(seq).encode(),
    }
    return SearchDocument(**(values | fields))  # type: ignore[arg-type]  # fields of a sample


def entry(seq: int, title: str, *, meaning: int | None = None, **fields: object) -> Entry:
    """A listing to index; `meaning` is the axis its vector points along."""
    vector = None if meaning is None else axis(meaning)
    return Entry(listing(seq, title, **fields), vector)
