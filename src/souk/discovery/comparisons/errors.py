"""Errors of comparing."""

from collections.abc import Sequence

from souk.kernel.errors import Invalid, NotFound


class ComparisonEmpty(Invalid):
    """Nothing is named."""

    def __init__(self) -> None:
        super().__init__(
            "comparison_empty", "Name at least one listing to compare, such as owner/slug."
        )


class ComparisonTooLarge(Invalid):
    """More than fit side by side."""

    def __init__(self, named: int, limit: int) -> None:
        super().__init__(
            "comparison_too_large",
            f"{named} listings are named; at most {limit} stand side by side. Leave some out.",
        )


class ComparedUnknown(NotFound):
    """Not there, not published, or somebody's draft: they look the same on purpose."""

    def __init__(self, unknown: Sequence[str]) -> None:
        super().__init__(
            "compared_unknown",
            f"There is no published listing {', '.join(unknown)}. Leave it out, or check how it "
            "is written (owner/slug).",
            unknown=list(unknown),
        )
