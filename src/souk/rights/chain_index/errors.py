"""What can be wrong with what is on a chain."""

from souk.kernel.errors import Conflict, NotFound, Unavailable


class ChainUnknown(NotFound):
    """Nothing can be done on this chain."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "chain_unknown", f"There is no chain {name[:40]!r} with Souk's contracts here."
        )


class ChainAway(Unavailable):
    """The chain, or the key that signs for it, is not to be had now."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "chain_away", f"The chain {name} does not answer now. Try again later.", chain=name
        )


class ChainRefused(Conflict):
    """A contract refuses a call."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__("chain_refused", f"The chain {name} refuses: {words}", chain=name)
