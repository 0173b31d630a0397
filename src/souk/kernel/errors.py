"""One base error that knows its HTTP status and a stable code, rendered as RFC 9457 details.

A context's own errors subclass these in its `errors.py`, or raise them with a code of their own.
Every code is listed in docs/reference/errors.md.
"""

from typing import ClassVar


class SoukError(Exception):
    """Something a caller can understand and mend.

    Args:
        code: stable, snake_case, part of the public interface.
        detail: what is wrong, where, and how to mend it.
        extra: members added to the problem details as they are (JSON values only).
    """

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __init__(self, code: str, detail: str, **extra: object) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.extra = extra


class Invalid(SoukError):
    """The request is well formed but breaks a rule."""

    status = 422
    title = "Invalid request"


class Malformed(SoukError):
    """The request cannot be read."""

    status = 400
    title = "Malformed request"


class Unauthenticated(SoukError):
    """Nobody is signed in, or the credential is no longer good."""

    status = 401
    title = "Sign-in needed"


class PaymentNeeded(SoukError):
    """Money is missing."""

    status = 402
    title = "Payment needed"


class Forbidden(SoukError):
    """Signed in, but not allowed."""

    status = 403
    title = "Not allowed"


class NotFound(SoukError):
    """Not there, or not for this caller (the two look the same on purpose)."""

    status = 404
    title = "Not found"


class NotAcceptable(SoukError):
    """There, but not in a form that the caller takes."""

    status = 406
    title = "Not acceptable"


class Conflict(SoukError):
    """The state of the thing does not admit this."""

    status = 409
    title = "Conflict"


class Gone(SoukError):
    """It was there, and its time is over."""

    status = 410
    title = "Gone"


class PreconditionFailed(SoukError):
    """What the caller made a condition of does not hold."""

    status = 412
    title = "Precondition failed"


class TooLarge(SoukError):
    """Past a size limit."""

    status = 413
    title = "Too large"


class MediaTypeUnsupported(SoukError):
    """The body is of a kind that this operation does not read."""

    status = 415
    title = "Media type not supported"


class TooMany(SoukError):
    """Past a rate limit; `retry_after_s` in the extra members says when to come back."""

    status = 429
    title = "Too many requests"


class Withheld(SoukError):
    """It is there, and moderators have taken it from sight."""

    status = 451
    title = "Withheld"


class Damaged(SoukError):
    """What is stored is not what it should be; it is not sent."""

    status = 500
    title = "Stored content is damaged"


class Unavailable(SoukError):
    """A part we depend on does not answer now."""

    status = 503
    title = "Not available now"
