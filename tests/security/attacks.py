"""Who may call which operation: what strangers try, and what is open to everybody."""

from typing import Any

VERSION = {"version": "2.0.0", "files": [{"path": "a.txt", "sha256": "{sha256}"}]}
OFFER = {"price_minor": 1}
MONEY = {"amount_minor": 5, "currency": "USD"}
LISTING = {"kind": "dataset", "slug": "stolen", "title": "Stolen"}
FILE = {"filename": "a.txt", "size_bytes": 3, "sha256": "0" * 64}
CHAIN_SALE = {
    "listing_id": "{published}",
    "chain": "local",
    "currency": "ETH",
    "wallet": "0x" + "5" * 40,
}

Attack = tuple[str, Any]
"""An address below /api/v1 with names of ids in braces, and a body."""

ATTACKS: dict[str, list[Attack]] = {
    "DELETE /api-keys/{key_id}": [("/api-keys/{key_id}", None)],
    "GET /compare": [
        ("/compare?listing={draft}", None),
        ("/compare?listing={owner}/{draft_slug}", None),
    ],
    "GET /saved-searches/{saved_search_id}": [("/saved-searches/{saved_search_id}", None)],
    "PATCH /saved-searches/{saved_search_id}": [
        ("/saved-searches/{saved_search_id}", {"name": "Mine now", "paused": True})
    ],
    "DELETE /saved-searches/{saved_search_id}": [("/saved-searches/{saved_search_id}", None)],
    "PATCH /me/wallets/{wallet_id}": [("/me/wallets/{wallet_id}", {"name": "Mine now"})],
    "DELETE /me/wallets/{wallet_id}": [("/me/wallets/{wallet_id}", None)],
    "POST /storefronts/{slug}/credential": [("/storefronts/{owner}/credential", None)],
    "DELETE /storefronts/{slug}/credential": [("/storefronts/{owner}/credential", None)],
    "GET /admin/users": [("/admin/users?q=ada", None)],
    "PATCH /admin/users/{user_id}": [
        ("/admin/users/{user_id}", {"roles": ["buyer"]}),
        ("/admin/users/{mallory}", {"roles": ["admin"]}),
    ],
    "PATCH /organisations/{organisation_id}": [
        ("/organisations/{organisation_id}", {"name": "Mine now"}),
        ("/organisations/{personal_organisation}", {"name": "Mine now"}),
    ],
    "GET /organisations/{organisation_id}/billing": [
        ("/organisations/{organisation_id}/billing", None),
        ("/organisations/{personal_organisation}/billing", None),
    ],
    "PUT /organisations/{organisation_id}/billing": [
        ("/organisations/{organisation_id}/billing", {"country": "DE"}),
        ("/organisations/{personal_organisation}/billing", {"country": "DE"}),
    ],
    "GET /organisations/{organisation_id}/members": [
        ("/organisations/{organisation_id}/members", None)
    ],
    "DELETE /organisations/{organisation_id}/members/{user_id}": [
        ("/organisations/{organisation_id}/members/{user_id}", None),
        ("/organisations/{organisation_id}/members/{mallory}", None),
    ],
    "GET /organisations/{organisation_id}/invitations": [
        ("/organisations/{organisation_id}/invitations", None)
    ],
    "POST /organisations/{organisation_id}/invitations": [
        ("/organisations/{organisation_id}/invitations", {"email": "m@guard.example.org"})
    ],
    "POST /invitations/{invitation_id}/accept": [("/invitations/{invitation_id}/accept", None)],
    "POST /invitations/{invitation_id}/decline": [("/invitations/{invitation_id}/decline", None)],
    "GET /chain-quotes": [("/chain-quotes?listing_id={draft}", None)],
    "POST /chain-sales": [
        ("/chain-sales", {**CHAIN_SALE, "organisation_id": "{organisation_id}"}),
        ("/chain-sales", {**CHAIN_SALE, "organisation_id": "{buyers_organisation}"}),
    ],
    "GET /chain-sales/{sale_id}": [("/chain-sales/csl_wall", None)],
    "POST /chain-sales/{sale_id}/hint": [
        ("/chain-sales/csl_wall/hint", {"transaction_hash": "0x" + "0" * 64})
    ],
    "GET /payout-wallet": [("/payout-wallet?organisation_id={organisation_id}", None)],
    "PUT /payout-wallet": [
        ("/payout-wallet", {"organisation_id": "{organisation_id}", "wallet": "0x" + "5" * 40}),
        ("/payout-wallet", {"organisation_id": "{personal_organisation}", "wallet": None}),
    ],
    "GET /wallet": [
        ("/wallet?organisation_id={organisation_id}", None),
        ("/wallet?organisation_id={personal_organisation}", None),
    ],
    "POST /promotions": [
        (
            "/promotions",
            {"code": "MINE", "percent_off": 99, "organisation_id": "{organisation_id}"},
        ),
        ("/promotions", {"code": "MINE", "percent_off": 99, "listing_id": "{published}"}),
    ],
    "GET /promotions": [("/promotions?organisation_id={personal_organisation}", None)],
    "POST /promotions/{promotion_id}/end": [("/promotions/{promotion_id}/end", None)],
    "POST /promotions/quote": [
        ("/promotions/quote", {"listing_id": "{draft}", "code": "HUSH-10"}),
        (
            "/promotions/quote",
            {
                "listing_id": "{published}",
                "code": "HUSH-10",
                "organisation_id": "{buyers_organisation}",
            },
        ),
    ],
    "GET /analytics/organisation": [
        ("/analytics/organisation?organisation_id={organisation_id}", None),
        ("/analytics/organisation?organisation_id={personal_organisation}", None),
    ],
    "GET /analytics/organisation/listings": [
        ("/analytics/organisation/listings?organisation_id={personal_organisation}", None)
    ],
    "GET /analytics/listings/{listing_id}": [
        ("/analytics/listings/{published}", None),
        ("/analytics/listings/{draft}", None),
    ],
    "GET /analytics/searches": [("/analytics/searches", None)],
    "PUT /assets": [
        ("/assets", {"path": "x.txt", "sha256": "{sha256}"}),
        (
            "/assets",
            {
                "path": "x.txt",
                "sha256": "{sha256}",
                "organisation_id": "{personal_organisation}",
            },
        ),
    ],
    "GET /assets": [("/assets?organisation_id={personal_organisation}", None)],
    "GET /assets/usage": [("/assets/usage?organisation_id={personal_organisation}", None)],
    "GET /assets/{asset_id}": [("/assets/ast_wall", None)],
    "DELETE /assets/{asset_id}": [("/assets/ast_wall", None)],
    "POST /assets/{asset_id}/purge": [("/assets/ast_wall/purge", None)],
    "GET /domains": [("/domains?organisation_id={personal_organisation}", None)],
    "POST /domains": [
        (
            "/domains",
            {"name": "stolen.example.org", "organisation_id": "{personal_organisation}"},
        )
    ],
    "GET /domains/{domain_id}": [("/domains/dom_wall", None)],
    "PATCH /domains/{domain_id}": [("/domains/dom_wall", {"hsts_s": 0})],
    "DELETE /domains/{domain_id}": [("/domains/dom_wall", None)],
    "POST /domains/{domain_id}/check": [("/domains/dom_wall/check", None)],
    "PUT /domains/{domain_id}/certificate": [
        ("/domains/dom_wall/certificate", {"chain_pem": "x" * 64, "key_pem": "x" * 64})
    ],
    "GET /cdn/regions": [("/cdn/regions", None)],
    "GET /cdn/nodes/{node_id}": [("/cdn/nodes/nod_x", None)],
    "PATCH /cdn/nodes/{node_id}": [("/cdn/nodes/nod_x", {"state": "removed"})],
    "POST /cdn/join-tokens": [("/cdn/join-tokens", {"region": "eu-west"})],
    "POST /cdn/purges": [
        ("/cdn/purges", {"kind": "all"}),
        ("/cdn/purges", {"kind": "prefix", "value": "/"}),
        ("/cdn/purges", {"kind": "tag", "value": "organisation:{organisation_id}"}),
        ("/cdn/purges", {"kind": "tag", "value": "listing:{published}"}),
        ("/cdn/purges", {"kind": "tag", "value": "listing:{draft}"}),
        ("/cdn/purges", {"kind": "tag", "value": "artifact:{sha256}"}),
        ("/cdn/purges", {"kind": "tag", "value": "site:{site_id}"}),
        ("/cdn/purges", {"kind": "tag", "value": "tag:{site_id}:red"}),
        ("/cdn/purges", {"kind": "prefix", "value": "/s/{site_id}/"}),
        ("/cdn/purges", {"kind": "url", "value": "https://x.example/s/{site_id}/a"}),
    ],
    "GET /cdn/placements": [("/cdn/placements?organisation_id={personal_organisation}", None)],
    "POST /cdn/placements": [
        ("/cdn/placements", {"kind": "pin", "listing_id": "{published}", "regions": ["eu-west"]}),
        ("/cdn/placements", {"kind": "pin", "listing_id": "{draft}", "regions": ["eu-west"]}),
        (
            "/cdn/placements",
            {
                "kind": "publish",
                "organisation_id": "{personal_organisation}",
                "regions": ["eu-west"],
            },
        ),
    ],
    "GET /cdn/placements/{placement_id}": [("/cdn/placements/plc_x", None)],
    "DELETE /cdn/placements/{placement_id}": [("/cdn/placements/plc_x", None)],
    "GET /cdn/replicas": [("/cdn/replicas", None)],
    "POST /cdn/nodes": [("/cdn/nodes", {"region": "eu-west"})],
    "GET /cdn/scaling": [("/cdn/scaling", None)],
    "GET /cdn/scaling/{region}": [("/cdn/scaling/eu-west", None)],
    "PUT /cdn/scaling/{region}": [("/cdn/scaling/eu-west", {})],
    "DELETE /cdn/scaling/{region}": [("/cdn/scaling/eu-west", None)],
    "GET /cdn/scaling-decisions": [("/cdn/scaling-decisions", None)],
    "GET /cdn/instances": [("/cdn/instances", None)],
    "DELETE /cdn/instances/{instance_id}": [("/cdn/instances/ins_x", None)],
    "GET /cdn/analytics": [
        ("/cdn/analytics", None),
        ("/cdn/analytics?organisation_id={personal_organisation}", None),
    ],
    "GET /cdn/nodes/{node_id}/metrics": [("/cdn/nodes/nod_x/metrics", None)],
    "GET /cdn/prices": [("/cdn/prices", None)],
    "PUT /cdn/prices": [("/cdn/prices", {"currency": "USD", "prices": []})],
    "GET /cdn/availability": [("/cdn/availability", None)],
    "GET /cdn/forecast": [("/cdn/forecast", None)],
    "GET /cdn/alert-rules": [("/cdn/alert-rules", None)],
    "POST /cdn/alert-rules": [
        ("/cdn/alert-rules", {"name": "x", "metric": "load", "threshold": 1})
    ],
    "GET /cdn/alert-rules/{rule_id}": [("/cdn/alert-rules/alr_x", None)],
    "PUT /cdn/alert-rules/{rule_id}": [
        ("/cdn/alert-rules/alr_x", {"name": "x", "metric": "load", "threshold": 1})
    ],
    "DELETE /cdn/alert-rules/{rule_id}": [("/cdn/alert-rules/alr_x", None)],
    "GET /cdn/alerts": [("/cdn/alerts", None)],
    "GET /cdn/alert-webhooks": [("/cdn/alert-webhooks", None)],
    "POST /cdn/alert-webhooks": [("/cdn/alert-webhooks", {"url": "https://x.example.org/"})],
    "DELETE /cdn/alert-webhooks/{webhook_id}": [("/cdn/alert-webhooks/whk_x", None)],
    "GET /cdn/sites": [("/cdn/sites?organisation_id={personal_organisation}", None)],
    "POST /cdn/sites": [
        (
            "/cdn/sites",
            {
                "name": "x",
                "upstream": "https://example.org",
                "organisation_id": "{personal_organisation}",
            },
        )
    ],
    "GET /cdn/sites/{site_id}": [("/cdn/sites/{site_id}", None)],
    "PATCH /cdn/sites/{site_id}": [("/cdn/sites/{site_id}", {"upstream": "https://example.net"})],
    "DELETE /cdn/sites/{site_id}": [("/cdn/sites/{site_id}", None)],
    "GET /cdn/configuration": [("/cdn/configuration", None)],
    "PUT /cdn/configuration": [("/cdn/configuration", {"redirects": False})],
    "GET /cdn/residency": [("/cdn/residency?organisation_id={personal_organisation}", None)],
    "PUT /cdn/residency": [
        ("/cdn/residency", {"organisation_id": "{organisation_id}", "regions": []}),
        (
            "/cdn/residency",
            {
                "organisation_id": "{personal_organisation}",
                "listing_id": "{published}",
                "regions": ["eu-west"],
            },
        ),
    ],
    "GET /cdn/traffic": [
        ("/cdn/traffic", None),
        ("/cdn/traffic?organisation_id={personal_organisation}", None),
    ],
    "GET /wallet/statement": [("/wallet/statement?organisation_id={organisation_id}", None)],
    "POST /wallet/deposits": [
        ("/wallet/deposits", {**MONEY, "organisation_id": "{organisation_id}"})
    ],
    "GET /wallet/deposits/{deposit_id}": [("/wallet/deposits/{deposit_id}", None)],
    "POST /wallet/transfers": [
        (
            "/wallet/transfers",
            {
                **MONEY,
                "organisation_id": "{personal_organisation}",
                "to_organisation_id": "{own_organisation}",
            },
        )
    ],
    "GET /listings/{listing_id}/diff": [("/listings/{draft}/diff?from=1.0.0&to=1.0.0", None)],
    "POST /listings/{listing_id}/evaluations": [
        ("/listings/{draft}/evaluations", {"dataset": "a/b", "target": "label"}),
        ("/listings/{published}/evaluations", {"dataset": "a/b", "target": "label"}),
    ],
    "GET /listings/{listing_id}/evaluations": [("/listings/{draft}/evaluations", None)],
    "GET /evaluations/{evaluation_id}": [("/evaluations/{evaluation_id}", None)],
    "GET /listings/{listing_id}/metrics": [("/listings/{draft}/metrics", None)],
    "GET /listings/{listing_id}/images": [("/listings/{draft}/images", None)],
    "POST /listings/{listing_id}/images": [
        ("/listings/{draft}/images", {"sha256": "{sha256}", "alt": "Mine"}),
        ("/listings/{published}/images", {"sha256": "{sha256}", "alt": "Mine"}),
    ],
    "PUT /listings/{listing_id}/images/order": [
        ("/listings/{draft}/images/order", {"image_ids": []}),
        ("/listings/{published}/images/order", {"image_ids": []}),
    ],
    "PATCH /listings/{listing_id}/images/{image_id}": [
        ("/listings/{draft}/images/{image_id}", {"alt": "Mine"}),
        ("/listings/{own_listing}/images/{image_id}", {"alt": "Mine"}),
    ],
    "DELETE /listings/{listing_id}/images/{image_id}": [
        ("/listings/{draft}/images/{image_id}", None),
        ("/listings/{own_listing}/images/{image_id}", None),
    ],
    "PUT /rates": [
        (
            "/rates",
            {
                "source": "mallory",
                "base": "EUR",
                "as_of": "2026-01-01",
                "rates": [{"currency": "USD", "rate": "9000"}],
            },
        )
    ],
    "POST /uploads": [("/uploads", {**FILE, "organisation_id": "{organisation_id}"})],
    "GET /uploads/{upload_id}": [("/uploads/{upload_id}", None)],
    "PUT /uploads/{upload_id}/parts/{number}": [("/uploads/{upload_id}/parts/1", None)],
    "POST /uploads/{upload_id}/complete": [("/uploads/{upload_id}/complete", None)],
    "GET /artifacts/{sha256}": [("/artifacts/{sha256}", None)],
    "GET /quarantine": [("/quarantine", None)],
    "POST /quarantine/{sha256}/release": [
        ("/quarantine/{sha256}/release", {"reason": "I want it"})
    ],
    "POST /listings": [("/listings", {**LISTING, "organisation_id": "{organisation_id}"})],
    "GET /listings/{listing_id}": [("/listings/{draft}", None)],
    "PATCH /listings/{listing_id}": [
        ("/listings/{draft}", {"title": "Mine"}),
        ("/listings/{published}", {"title": "Mine"}),
    ],
    "GET /listings/by-address/{owner}/{slug}": [
        ("/listings/by-address/{owner}/{draft_slug}", None)
    ],
    "POST /listings/{listing_id}/retire": [
        ("/listings/{draft}/retire", None),
        ("/listings/{published}/retire", None),
    ],
    "POST /listings/{listing_id}/versions": [  # and somebody else's file: tried below
        ("/listings/{draft}/versions", VERSION),
        ("/listings/{published}/versions", VERSION),
    ],
    "GET /listings/{listing_id}/versions/{version}": [("/listings/{draft}/versions/1.0.0", None)],
    "GET /listings/{listing_id}/versions/{version}/ipfs": [
        ("/listings/{draft}/versions/1.0.0/ipfs", None)
    ],
    "POST /ipfs/imports": [("/ipfs/imports?organisation_id={organisation_id}", None)],
    "POST /listings/{listing_id}/versions/{version}/current": [
        ("/listings/{draft}/versions/1.0.0/current", None),
        ("/listings/{published}/versions/1.0.0/current", None),
    ],
    "POST /listings/{listing_id}/publish": [
        ("/listings/{draft}/publish", {}),
        ("/listings/{published}/publish", {"version": "1.0.0"}),
    ],
    "POST /listings/{listing_id}/offers": [
        ("/listings/{draft}/offers", {**OFFER, "edition": "mine"}),
        ("/listings/{published}/offers", {**OFFER, "edition": "mine"}),
    ],
    "PATCH /offers/{offer_id}": [
        ("/offers/{draft_offer}", {"price_minor": 0}),
        ("/offers/{published_offer}", {"price_minor": 0}),
    ],
    "DELETE /offers/{offer_id}": [
        ("/offers/{draft_offer}", None),
        ("/offers/{published_offer}", None),
    ],
    "POST /orders": [
        ("/orders", {"listing_id": "{draft}"}),
        ("/orders", {"listing_id": "{draft}", "offer_id": "{draft_offer}"}),
        ("/orders", {"listing_id": "{own_listing}", "offer_id": "{draft_offer}"}),
        ("/orders", {"listing_id": "{published}", "organisation_id": "{buyers_organisation}"}),
    ],
    "GET /orders": [
        ("/orders?organisation_id={buyers_organisation}", None),
        ("/orders?side=seller&organisation_id={personal_organisation}", None),
    ],
    "GET /orders/{order_id}": [("/orders/{order_id}", None)],
    "GET /orders/{order_id}/receipt": [("/orders/{order_id}/receipt", None)],
    "POST /orders/{order_id}/refund": [("/orders/{order_id}/refund", {})],
    "GET /revenue": [("/revenue?organisation_id={personal_organisation}", None)],
    "GET /licences": [("/licences?organisation_id={buyers_organisation}", None)],
    "GET /licences/{licence_id}": [("/licences/{licence_id}", None)],
    "GET /licences/{licence_id}/check": [("/licences/{licence_id}/check", None)],
    "GET /licences/{licence_id}/file": [("/licences/{licence_id}/file", None)],
    "GET /licences/{licence_id}/files": [("/licences/{licence_id}/files", None)],
    "GET /licences/{licence_id}/bundle": [("/licences/{licence_id}/bundle", None)],
    "POST /licences/{licence_id}/mint": [("/licences/{licence_id}/mint", {})],
    "GET /licences/{licence_id}/token": [("/licences/{licence_id}/token", None)],
    "POST /licences/{licence_id}/asks": [
        ("/licences/{licence_id}/asks", {"currency": "ETH", "price_units": "1"})
    ],
    "GET /asks/{ask_id}": [("/asks/ask_wall", None)],
    "POST /asks/{ask_id}/signature": [
        ("/asks/ask_wall/signature", {"signature": "0x" + "0" * 130})
    ],
    "POST /asks/{ask_id}/withdraw": [("/asks/ask_wall/withdraw", None)],
    "GET /asks/{ask_id}/purchase": [("/asks/ask_wall/purchase?wallet=0x" + "5" * 40, None)],
    "POST /licences/{licence_id}/uses": [("/licences/{licence_id}/uses", {"uses": 1})],
    "GET /devices/{device_id}": [("/devices/dev_wall", None)],
    "POST /devices/{device_id}/contact": [("/devices/dev_wall/contact", None)],
    "DELETE /devices/{device_id}": [("/devices/dev_wall", None)],
    "GET /licences/{licence_id}/devices": [("/licences/{licence_id}/devices", None)],
    "POST /licences/{licence_id}/devices/{device_id}/key": [
        ("/licences/{licence_id}/devices/dev_wall/key", {})
    ],
    "DELETE /licences/{licence_id}/devices/{device_id}": [
        ("/licences/{licence_id}/devices/dev_wall", None)
    ],
    "POST /licences/{licence_id}/devices/{device_id}/receipts": [
        ("/licences/{licence_id}/devices/dev_wall/receipts", {"receipts": ["e30.e30"]})
    ],
    "GET /licences/{licence_id}/devices/{device_id}/files": [
        ("/licences/{licence_id}/devices/dev_wall/files", None)
    ],
    "GET /licences/{licence_id}/marked-copies": [("/licences/{licence_id}/marked-copies", None)],
    "POST /licences/{licence_id}/marked-copies": [
        ("/licences/{licence_id}/marked-copies", {"path": "a.txt"})
    ],
    "GET /licences/{licence_id}/marked-copies/{sha256}/file": [
        ("/licences/{licence_id}/marked-copies/{sha256}/file", None)
    ],
    "POST /listings/{listing_id}/traces": [
        ("/listings/{published}/traces", {"sha256": "{sha256}", "source_sha256": "{sha256}"}),
        ("/listings/{draft}/traces", {"sha256": "{sha256}", "source_sha256": "{sha256}"}),
    ],
    "GET /listings/{listing_id}/protection": [("/listings/{draft}/protection", None)],
    "PUT /listings/{listing_id}/protection": [
        ("/listings/{published}/protection", {"delivery": "devices"}),
        ("/listings/{draft}/protection", {"delivery": "open"}),
    ],
    "GET /licences/{licence_id}/seats": [("/licences/{licence_id}/seats", None)],
    "POST /licences/{licence_id}/seats": [
        ("/licences/{licence_id}/seats", {"user_id": "{mallory}"}),
        ("/licences/{licence_id}/seats", {"user_id": "{grace}"}),
    ],
    "DELETE /licences/{licence_id}/seats/{user_id}": [
        ("/licences/{licence_id}/seats/{grace}", None),
        ("/licences/{licence_id}/seats/{mallory}", None),
    ],
    "PUT /licences/{licence_id}/certificate": [
        ("/licences/{licence_id}/certificate", {"shows_holder": True})
    ],
    "GET /licences/{licence_id}/certificate": [("/licences/{licence_id}/certificate", None)],
    "DELETE /licences/{licence_id}/certificate": [("/licences/{licence_id}/certificate", None)],
    "GET /licences/{licence_id}/certificate/pdf": [
        ("/licences/{licence_id}/certificate/pdf", None)
    ],
    "GET /licences/{licence_id}/certificate/bundle": [
        ("/licences/{licence_id}/certificate/bundle", None)
    ],
    "GET /listings/{listing_id}/copies": [("/listings/{draft}/copies", None)],
    "POST /provenance/events": [
        ("/provenance/events", {"events": [{"listing_id": "{published}", "event": "stolen"}]}),
        ("/provenance/events", {"events": [{"listing_id": "{draft}", "event": "stolen"}]}),
    ],
    "POST /licences/{licence_id}/revoke": [("/licences/{licence_id}/revoke", {"reason": "mine"})],
    "PUT /favourites/{listing_id}": [("/favourites/{draft}", None)],
    "POST /collections": [
        ("/collections", {"title": "Mine", "organisation_id": "{organisation_id}"})
    ],
    "GET /collections/{collection_id}": [("/collections/{collection_id}", None)],
    "GET /collections/by-address/{owner}/{slug}": [
        ("/collections/by-address/{owner}/{collection_slug}", None)
    ],
    "PATCH /collections/{collection_id}": [("/collections/{collection_id}", {"title": "Mine"})],
    "DELETE /collections/{collection_id}": [("/collections/{collection_id}", None)],
    "PUT /collections/{collection_id}/items": [
        ("/collections/{collection_id}/items", {"listing_id": "{own_listing}"})
    ],
    "PUT /collections/{collection_id}/order": [
        ("/collections/{collection_id}/order", {"listing_ids": ["{published}"]})
    ],
    "DELETE /collections/{collection_id}/items/{listing_id}": [
        ("/collections/{collection_id}/items/{published}", None)
    ],
    "PUT /featured": [("/featured", {"listing_id": "{own_listing}"})],
    "DELETE /featured/{listing_id}": [("/featured/{published}", None)],
    "GET /recommendations": [("/recommendations?listing_id={draft}", None)],
    "GET /listings/{listing_id}/related": [("/listings/{draft}/related", None)],
    "GET /listings/{listing_id}/reviews": [("/listings/{draft}/reviews", None)],
    "GET /listings/{listing_id}/rating": [("/listings/{draft}/rating", None)],
    "POST /listings/{listing_id}/reviews": [
        ("/listings/{draft}/reviews", {"stars": 1}),
        ("/listings/{published}/reviews", {"stars": 1}),
        (
            "/listings/{published}/reviews",
            {"stars": 1, "organisation_id": "{buyers_organisation}"},
        ),
    ],
    "GET /reviews/{review_id}": [("/reviews/{withdrawn_review}", None)],
    "GET /reviews/{review_id}/history": [("/reviews/{withdrawn_review}/history", None)],
    "PATCH /reviews/{review_id}": [("/reviews/{review_id}", {"stars": 1})],
    "DELETE /reviews/{review_id}": [("/reviews/{review_id}", None)],
    "PUT /reviews/{review_id}/reply": [("/reviews/{review_id}/reply", {"text": "mine"})],
    "DELETE /reviews/{review_id}/reply": [("/reviews/{review_id}/reply", None)],
    "PUT /reviews/{review_id}/vote": [("/reviews/{withdrawn_review}/vote", None)],
    "DELETE /reviews/{review_id}/vote": [("/reviews/{withdrawn_review}/vote", None)],
    "POST /reports": [
        ("/reports", {"subject_kind": "listing", "subject_id": "{draft}", "reason": "spam"}),
        (
            "/reports",
            {"subject_kind": "review", "subject_id": "{withdrawn_review}", "reason": "spam"},
        ),
    ],
    "PATCH /storefronts/{slug}": [("/storefronts/{owner}", {"about": "Mine"})],
    "GET /storefronts/{slug}/website": [("/storefronts/{owner}/website", None)],
    "POST /storefronts/{slug}/website": [("/storefronts/{owner}/website", None)],
    "POST /storefronts/{slug}/identity": [
        ("/storefronts/{owner}/identity", {"evidence": "I am Ada, really."})
    ],
    "GET /identity-cases": [("/identity-cases", None)],
    "POST /identity-cases/{slug}/decision": [
        ("/identity-cases/{owner}/decision", {"passed": True, "note": "It is me."})
    ],
    "GET /moderation/cases": [("/moderation/cases", None)],
    "GET /moderation/cases/{case_id}": [("/moderation/cases/{case_id}", None)],
    "POST /moderation/cases/{case_id}/claim": [("/moderation/cases/{case_id}/claim", None)],
    "DELETE /moderation/cases/{case_id}/claim": [("/moderation/cases/{case_id}/claim", None)],
    "POST /moderation/cases/{case_id}/decisions": [
        ("/moderation/cases/{case_id}/decisions", {"action": "hide", "reason": "mine"})
    ],
    "POST /moderation/cases/{case_id}/appeal": [
        ("/moderation/cases/{case_id}/appeal", {"text": "mine"})
    ],
    "POST /notices/{notice_id}/read": [("/notices/{notice_id}/read", None)],
    "GET /live": [
        ("/live?channels=user:{user_id}", None),
        ("/live?channels=organisation:{organisation_id}", None),
        ("/live?channels=listing:{draft}", None),
        ("/live?channels=listing:{published},admin", None),
    ],
    "GET /plugins/{owner}/{slug}": [("/plugins/{owner}/{draft_plugin_slug}", None)],
    "GET /plugins/{owner}/{slug}/versions/{version}": [
        ("/plugins/{owner}/{draft_plugin_slug}/versions/1.0.0", None)
    ],
    "POST /plugins/{owner}/{slug}/versions/{version}/yank": [
        ("/plugins/{plugin}/versions/1.0.0/yank", {"reason": "mine"})
    ],
    "DELETE /plugins/{owner}/{slug}/versions/{version}/yank": [
        ("/plugins/{plugin}/versions/1.0.0/yank", None)
    ],
    "POST /workspaces": [("/workspaces", {"name": "Mine", "organisation_id": "{organisation_id}"})],
    "GET /workspaces": [("/workspaces?organisation_id={personal_organisation}", None)],
    "GET /workspaces/{workspace_id}": [("/workspaces/{workspace_id}", None)],
    "PATCH /workspaces/{workspace_id}": [("/workspaces/{workspace_id}", {"name": "Mine"})],
    "POST /workspaces/{workspace_id}/plan": [("/workspaces/{workspace_id}/plan", {})],
    "POST /workspaces/{workspace_id}/changes": [
        ("/workspaces/{workspace_id}/changes", {"remove": ["{plugin}"]})
    ],
    "POST /workspaces/{workspace_id}/roll-back": [("/workspaces/{workspace_id}/roll-back", {})],
    "GET /workspaces/{workspace_id}/locks": [("/workspaces/{workspace_id}/locks", None)],
    "GET /workspaces/{workspace_id}/locks/{number}": [("/workspaces/{workspace_id}/locks/1", None)],
    "GET /workspaces/{workspace_id}/outdated": [("/workspaces/{workspace_id}/outdated", None)],
    "GET /workspaces/{workspace_id}/files/{listing_id}": [
        ("/workspaces/{workspace_id}/files/{plugin_listing}?path=run.wasm", None)
    ],
}
"""Each is refused: 403, 404 or 409 to a stranger, 401 or the same to nobody."""

