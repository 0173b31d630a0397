"""Works bought for download tests."""

import os
import random

import httpx

from souk_client.contracts.commerce import OrderRequest
from souk_client.sdk import Souk
from tests.delivery.cdn.nodes import until
from tests.market import publish, sign_up

MIB = 2**20
_chance = random.Random(7)


def fresh(size: int) -> bytes:
    """Content that no other test has."""
    return os.urandom(16) + _chance.randbytes(size - 16)


def key_of(client: Souk) -> str:
    """A key for plain HTTP in somebody's name."""
    return client.api_keys.create(name="cdn").key


class Bought:
    """A licence of a work with one file."""

    def __init__(self, base_url: str, seller: Souk, content: bytes) -> None:
        self.content = content
        self.listing = publish(seller, content=content, price_minor=0)
        self.buyer = sign_up(base_url)
        order = self.buyer.orders.create(OrderRequest(listing_id=self.listing.id))
        self.licence_id = order.licence_id

    def home_url(self) -> str:
        """The address at home."""
        return self.buyer.licences.files(self.licence_id).items[0].url

    def url(self) -> str:
        """The address at a node that home sends to, once one has answered it in time."""
        found: list[str] = []

        def sent() -> bool:
            answer = httpx.get(self.home_url(), timeout=60)
            if answer.status_code == 307:
                assert answer.content == b""
                found.append(answer.headers["location"])
            return bool(found)

        until(sent, what="being sent to a node")
        return found[0]
