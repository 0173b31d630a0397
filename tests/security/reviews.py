"""Reviews by Grace of Ada's works: one that everybody sees, and one that was withdrawn."""

import time
from typing import Any

from tests.security.world import Person

NO_CASE = "cas_" + "0" * 26


def make_reviews(base_url: str, ada: Person, grace: Person, published_id: str) -> dict[str, str]:
    """Ids of what was made; both reviews were edited, answered and found helpful."""
    reader = Person(base_url, "Mary Jackson")
    withdrawn_from = ada.publish(price_minor=0)
    grace.do("POST", "/orders", {"listing_id": withdrawn_from["id"]})
    public = _review(ada, grace, reader, published_id)
    withdrawn = _review(ada, grace, reader, withdrawn_from["id"])
    _await_notices(ada, "review.received")
    _await_notices(grace, "review.replied")
    grace.do("DELETE", f"/reviews/{withdrawn['id']}")
    report = {"subject_kind": "listing", "subject_id": published_id, "reason": "spam"}
    reader.do("POST", "/reports", report)
    reader.close()
    return {
        "review_id": public["id"],
        "withdrawn_review": withdrawn["id"],
        "case_id": NO_CASE,
    }


def _review(ada: Person, grace: Person, reader: Person, listing_id: str) -> Any:
    review = grace.do("POST", f"/listings/{listing_id}/reviews", {"stars": 3, "text": "Hm."})
    grace.do("PATCH", f"/reviews/{review['id']}", {"stars": 4})
    ada.do("PUT", f"/reviews/{review['id']}/reply", {"text": "Thank you."})
    reader.do("PUT", f"/reviews/{review['id']}/vote")
    return review


def _await_notices(person: Person, kind: str) -> None:
    """Until both of them arrived, so that nothing changes later by itself."""
    for _ in range(400):
        notices = person.do("GET", "/notices?limit=100")["items"]
        if sum(notice["kind"] == kind for notice in notices) == 2:
            return
        time.sleep(0.05)
    raise AssertionError(f"nobody was told of {kind}")
