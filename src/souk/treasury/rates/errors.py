"""What can be wrong with rates."""

from datetime import date

from souk.kernel.errors import Invalid, Unavailable


class RateInvalid(Invalid):
    """A quote that cannot be true."""

    def __init__(self, why: str) -> None:
        super().__init__("rate_invalid", f"These rates cannot be kept: {why}.")


class RateDateFuture(Invalid):
    """A rate of a day that has not come."""

    def __init__(self, as_of: date) -> None:
        super().__init__(
            "rate_date_future", f"The rates are of {as_of.isoformat()}, which has not come yet."
        )


class RatesUnavailable(Unavailable):
    """The provider does not answer, or not in its format."""

    def __init__(self, why: str) -> None:
        super().__init__("rates_unavailable", f"No rates are to be had: {why}.")
