"""What can be wrong with a listing."""

from souk.kernel.errors import Conflict, Forbidden, NotFound


class ListingUnknown(NotFound):
    """There is no such listing for this caller."""

    def __init__(self) -> None:
        super().__init__("listing_unknown", "There is no such listing, or it is not public.")


class VersionUnknown(NotFound):
    """There is no such version for this caller."""

    def __init__(self) -> None:
        super().__init__("version_unknown", "There is no such version, or it is not public.")


class NotManager(Forbidden):
    """A member, or a stranger, wants to change a listing."""

    def __init__(self) -> None:
        super().__init__(
            "not_listing_manager", "Only owners and managers of the selling organisation may do it."
        )


class SlugTaken(Conflict):
    """The owner has a listing of this slug."""

    def __init__(self, slug: str) -> None:
        super().__init__("slug_taken", f"You have a listing at {slug!r} already; choose another.")


class ListingsFull(Conflict):
    """The owner has as many listings as one may."""

    def __init__(self, limit: int) -> None:
        super().__init__("listings_full", f"An organisation may have at most {limit} listings.")


class ScanPending(Conflict):
    """Files are still being scanned."""

    def __init__(self, sha256s: list[str]) -> None:
        super().__init__(
            "scan_pending",
            f"{len(sha256s)} file(s) are still being scanned for safety; try again in a moment.",
            sha256s=sha256s[:100],
            retry_after_s=1,
        )


class ArtifactQuarantined(Conflict):
    """The scan found something unsafe."""

    def __init__(self, found: dict[str, list[str]]) -> None:
        shown = "; ".join(f"{path}: {', '.join(reasons)}" for path, reasons in found.items())
        super().__init__(
            "artifact_quarantined",
            f"Not published, because the safety scan refused: {shown[:4000]}.",
            files=found,
        )


class ExecutableRefused(Conflict):
    """A program lies where only data is expected."""

    def __init__(self, paths: list[str], kind: str) -> None:
        super().__init__(
            "executable_refused",
            f"A {kind} must not hold executable programs: {', '.join(paths[:10])}. Leave them out, "
            "or publish them as a plug-in.",
            paths=paths[:100],
        )


class ListingHidden(Conflict):
    """Moderators took it down."""

    def __init__(self) -> None:
        super().__init__(
            "listing_hidden",
            "Moderators took this listing down; it cannot be published while that stands. "
            "You may appeal once.",
        )


class PublishIncomplete(Conflict):
    """Something a published listing needs is not there."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(
            "publish_incomplete",
            f"Before it can be published this listing needs: {', '.join(missing)}.",
            missing=missing,
        )
