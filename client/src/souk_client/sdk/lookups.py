"""Look-up of files."""

from souk_client.contracts.lookups import Copies, FileLookup
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api


def look_up_file(sha256: str) -> Call[FileLookup]:
    """Who published a file first, which works hold it, and which files are like it."""
    return Call(method="GET", path=api("lookup", sha256), answer=FileLookup)


def list_copies(listing_id: str) -> Call[Copies]:
    """Works of other sellers that are like this one."""
    return Call(method="GET", path=api("listings", listing_id, "copies"), answer=Copies)


class Lookups(Namespace[S]):
    """Who published what first, and what is like it."""

    file = Endpoint(look_up_file)
    copies = Endpoint(list_copies)
