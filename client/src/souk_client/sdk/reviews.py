"""Reviews, reports, and what moderators do with them."""

from types import NoneType

from souk_client.contracts.base import PageAnswer
from souk_client.contracts.moderation import (
    AppealRequest,
    Case,
    CaseDetail,
    CaseNotice,
    CaseState,
    DecisionAction,
    DecisionRequest,
    Report,
    ReportReason,
    ReportRequest,
    SubjectKind,
)
from souk_client.contracts.reviews import (
    RatingSummary,
    ReplyRequest,
    Review,
    ReviewHistory,
    ReviewPage,
    ReviewRequest,
    ReviewSort,
    ReviewUpdate,
    Vote,
)
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api


def list_reviews(
    listing_id: str,
    *,
    sort: ReviewSort = "helpful",
    stars: int | None = None,
    version: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Call[ReviewPage]:
    """Reviews of a listing, and its rating."""
    query = {"sort": sort, "stars": stars, "version": version, "cursor": cursor, "limit": limit}
    return Call(
        method="GET", path=api("listings", listing_id, "reviews"), answer=ReviewPage, query=query
    )


def get_rating(listing_id: str) -> Call[RatingSummary]:
    """How a listing is rated."""
    return Call(method="GET", path=api("listings", listing_id, "rating"), answer=RatingSummary)


def write_review(
    listing_id: str,
    *,
    stars: int,
    text: str = "",
    version: str | None = None,
    organisation_id: str | None = None,
) -> Call[Review]:
    """A review by a holder of a licence: one a buyer and version."""
    return Call(
        method="POST",
        path=api("listings", listing_id, "reviews"),
        answer=Review,
        body=ReviewRequest(
            stars=stars, text=text, version=version, organisation_id=organisation_id
        ),
    )


def get_review(review_id: str) -> Call[Review]:
    """One review."""
    return Call(method="GET", path=api("reviews", review_id), answer=Review)


def get_history(review_id: str) -> Call[ReviewHistory]:
    """Every form that a review had before an edit."""
    return Call(method="GET", path=api("reviews", review_id, "history"), answer=ReviewHistory)


def edit_review(
    review_id: str, *, stars: int | None = None, text: str | None = None
) -> Call[Review]:
    """Changes the caller's own review."""
    return Call(
        method="PATCH",
        path=api("reviews", review_id),
        answer=Review,
        body=ReviewUpdate(stars=stars, text=text),
    )


def delete_review(review_id: str) -> Call[None]:
    """Takes the caller's own review from sight."""
    return Call(method="DELETE", path=api("reviews", review_id), answer=NoneType)


def reply(review_id: str, *, text: str) -> Call[Review]:
    """The seller's one answer, or a change of it."""
    return Call(
        method="PUT",
        path=api("reviews", review_id, "reply"),
        answer=Review,
        body=ReplyRequest(text=text),
    )


def remove_reply(review_id: str) -> Call[Review]:
    """Takes the seller's answer back."""
    return Call(method="DELETE", path=api("reviews", review_id, "reply"), answer=Review)


def vote(review_id: str) -> Call[Vote]:
    """Finds a review helpful."""
    return Call(method="PUT", path=api("reviews", review_id, "vote"), answer=Vote)


def take_vote_back(review_id: str) -> Call[Vote]:
    """Takes the vote back."""
    return Call(method="DELETE", path=api("reviews", review_id, "vote"), answer=Vote)


def report(
    subject_kind: SubjectKind, subject_id: str, *, reason: ReportReason, text: str = ""
) -> Call[Report]:
    """Brings something before the moderators."""
    return Call(
        method="POST",
        path=api("reports"),
        answer=Report,
        body=ReportRequest(
            subject_kind=subject_kind, subject_id=subject_id, reason=reason, text=text
        ),
    )


def list_reports(
    *, cursor: str | None = None, limit: int | None = None
) -> Call[PageAnswer[Report]]:
    """What the caller reported, newest first."""
    return Call(
        method="GET",
        path=api("reports"),
        answer=PageAnswer[Report],
        query={"cursor": cursor, "limit": limit},
    )


def list_cases(
    *,
    state: CaseState = "open",
    kind: SubjectKind | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Call[PageAnswer[Case]]:
    """Moderators: the queue, the most pressing first."""
    query = {"state": state, "kind": kind, "cursor": cursor, "limit": limit}
    return Call(method="GET", path=api("moderation", "cases"), answer=PageAnswer[Case], query=query)


def get_case(case_id: str) -> Call[CaseDetail]:
    """Moderators: a case with everything that was said about it."""
    return Call(method="GET", path=api("moderation", "cases", case_id), answer=CaseDetail)


def claim_case(case_id: str) -> Call[CaseDetail]:
    """Moderators: takes a case, so that nobody else works on it."""
    return Call(method="POST", path=api("moderation", "cases", case_id, "claim"), answer=CaseDetail)


def release_case(case_id: str) -> Call[CaseDetail]:
    """Moderators: gives a case back to the queue."""
    return Call(
        method="DELETE", path=api("moderation", "cases", case_id, "claim"), answer=CaseDetail
    )


def decide_case(case_id: str, *, action: DecisionAction, reason: str) -> Call[CaseDetail]:
    """Moderators: decides."""
    return Call(
        method="POST",
        path=api("moderation", "cases", case_id, "decisions"),
        answer=CaseDetail,
        body=DecisionRequest(action=action, reason=reason),
    )


def list_case_notices(
    *, cursor: str | None = None, limit: int | None = None
) -> Call[PageAnswer[CaseNotice]]:
    """Decisions about what belongs to the caller's organisations, newest first."""
    return Call(
        method="GET",
        path=api("moderation", "about-mine"),
        answer=PageAnswer[CaseNotice],
        query={"cursor": cursor, "limit": limit},
    )


def appeal(case_id: str, *, text: str) -> Call[CaseNotice]:
    """Asks for another look at a decision; once a case."""
    return Call(
        method="POST",
        path=api("moderation", "cases", case_id, "appeal"),
        answer=CaseNotice,
        body=AppealRequest(text=text),
    )


class Reviews(Namespace[S]):
    """What buyers say about works."""

    list = Endpoint(list_reviews)
    rating = Endpoint(get_rating)
    write = Endpoint(write_review)
    get = Endpoint(get_review)
    history = Endpoint(get_history)
    edit = Endpoint(edit_review)
    delete = Endpoint(delete_review)
    reply = Endpoint(reply)
    remove_reply = Endpoint(remove_reply)
    vote = Endpoint(vote)
    take_vote_back = Endpoint(take_vote_back)


class Reports(Namespace[S]):
    """What the caller brought before the moderators."""

    create = Endpoint(report)
    list = Endpoint(list_reports)


class Moderation(Namespace[S]):
    """The moderators' queue, and appeals against their decisions."""

    cases = Endpoint(list_cases)
    case = Endpoint(get_case)
    claim = Endpoint(claim_case)
    release = Endpoint(release_case)
    decide = Endpoint(decide_case)
    about_mine = Endpoint(list_case_notices)
    appeal = Endpoint(appeal)
