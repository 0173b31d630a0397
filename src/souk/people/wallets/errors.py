"""What can be wrong with wallets and what they sign."""

from souk.kernel.errors import Conflict, Invalid, NotFound, Unauthenticated


class MessageInvalid(Invalid):
    """The signed text is no message of Sign-In with Ethereum that was meant for this."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            "wallet_message_invalid",
            f"The signed message cannot be taken: {problem}. Ask for a new one and sign that.",
        )


class DomainWrong(Invalid):
    """The message was made for another site."""

    def __init__(self, found: str, *, expected: str) -> None:
        super().__init__(
            "wallet_domain_wrong",
            f"The message was signed for {found}, and this is {expected}. If you did not go to "
            f"{found} yourself, somebody may have tried to use your wallet.",
        )


class ChainWrong(Invalid):
    """The message names a chain that does not count here."""

    def __init__(self, chain_id: int, detail: str) -> None:
        super().__init__("wallet_chain_wrong", detail, chain_id=chain_id)


class MessageExpired(Invalid):
    """The message's time is over."""

    def __init__(self) -> None:
        super().__init__(
            "wallet_message_expired", "The message has expired. Ask for a new one and sign that."
        )


class MessageEarly(Invalid):
    """The message's time has not come."""

    def __init__(self) -> None:
        super().__init__(
            "wallet_message_early",
            "The message is not valid yet: it was written by a clock that is ahead, or for later.",
        )


class NonceUnknown(Invalid):
    """The message's nonce was not given out for this."""

    def __init__(self) -> None:
        super().__init__(
            "wallet_nonce_unknown",
            "The message's nonce was not given out here for this. Ask for a new message.",
        )


class NonceUsed(Invalid):
    """The message has done its work already."""

    def __init__(self) -> None:
        super().__init__(
            "wallet_nonce_used", "This message was used already. Ask for a new one and sign that."
        )


class SignatureWrong(Unauthenticated):
    """The signature is not that of the wallet that the message names."""

    def __init__(self) -> None:
        super().__init__(
            "wallet_signature_wrong", "The signature is not by the wallet that the message names."
        )


class WalletNotLinked(Unauthenticated):
    """The wallet proves itself, and belongs to no account."""

    def __init__(self, address: str) -> None:
        super().__init__(
            "wallet_not_linked",
            f"No account is linked to {address}. Sign in with your password, or make an account, "
            "then link the wallet there.",
        )


class WalletTaken(Conflict):
    """A wallet belongs to one account."""

    def __init__(self) -> None:
        super().__init__(
            "wallet_taken",
            "This wallet is linked to an account already. Unlink it there first.",
        )


class TooManyWallets(Conflict):
    """An account has so many wallets and no more."""

    def __init__(self, limit: int) -> None:
        super().__init__("too_many_wallets", f"At most {limit} wallets; unlink one first.")


class WalletUnknown(NotFound):
    """There is no such wallet of the caller's."""

    def __init__(self) -> None:
        super().__init__("wallet_unknown", "You have linked no such wallet.")
