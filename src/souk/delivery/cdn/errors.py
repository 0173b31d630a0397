"""What can go wrong at the control plane."""

from souk.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated


class NodeUnknown(NotFound):
    """There is no such node."""

    def __init__(self) -> None:
        super().__init__("node_unknown", "There is no such node.")


class NodeRefused(Unauthenticated):
    """A node's secret is not good: it was removed, or its secret was replaced."""

    def __init__(self) -> None:
        super().__init__(
            "node_refused", "This node's secret is not good: let it join again with a new token."
        )


class JoinTokenRefused(Forbidden):
    """A join token that is unknown, used, too old, or for another region."""

    def __init__(self) -> None:
        super().__init__(
            "join_token_refused",
            "This join token is unknown, was used, has expired, or is for another region.",
        )


class RegionUnknown(Invalid):
    """No region of this name."""

    def __init__(self, name: str) -> None:
        super().__init__("region_unknown", f"There is no region {name!r}.")


class PurgeInvalid(Invalid):
    """What shall be purged is no address at a node, no tag and no prefix of a path."""

    def __init__(self, detail: str) -> None:
        super().__init__("purge_value_invalid", detail)
