"""The people of the journey and what they hold on to from step to step."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from souk.apps.demo.marketplace import ThrowAwayMarketplace
from souk.apps.demo.mp import Mp
from souk.apps.demo.stage import Stage
from souk_client.sdk import Souk

PASSWORD: Final = "correct horse battery staple"  # of accounts that live a minute


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, a client and a command line."""

    name: str
    handle: str
    email: str
    souk: Souk
    mp: Mp


@dataclass(frozen=True, slots=True)
class Story:
    """One run of the journey: where it plays, and who is in it."""

    stage: Stage
    market: ThrowAwayMarketplace
    folder: Path

    def person(self, name: str) -> Person:
        """Somebody new, without an account yet."""
        handle = name.split(maxsplit=1)[0].lower()
        home = self.folder / handle
        home.mkdir()
        return Person(
            name=name,
            handle=handle,
            email=f"{handle}@example.org",
            souk=Souk(self.market.base_url),
            mp=Mp(home, self.market.base_url),
        )


def register(person: Person) -> None:
    """Signs up through the API."""
    person.souk.auth.register(
        email=person.email, password=PASSWORD, name=person.name, handle=person.handle
    )


def balance_minor(person: Person, currency: str) -> int:
    """What a person can spend."""
    wallet = person.souk.wallet.get()
    return sum(one.available_minor for one in wallet.balances if one.currency == currency)
