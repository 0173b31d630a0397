"""What can be wrong with a request for content by its CID."""

from souk.kernel.errors import (
    Damaged,
    Forbidden,
    Gone,
    Invalid,
    Malformed,
    NotAcceptable,
    NotFound,
    Withheld,
)


class CidUnreadable(Malformed):
    """What should be a CID is none, or one of a kind that is not understood."""

    def __init__(self, why: str) -> None:
        super().__init__("cid_invalid", why)


class GatewayQuestion(Malformed):
    """A parameter or header of the gateway is not one that it knows."""

    def __init__(self, why: str) -> None:
        super().__init__("gateway_request_invalid", why)


class FormUnknown(NotAcceptable):
    """The gateway gives raw blocks and CAR files only."""

    def __init__(self) -> None:
        super().__init__(
            "form_not_served",
            "This gateway gives what can be checked against its CID only: add ?format=car for a "
            "CAR file or ?format=raw for one block, or send a matching Accept header.",
        )


class ContentUnknown(NotFound):
    """No content of this CID is here for this caller."""

    def __init__(self) -> None:
        super().__init__(
            "content_unknown", "There is no content of this CID here, or it is not for you."
        )


class PathUnknown(NotFound):
    """The path leads nowhere."""

    def __init__(self, part: str) -> None:
        super().__init__("path_unknown", f"There is no {part[:80]!r} where the path looks for it.")


class LicenceNeeded(Forbidden):
    """The content belongs to a work that has its price."""

    def __init__(self, address: str, page: str) -> None:
        super().__init__(
            "licence_needed",
            f"This belongs to {address}, which needs a licence: get one at {page}, then send your "
            "token or API key along.",
            listing=address,
            url=page,
        )


class ContentGone(Gone):
    """The content was here for everybody, and is no more."""

    def __init__(self, why: str) -> None:
        super().__init__("content_gone", f"This content is no longer given: {why}.")


class ContentWithheld(Withheld):
    """Moderators have taken the content from sight."""

    def __init__(self) -> None:
        super().__init__(
            "content_withheld", "Moderators have taken the work that this belongs to off sight."
        )


class BlockDamaged(Damaged):
    """The stored bytes of a block are not what its CID says."""

    def __init__(self, cid: str) -> None:
        super().__init__(
            "block_damaged", f"The stored bytes of {cid} are not what the CID says; none were sent."
        )


class CarRefused(Invalid):
    """A CAR file cannot be taken in."""

    def __init__(self, why: str) -> None:
        super().__init__("car_invalid", why)
