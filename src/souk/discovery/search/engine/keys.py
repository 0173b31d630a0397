"""Sort keys: unsigned 64-bit numbers that order listings and are never equal for two of them.

The upper bits hold what is sorted by, the lower ones the listing's own number, so that a page can
start exactly after the last key shown.
"""

import struct
from typing import Final

from souk.discovery.search.model import MAX_LISTINGS, SearchDocument
from souk.kernel.money import CURRENCIES

_SEQ_BITS: Final = 24
_VALUE_MAX: Final = 2**40 - 1
_NO_PRICE_UP: Final = _VALUE_MAX
_PEOPLE_BITS: Final = 24
_PEOPLE_MAX: Final = 2**_PEOPLE_BITS - 1
_NEWEST_SEQ_BITS: Final = 22  # milliseconds since 1970 need 42 bits until the year 2109


def newest(document: SearchDocument) -> int:
    return (document.published_at_ms & (2**42 - 1)) << _NEWEST_SEQ_BITS | (
        document.seq & (2**_NEWEST_SEQ_BITS - 1)
    )


def downloads(document: SearchDocument) -> int:
    return _unique(min(max(document.downloads, 0), _VALUE_MAX), document.seq)


def price_up(document: SearchDocument) -> int:
    """For cheap to dear: listings without a price come last."""
    price = _price(document)
    return _unique(_NO_PRICE_UP if price is None else price, document.seq)


def price_down(document: SearchDocument) -> int:
    """For dear to cheap: listings without a price come last."""
    price = _price(document)
    return _unique(0 if price is None else price + 1, document.seq)


def rating(document: SearchDocument) -> int:
    """Among equal ratings, that of more people comes first; those without one come last."""
    if document.rating_milli is None:
        return _unique(0, document.seq)
    people = min(document.rating_count, _PEOPLE_MAX)
    return _unique(document.rating_milli << _PEOPLE_BITS | people, document.seq)


def trending(document: SearchDocument) -> int:
    return _unique(min(max(document.trending_milli, 0), _VALUE_MAX), document.seq)


def _price(document: SearchDocument) -> int | None:
    """The price in whole units as the top 39 bits of a double, whose bit patterns keep the order.

    Exact up to 2^28 minor units of a currency with two digits; above that, prices closer than
    four parts in a thousand million share a key and their listing numbers decide.
    """
    if document.price_minor is None or document.currency is None:
        return None
    whole = document.price_minor / 10 ** CURRENCIES[document.currency].digits
    (bits,) = struct.unpack(">Q", struct.pack(">d", whole))
    return int(bits >> (_SEQ_BITS))


def _unique(value: int, seq: int) -> int:
    return value << _SEQ_BITS | (seq & (MAX_LISTINGS - 1))
