"""What can be wrong with chains."""

from souk.kernel.errors import Conflict, NotFound


class PurposeTaken(Conflict):
    """A transaction of this purpose is there already, and it does something else."""

    def __init__(self, purpose: str) -> None:
        super().__init__(
            "purpose_taken", f"Something else was done on the chain for {purpose!r} already."
        )


class AnchorUnknown(NotFound):
    """The log was never anchored at this size."""

    def __init__(self, tree_size: int) -> None:
        super().__init__("anchor_unknown", f"No head of {tree_size} entries is anchored.")
