"""What can be wrong with an asset."""

from souk.kernel.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotAcceptable,
    NotFound,
    TooLarge,
    Unavailable,
    Withheld,
)


class AssetUnknown(NotFound):
    """There is no such asset, or it is of others."""

    def __init__(self) -> None:
        super().__init__("asset_unknown", "There is no asset here.")


class AssetPathInvalid(Invalid):
    """A path that cannot be an address."""

    def __init__(self, why: str) -> None:
        super().__init__("asset_path_invalid", f"The path {why}.")


class SourceUnknown(NotFound):
    """The organisation holds no such file, whether or not others do."""

    def __init__(self) -> None:
        super().__init__(
            "artifact_unknown", "Your organisation has uploaded no such file; upload it first."
        )


class SourceUnchecked(Conflict):
    """The safety scan of the file is not done."""

    def __init__(self) -> None:
        super().__init__(
            "asset_not_checked",
            "The safety scan of this file is not done yet; ask again in a moment.",
            retry_after_s=1,
        )


class SourceRefused(Conflict):
    """The safety scan refused the file."""

    def __init__(self) -> None:
        super().__init__("asset_refused", "The safety scan has refused this file.")


class AssetWithheld(Withheld):
    """The safety scan has refused the content since it was put here."""

    def __init__(self) -> None:
        super().__init__("asset_withheld", "The safety scan has refused this file.")


class AssetTooLarge(TooLarge):
    """A file past the limit of assets."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(
            "asset_too_large", f"An asset may have at most {limit_bytes // 2**20} MiB."
        )


class RoomFull(Conflict):
    """The organisation's room for assets is used up."""

    def __init__(self, detail: str) -> None:
        super().__init__("asset_room_full", detail)


class MediaTypeRefused(Invalid):
    """A type that cannot be said in a header."""

    def __init__(self) -> None:
        super().__init__(
            "media_type_invalid", "A type is such as `image/png` or `text/html; charset=utf-8`."
        )


class NoCodingFits(NotAcceptable):
    """Accept-Encoding refuses every form of it, the plain one too."""

    def __init__(self) -> None:
        super().__init__(
            "coding_not_acceptable",
            "Your Accept-Encoding refuses every form of this; leave `identity` in.",
        )


class WishInvalid(Invalid):
    """A variant that is not made."""

    def __init__(self, detail: str) -> None:
        super().__init__("variant_invalid", detail)


class NoPicture(Invalid):
    """A variant was asked for of what is no picture, or of one that cannot be read."""

    def __init__(self, why: str) -> None:
        super().__init__(
            "variant_impossible", f"Variants are made of PNG, JPEG, WebP and AVIF pictures: {why}."
        )


class MakersBusy(Unavailable):
    """Too much is being made at once."""

    def __init__(self) -> None:
        super().__init__(
            "variants_busy", "Other pictures are being made; try again.", retry_after_s=2
        )


class NotOnOurPages(Forbidden):
    """A page of the marketplace's own address tries to run what a seller has uploaded."""

    def __init__(self) -> None:
        super().__init__(
            "asset_not_for_pages",
            "What can run is not given to pages of this address; use it on your own.",
        )
