"""What can be wrong with a picture or a gallery."""

from souk.kernel.errors import Conflict, Invalid, NotFound, TooLarge, Unavailable


class ImageUnreadable(Invalid):
    """It is no picture that can be shown."""

    def __init__(self, why: str) -> None:
        super().__init__(
            "image_unreadable", f"This cannot be used as a picture: {why}. Send PNG, JPEG or WebP."
        )


class ImageTooLarge(TooLarge):
    """The file, or what it would unpack to, is past the limit."""

    def __init__(self, why: str) -> None:
        super().__init__("image_too_large", f"The picture is too large: {why}.")


class ImageQuarantined(Conflict):
    """The safety scan refused the file."""

    def __init__(self) -> None:
        super().__init__("image_quarantined", "The safety scan has refused this file.")


class ImageTaken(Conflict):
    """The same file is in this gallery already."""

    def __init__(self) -> None:
        super().__init__("image_taken", "This picture is in the gallery already.")


class GalleryFull(Conflict):
    """There is no room for another."""

    def __init__(self, limit: int) -> None:
        super().__init__("gallery_full", f"A gallery holds at most {limit} pictures.")


class ImageUnknown(NotFound):
    """There is no such picture for this caller."""

    def __init__(self) -> None:
        super().__init__("image_unknown", "There is no such picture, or it is not public.")


class SourceUnknown(NotFound):
    """The listing's organisation holds no such file, whether or not others do."""

    def __init__(self) -> None:
        super().__init__(
            "artifact_unknown", "Your organisation has uploaded no such file; upload it first."
        )


class GalleryUnknown(NotFound):
    """There is no such listing for this caller."""

    def __init__(self) -> None:
        super().__init__("listing_unknown", "There is no such listing, or it is not public.")


class AltMissing(Invalid):
    """A picture without words for those who do not see it."""

    def __init__(self) -> None:
        super().__init__(
            "alt_missing", "Say in a few words what the picture shows, in plain characters."
        )


class OrderInvalid(Invalid):
    """The order does not name each picture once."""

    def __init__(self) -> None:
        super().__init__("order_invalid", "Name every picture of the gallery exactly once.")


class ImagesBusy(Unavailable):
    """Too many pictures are being decoded."""

    def __init__(self) -> None:
        super().__init__(
            "images_busy", "Other pictures are being read; try again.", retry_after_s=2
        )
