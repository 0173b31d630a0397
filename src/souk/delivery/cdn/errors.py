"""What can go wrong at the control plane."""

from collections.abc import Sequence

from souk.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated


class NodeUnknown(NotFound):
    """There is no such node."""

    def __init__(self) -> None:
        super().__init__("node_unknown", "There is no such node.")


class NodeRefused(Unauthenticated):
    """A node's secret is not good: it was removed, or its secret was replaced."""

    def __init__(self) -> None:
        super().__init__(
            "node_refused", "This node's secret is not good: let it join again with a new token."
        )


class JoinTokenRefused(Forbidden):
    """A join token that is unknown, used, too old, or for another region."""

    def __init__(self) -> None:
        super().__init__(
            "join_token_refused",
            "This join token is unknown, was used, has expired, or is for another region.",
        )


class RegionUnknown(Invalid):
    """No region of this name."""

    def __init__(self, name: str) -> None:
        super().__init__("region_unknown", f"There is no region {name!r}.")


class PurgeInvalid(Invalid):
    """What shall be purged is no address at a node, no tag and no prefix of a path."""

    def __init__(self, detail: str) -> None:
        super().__init__("purge_value_invalid", detail)


class SiteUnknown(NotFound):
    """There is no such site, or it is of others."""

    def __init__(self) -> None:
        super().__init__("site_unknown", "There is no such site among your organisations'.")


class SiteNotYours(Forbidden):
    """A member who does not manage the organisation."""

    def __init__(self) -> None:
        super().__init__("site_not_yours", "Owners and managers of an organisation set its sites.")


class SiteOfAssets(Conflict):
    """The site of an organisation's assets lasts as long as they do."""

    def __init__(self) -> None:
        super().__init__(
            "site_of_assets", "This site is that of your assets; delete these instead."
        )


class SitesFull(Conflict):
    """An organisation has as many sites as it may have."""

    def __init__(self, most: int) -> None:
        super().__init__("sites_full", f"An organisation has at most {most} sites; remove one.")


class UpstreamInvalid(Invalid):
    """An upstream that nodes do not fetch from; the detail says why."""

    def __init__(self, detail: str) -> None:
        super().__init__("upstream_invalid", detail)


class HostTaken(Conflict):
    """A name that is proven for another site."""

    def __init__(self, host: str) -> None:
        super().__init__("host_taken", f"{host} is proven to be another site's name.")


class SiteHostUnknown(NotFound):
    """A name that the site does not have."""

    def __init__(self, host: str) -> None:
        super().__init__("site_host_unknown", f"This site has no name {host}.")


class PlacementUnknown(NotFound):
    """There is no such placement for this caller."""

    def __init__(self) -> None:
        super().__init__("placement_unknown", "There is no such placement.")


class FileUnknown(Invalid):
    """A placement of a file that the work's current version does not have."""

    def __init__(self) -> None:
        super().__init__(
            "file_unknown", "The work's published version has no file with this sha256."
        )


class RegionNotAllowed(Invalid):
    """A placement where the seller's bytes may not lie."""

    def __init__(self, region: str) -> None:
        super().__init__(
            "placement_not_allowed",
            f"The seller's residency rules do not let these bytes lie in {region}.",
        )


class PlacementsFull(Conflict):
    """A seller has as many placements, or as much pinned, as the settings allow."""

    def __init__(self, *, rules: int, size_bytes: int) -> None:
        super().__init__(
            "placements_full",
            f"An organisation may have {rules} placements and pin {size_bytes} bytes over all "
            "regions and copies.",
        )


class PolicyUnknown(NotFound):
    """A region without a scaling policy."""

    def __init__(self) -> None:
        super().__init__("scaling_policy_unknown", "This region has no scaling policy.")


class PolicyInvalid(Invalid):
    """A scaling policy whose numbers contradict each other."""

    def __init__(self) -> None:
        super().__init__("scaling_policy_invalid", "The minimum is at most the maximum.")


class ProviderUnknown(Invalid):
    """A provider that cannot run nodes here."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(
            "provider_unknown",
            f"Nodes cannot be run by {name!r} here. Known: {', '.join(known) or 'none'}. Local "
            "nodes need a marketplace reached on loopback, or SOUK_CDN_LOCAL_PROVIDER=true.",
        )


class InstanceUnknown(NotFound):
    """No node of this id that a provider runs."""

    def __init__(self) -> None:
        super().__init__("instance_unknown", "No provider runs a node of this id now.")


class PricesInvalid(Invalid):
    """Prices that name a region twice."""

    def __init__(self) -> None:
        super().__init__("cdn_prices_invalid", "Name every region once.")


class MonthInvalid(Invalid):
    """A month that there is not."""

    def __init__(self, month: str) -> None:
        super().__init__("month_invalid", f"There is no month {month!r}; one is like 2026-11.")


class AlertRuleUnknown(NotFound):
    """There is no such rule."""

    def __init__(self) -> None:
        super().__init__("alert_rule_unknown", "There is no such alert rule.")


class AlertRuleInvalid(Invalid):
    """A rule that would raise and clear at once."""

    def __init__(self) -> None:
        super().__init__(
            "alert_rule_invalid",
            "clear_at lies on the good side of the threshold: at most it when `above`, else at "
            "least it.",
        )


class AlertRulesFull(Conflict):
    """As many rules as there may be."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            "alert_rules_full", f"There are {limit} alert rules, the most there may be."
        )


class WebhookUnknown(NotFound):
    """There is no such webhook."""

    def __init__(self) -> None:
        super().__init__("webhook_unknown", "There is no such webhook.")


class WebhooksFull(Conflict):
    """As many webhooks as there may be."""

    def __init__(self, limit: int) -> None:
        super().__init__("webhooks_full", f"There are {limit} webhooks, the most there may be.")
