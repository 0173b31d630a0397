"""What can be wrong with a request to verify."""

from souk.kernel.errors import Conflict, Invalid, NotFound, TooMany


class EvaluationUnknown(NotFound):
    """There is no such evaluation for this caller."""

    def __init__(self) -> None:
        super().__init__(
            "evaluation_unknown", "There is no such evaluation, or it verified nothing."
        )


class NothingToVerify(Conflict):
    """The listing is no model, has no published version, or claims nothing that can be re-run."""

    def __init__(self, why: str) -> None:
        super().__init__("nothing_to_verify", f"There is nothing to verify: {why}.")


class AttachmentInvalid(Invalid):
    """The dataset, its file or the rows cannot be used."""

    def __init__(self, why: str) -> None:
        super().__init__("attachment_invalid", f"The model cannot be run on this: {why}.")


class EvaluationsWaiting(TooMany):
    """Too many runs are waiting."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            "evaluations_waiting",
            f"{limit} evaluations of yours are waiting; ask again when some are done.",
            retry_after_s=60,
        )
