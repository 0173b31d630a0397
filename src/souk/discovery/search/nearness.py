"""What is near listings in meaning, whatever words they share."""

from collections.abc import Collection, Sequence

import msgspec
import numpy as np

from souk.discovery.search.api import NearListing
from souk.discovery.search.documents import Shown
from souk.discovery.search.engine.neighbours import rows_query
from souk.discovery.search.engine.reader import Snapshot

_SPARE = 1.3
"""How many more rows are looked at than wanted: some are outdated."""


def nearest_listings(
    snapshot: Snapshot, vectors: Sequence[bytes], *, without: Collection[str], limit: int
) -> list[NearListing]:
    """The listings nearest to the middle of these vectors, best first, except some by id."""
    middle = np.frombuffer(b"".join(vectors), np.float16).reshape(len(vectors), -1)
    middle = middle.astype(np.float32).mean(axis=0)
    length = float(np.linalg.norm(middle))
    if not length:
        return []
    count = int(_SPARE * (limit + len(without))) + 1
    rows, cosines = snapshot.vectors.nearest(middle / length, count=count)
    if not len(rows):
        return []
    by_row = dict(zip(rows.tolist(), cosines.tolist(), strict=True))
    searcher = snapshot.searcher
    query = rows_query(snapshot.schema, list(by_row))
    addresses = [address for _, address in searcher.search(query, len(by_row), count=False).hits]
    found = []
    for row, address in zip(searcher.fast_field_values("row", addresses), addresses, strict=True):
        payload = bytes(searcher.doc(address).get_first("payload") or b"")
        listing = msgspec.json.decode(payload, type=Shown).listing
        if listing.id not in without:
            found.append(NearListing(listing=listing, cosine=by_row[int(row or 0)]))
    return sorted(found, key=lambda one: (-one.cosine, one.listing.id))[:limit]
