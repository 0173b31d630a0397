"""Storefronts, and the checks behind a badge."""

from types import NoneType

from souk_client.contracts.base import PageAnswer
from souk_client.contracts.credentials import AuthorCredential
from souk_client.contracts.storefronts import (
    Badge,
    IdentityCase,
    IdentityDecision,
    IdentityRequest,
    Storefront,
    StorefrontUpdate,
    WebsiteCheck,
)
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api


def get_storefront(slug: str) -> Call[Storefront]:
    """A seller: its words, its badge with the checks behind it, its reputation."""
    return Call(method="GET", path=api("storefronts", slug), answer=Storefront)


def update_storefront(
    slug: str, *, about: str | None = None, website: str | None = None
) -> Call[Storefront]:
    """Changes what a seller says of itself."""
    body = StorefrontUpdate(about=about, website=website)
    return Call(method="PATCH", path=api("storefronts", slug), answer=Storefront, body=body)


def website_check(slug: str) -> Call[WebsiteCheck]:
    """Which text has to be where on the website."""
    return Call(method="GET", path=api("storefronts", slug, "website"), answer=WebsiteCheck)


def check_website(slug: str) -> Call[WebsiteCheck]:
    """Has the website looked at now."""
    return Call(method="POST", path=api("storefronts", slug, "website"), answer=WebsiteCheck)


def ask_identity(slug: str, *, evidence: str) -> Call[Badge]:
    """Asks the operator to check who is behind a seller."""
    body = IdentityRequest(evidence=evidence)
    return Call(method="POST", path=api("storefronts", slug, "identity"), answer=Badge, body=body)


def identity_cases(
    *, cursor: str | None = None, limit: int | None = None
) -> Call[PageAnswer[IdentityCase]]:
    """Admin: sellers that wait to be checked."""
    query = {"cursor": cursor, "limit": limit}
    answer = PageAnswer[IdentityCase]
    return Call(method="GET", path=api("identity-cases"), answer=answer, query=query)


def decide_identity(slug: str, *, passed: bool, note: str) -> Call[Badge]:
    """Admin: says what came of a check."""
    body = IdentityDecision(passed=passed, note=note)
    path = api("identity-cases", slug, "decision")
    return Call(method="POST", path=path, answer=Badge, body=body)


def credential(slug: str) -> Call[AuthorCredential]:
    """A verified seller's credential, for anybody to check."""
    return Call(method="GET", path=api("storefronts", slug, "credential"), answer=AuthorCredential)


def issue_credential(slug: str) -> Call[AuthorCredential]:
    """A new credential for a verified seller; the one before is revoked."""
    path = api("storefronts", slug, "credential")
    return Call(method="POST", path=path, answer=AuthorCredential)


def revoke_credential(slug: str) -> Call[None]:
    """Takes a seller's credential back."""
    return Call(method="DELETE", path=api("storefronts", slug, "credential"), answer=NoneType)


class Storefronts(Namespace[S]):
    """Sellers as everybody sees them."""

    get = Endpoint(get_storefront)
    update = Endpoint(update_storefront)
    website_check = Endpoint(website_check)
    check_website = Endpoint(check_website)
    ask_identity = Endpoint(ask_identity)
    identity_cases = Endpoint(identity_cases)
    decide_identity = Endpoint(decide_identity)
    credential = Endpoint(credential)
    issue_credential = Endpoint(issue_credential)
    revoke_credential = Endpoint(revoke_credential)
