"""Where a work may be sold: asked before anything else happens in a purchase."""

from collections.abc import Sequence

from souk.kernel.errors import Conflict, Forbidden
from souk.people.organisations.api import BillingFacts, country_name, named_regions


def check_region(regions: Sequence[str], billing: BillingFacts | None) -> None:
    """Whether a buyer may buy what is sold in these parts of the world; none is everywhere.

    Raises:
        Conflict: `country_needed` when the buyer never said where they buy from.
        Forbidden: `region_not_served`.
    """
    if not regions:
        return
    served = named_regions(list(regions))
    if billing is None:
        raise Conflict(
            "country_needed",
            f"This work is sold in {served} only. Say in which country you buy, then buy again; "
            "nothing was charged.",
            regions=list(regions),
        )
    if billing.region not in regions:
        raise Forbidden(
            "region_not_served",
            f"This work is sold in {served} only, and you buy from "
            f"{country_name(billing.country)}. Nothing was charged.",
            regions=list(regions),
            country=billing.country,
        )
