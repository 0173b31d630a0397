"""A listing's numbers as a fragment, and the message that they have changed."""

import httpx
import pytest

from souk_client.contracts.commerce import OrderRequest
from tests.infra.live.readers import Reader
from tests.market import funded, publish, sign_up


def test_a_sale_is_said_on_the_listings_channel_and_shown_by_the_fragment(base_url: str) -> None:
    listing = publish(sign_up(base_url))
    buyer = funded(base_url)
    path = f"{base_url}/fragments/listing/{listing.id}/numbers"
    assert "sale" not in httpx.get(path).text
    with Reader(base_url, f"listing:{listing.id}") as reader:
        buyer.orders.create(OrderRequest(listing_id=listing.id))
        said = reader.next()
    assert said.data["kind"] == "listing.numbers"
    assert "1 sale" in httpx.get(path).text


@pytest.mark.parametrize("listing_id", ["x", "lst_", "lst_00000000000000000000000000", "🙂", "%00"])
def test_a_listing_that_is_not_there_has_no_numbers(base_url: str, listing_id: str) -> None:
    answer = httpx.get(f"{base_url}/fragments/listing/{listing_id}/numbers")
    assert answer.status_code == 404