OPEN = {
    "POST /auth/register": "anybody may sign up",
    "POST /auth/login": "the password decides",
    "POST /auth/refresh": "the refresh token decides",
    "POST /auth/logout": "the caller's own sessions, or the refresh token decides",
    "GET /me": "the caller's own",
    "PATCH /me": "the caller's own",
    "POST /me/password": "the caller's own",
    "GET /me/invitations": "the caller's own",
    "POST /auth/wallet/challenge": "a message to sign is worth nothing without the wallet",
    "POST /auth/wallet/sign-in": "the wallet's signature decides",
    "GET /me/wallets": "the caller's own",
    "POST /me/wallets": "the wallet's signature decides, and the message names the account",
    "GET /devices": "the caller's own",
    "POST /devices": "the caller's own, by a signature of its keys",
    "GET /api-keys": "the caller's own",
    "POST /api-keys": "the caller's own",
    "POST /organisations": "a new one of the caller's",
    "GET /organisations/{organisation_id}": "organisations are public by name",
    "GET /storefronts/{slug}/credential": "made for everybody to check",
    "GET /credentials/status/{number}": "which credentials were revoked is for everybody to see",
    "GET /dids/{did}": "documents of identifiers are public; others' wallets are tried below",
    "GET /storefronts/{slug}": "what sellers say of themselves is public",
    "GET /listings": "others' published ones only: tried below",
    "POST /listings/import": "refused item by item: tried below",
    "GET /rates": "rates are public",
    "GET /cdn/route": "where nodes are is public, as in a name server",
    "GET /saved-searches": "the caller's own",
    "POST /saved-searches": "a new one of the caller's",
    "GET /rates/convert": "rates are public",
    "GET /notices": "the caller's own",
    "GET /notices/unread": "the caller's own",
    "GET /notices/preferences": "the caller's own",
    "PUT /notices/preferences": "the caller's own",
    "POST /notices/read": "the caller's own",
    "GET /reports": "the caller's own",
    "GET /moderation/about-mine": "the caller's own",
    "GET /favourites": "the caller's own",
    "DELETE /favourites/{listing_id}": "the caller's own",
    "GET /following": "the caller's own",
    "GET /organisations/{slug}/follow": "how many follow is public; whether, the caller's own",
    "PUT /organisations/{slug}/follow": "everybody may follow a seller",
    "DELETE /organisations/{slug}/follow": "the caller's own",
    "GET /collections": "public ones; private ones of others are tried below",
    "GET /featured": "shown on the front page",
    "GET /search": "published works: tried below",
    "GET /search/suggest": "published works: tried below",
    "GET /certificates/{code}": "whoever has the code may see what its holder shows",
    "GET /certificates/{code}/qr": "whoever has the code may see what its holder shows",
    "GET /lookup/{sha256}": "what is said of published files is public",
    "GET /asks": "licences that are for sale are public",
    "GET /chain/works/{token_id}": "what a work's token says is public",
    "GET /provenance/log": "the log is public: what it says of a draft is tried below",
    "GET /provenance/entries/{entry_id}": "the log is public",
    "GET /provenance/entries/{entry_id}/proof": "the log is public",
    "GET /provenance/head": "the log is public",
    "GET /provenance/anchors": "the log is public, and where it is anchored",
    "GET /provenance/anchors/{tree_size}": "the log is public, and where it is anchored",
    "GET /provenance/checkpoint": "the log is public",
    "GET /provenance/consistency": "the log is public",
    "GET /provenance/by-hash/{sha256}": "the log is public: a private file is tried below",
}
"""Each is for everybody, or only ever about the caller; the reason says why."""
