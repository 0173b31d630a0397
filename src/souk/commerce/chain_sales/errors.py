"""What can be wrong with sales on chains."""

from souk.kernel.errors import Conflict, Invalid, NotFound, TooMany


def sale_unknown() -> NotFound:
    """No such sale, or not the caller's."""
    return NotFound("chain_sale_unknown", "There is no such purchase of yours.")


def rate_missing(currency: str, to: str) -> Conflict:
    """No price can be said in what the chain pays with."""
    return Conflict(
        "chain_rate_missing",
        f"There is no fresh rate from {currency} to {to}. Pay from your wallet here, or in another "
        "currency.",
    )


def price_moved(currency: str, price_minor: int) -> Conflict:
    """The slippage guard of the buyer."""
    return Conflict(
        "chain_price_moved",
        "The rate has moved, and the price is now above the most you said. Look at the new price.",
        currency=currency,
        price_minor=price_minor,
    )


def currency_not_there(chain: str, currency: str) -> Invalid:
    """The chain has no such token."""
    return Invalid("chain_currency_unknown", f"Nothing is paid in {currency} on {chain}.")


def nothing_to_pay() -> Conflict:
    """A chain is no place for what is free."""
    return Conflict("nothing_to_pay", "This costs nothing: get it without a wallet.")


def too_many_open(limit: int) -> TooMany:
    """Each open offer keeps something for its buyer."""
    return TooMany(
        "chain_sales_open",
        f"You have {limit} open offers. Pay one of them, or wait until they expire.",
        retry_after_s=60,
    )


def wallet_not_linked() -> Conflict:
    """Money goes only to a wallet whose holder has signed for it."""
    return Conflict(
        "wallet_not_linked_here",
        "This wallet is not linked to your account. Link it under Account, Wallets first.",
    )
