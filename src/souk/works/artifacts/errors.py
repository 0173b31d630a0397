"""What can be wrong with an upload or an artifact."""

from souk.kernel.errors import Conflict, Damaged, Gone, Invalid, NotFound


class UploadUnknown(NotFound):
    """There is no such upload for this caller."""

    def __init__(self) -> None:
        super().__init__("upload_unknown", "There is no such upload, or it is not yours.")


class UploadClosed(Gone):
    """The upload's time is over, or its bytes were refused."""

    def __init__(self, state: str) -> None:
        super().__init__(
            "upload_closed", f"This upload is {state}; begin a new one with POST /api/v1/uploads."
        )


class PartNumberWrong(Invalid):
    """No part has this number."""

    def __init__(self, number: int, part_count: int) -> None:
        known = (
            f"has parts 1 to {part_count}" if part_count else "is of an empty file, without parts"
        )
        super().__init__("part_number_wrong", f"There is no part {number}: this upload {known}.")


class PartLengthWrong(Invalid):
    """Fewer or more bytes arrived than the part has."""

    def __init__(self, number: int, *, expected: int, arrived: int) -> None:
        much = f"more than {expected}" if arrived > expected else str(arrived)
        super().__init__(
            "part_length_wrong",
            f"Part {number} has exactly {expected} bytes, but {much} arrived; nothing of it was "
            "kept. Send the whole part again.",
        )


class PartDiffers(Conflict):
    """Other bytes came for a part that is already received."""

    def __init__(self, number: int) -> None:
        super().__init__(
            "part_differs",
            f"Part {number} was already received with other bytes, which were kept. Begin a new "
            "upload when the file has changed.",
        )


class PartUnderWay(Conflict):
    """The same part is arriving on another connection."""

    def __init__(self, number: int) -> None:
        super().__init__(
            "part_under_way",
            f"Part {number} is arriving on another connection; wait for that one.",
            retry_after_s=1,
        )


class PartInterrupted(Invalid):
    """The connection ended, or went silent, before the part was whole."""

    def __init__(self, number: int) -> None:
        super().__init__(
            "part_interrupted",
            f"Part {number} did not arrive whole; nothing of it was kept. Send it again.",
        )


class PartsMissing(Conflict):
    """The upload cannot be completed yet."""

    def __init__(self, missing: list[int]) -> None:
        shown = ", ".join(str(number) for number in missing[:10])
        more = f" and {len(missing) - 10} more" if len(missing) > 10 else ""
        super().__init__(
            "parts_missing",
            f"Not every part has arrived; still missing: {shown}{more}.",
            missing=missing[:1000],
        )


class HashMismatch(Invalid):
    """The bytes are not those announced."""

    def __init__(self, *, announced: str, actual: str) -> None:
        super().__init__(
            "hash_mismatch",
            f"The bytes have sha256 {actual}, but {announced} was announced. Nothing was kept; "
            "begin a new upload.",
            actual_sha256=actual,
        )


class ArtifactUnknown(NotFound):
    """There is no such artifact in this scope."""

    def __init__(self) -> None:
        super().__init__(
            "artifact_unknown", "There is no such artifact, or it is neither public nor yours."
        )


class ArtifactDamaged(Damaged):
    """Stored bytes are not those that were sent; nothing of them is given out."""

    def __init__(self) -> None:
        super().__init__(
            "artifact_damaged",
            "The stored bytes were changed since they were sent, and are not given out. Whoever "
            "runs the marketplace restores them from a backup, or the seller sends them again.",
        )
