"""Sellers and buyers with keys for the real clients."""

from dataclasses import dataclass

import pytest

from souk_client.sdk import Souk
from tests.market import funded, sign_up, slug_of


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, and a key for their tools."""

    souk: Souk
    handle: str
    key: str


def person(souk: Souk) -> Person:
    """The person of an account, with a new key."""
    return Person(souk=souk, handle=slug_of(souk), key=souk.api_keys.create(name="tools").key)


@pytest.fixture(scope="module")
def seller(base_url: str) -> Person:
    return person(sign_up(base_url))


@pytest.fixture(scope="module")
def buyer(base_url: str) -> Person:
    return person(funded(base_url))
