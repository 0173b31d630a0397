"""What can go wrong with an index on disk. The service turns these into answers."""


class IndexBusy(RuntimeError):
    """Another process owns this index and writes to it."""


class IndexMissing(RuntimeError):
    """There is no index yet, or it was made by another version; the owner will (re)build it."""


class TooDeep(ValueError):
    """A page past the end of an answer by relevance."""
