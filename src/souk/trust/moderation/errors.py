"""What can be wrong with reports and cases."""

from souk.kernel.errors import Conflict, Forbidden, NotFound, TooMany


class SubjectUnknown(NotFound):
    """There is nothing to report."""

    def __init__(self) -> None:
        super().__init__("subject_unknown", "What you report is not there, or not to be seen.")


class CaseUnknown(NotFound):
    """There is no such case for this caller."""

    def __init__(self) -> None:
        super().__init__("case_unknown", "There is no such case, or it does not concern you.")


class OwnReported(Conflict):
    """Somebody reports what is their own."""

    def __init__(self) -> None:
        super().__init__("report_own", "This is your own; change or delete it instead.")


class TooManyReports(TooMany):
    """One person reports too much."""

    def __init__(self, limit: int, retry_after_s: int) -> None:
        super().__init__(
            "reports_too_many",
            f"You may send {limit} reports in 24 hours.",
            retry_after_s=retry_after_s,
        )


class AppealNotYours(Forbidden):
    """A member who may not speak for the organisation."""

    def __init__(self) -> None:
        super().__init__(
            "appeal_not_yours",
            "Only the author of a review, and managers of an organisation, appeal.",
        )


class AppealMade(Conflict):
    """A case has one appeal."""

    def __init__(self) -> None:
        super().__init__("appeal_made", "There was an appeal in this case; a case has one.")


class AppealNotPossible(Conflict):
    """Nothing was decided against anybody."""

    def __init__(self) -> None:
        super().__init__(
            "appeal_not_possible", "There is no decision against you in this case to appeal."
        )
