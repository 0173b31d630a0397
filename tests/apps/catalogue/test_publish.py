"""Publishing the catalogue on a real marketplace: complete, resumable, and never double."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from souk.apps.catalogue.accounts import demo_accounts
from souk.apps.catalogue.build import CATALOGUE_VERSION
from souk.apps.catalogue.publish import ADMIN, BUYER, BUYER_FUNDS
from souk.apps.demo.marketplace import ThrowAwayMarketplace, throw_away_marketplace
from souk_client.contracts.works import Listing
from souk_client.sdk import Souk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ADDRESSES = {
    "atelier/all-minilm-l6-v2",
    "openshelf/handwritten-digits",
    "openshelf/breast-cancer-wisconsin",
    "openshelf/wine-recognition",
    "openshelf/iris-flowers",
    "openshelf/diabetes-progression",
    "openshelf/linnerud-fitness",
    "atelier/digits-mlp",
    "atelier/digits-svm",
    "atelier/breast-cancer-logistic",
    "atelier/breast-cancer-boosting",
    "atelier/wine-forest",
    "atelier/iris-neighbours",
    "atelier/diabetes-ridge",
    "atelier/diabetes-svr",
}


@pytest.fixture(scope="module")
def market() -> Iterator[ThrowAwayMarketplace]:
    with throw_away_marketplace() as running:
        yield running


def _start(market: ThrowAwayMarketplace) -> "subprocess.Popen[str]":
    environment = {name: value for name, value in os.environ.items() if name[:5] != "SOUK_"}
    return subprocess.Popen(
        [sys.executable, "-m", "souk.apps.catalogue"],
        env=environment | {"SOUK_PORT": str(market.port), "SOUK_DATA_DIR": str(market.data_dir)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _run(market: ThrowAwayMarketplace) -> list[str]:
    process = _start(market)
    said, _ = process.communicate(timeout=240)
    assert process.returncode == 0, said
    return said.splitlines()


def _listings(market: ThrowAwayMarketplace) -> dict[str, Listing]:
    with Souk(market.base_url) as souk:
        found = souk.discovery.search(limit=100).items
        return {hit.listing.address: souk.listings.get(hit.listing.address) for hit in found}


def _kill_after(market: ThrowAwayMarketplace, words: str) -> None:
    process = _start(market)
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            break
    time.sleep(0.15)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


def test_runs_that_were_killed_are_completed_and_nothing_is_there_twice(
    market: ThrowAwayMarketplace,
) -> None:
    _kill_after(market, "1/15")
    _kill_after(market, "atelier/digits-mlp")
    lines = _run(market)
    assert any("already there" in line for line in lines)
    again = _run(market)
    assert sum("already there" in line for line in again) == len(ADDRESSES)

    found = _listings(market)
    assert found.keys() == ADDRESSES
    for listing in found.values():
        assert listing.state == "published"
        assert [version.version for version in listing.versions] == ["1.0.0"]
        assert {file.scan.state for file in listing.versions[0].files} == {"clean"}
        assert len(listing.offers) == 1


def test_the_buyer_is_funded_once_and_the_shops_are_different(
    market: ThrowAwayMarketplace,
) -> None:
    account = demo_accounts(market.data_dir)[BUYER]
    with Souk(market.base_url) as souk:
        souk.auth.login(email=account.email, password=account.password)
        held = {one.currency: one.available_minor for one in souk.wallet.get().balances}
    assert held == dict(BUYER_FUNDS)


def test_published_files_are_the_built_files(market: ThrowAwayMarketplace) -> None:
    listing = _listings(market)["atelier/iris-neighbours"]
    folder = market.data_dir / "catalogue" / CATALOGUE_VERSION / "iris-neighbours"
    published = {file.path: file.sha256 for file in listing.versions[0].files}
    built = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    assert published == built


def test_the_operator_makes_the_steward_an_admin(market: ThrowAwayMarketplace) -> None:
    account = demo_accounts(market.data_dir)[ADMIN]
    with Souk(market.base_url) as souk:
        souk.auth.login(email=account.email, password=account.password)
        assert "admin" not in souk.account.get().user.roles
        for said in ("is an admin now", "is an admin already"):
            done = subprocess.run(
                [sys.executable, "-m", "souk.apps.cli", "admin", account.email],
                env=os.environ | {"SOUK_DATA_DIR": str(market.data_dir)},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            assert said in done.stdout
        me = souk.account.get()
    assert "admin" in me.user.roles
    assert "marketplace:administer" in me.permissions


def test_passwords_are_kept_for_nobody_but_the_owner(market: ThrowAwayMarketplace) -> None:
    kept = [path for path in (market.data_dir / "secrets").glob("demo-*") if path.is_file()]
    assert len(kept) == len(demo_accounts(market.data_dir))
    assert {oct(path.stat().st_mode & 0o777) for path in kept} == {"0o600"}
    assert _mode(market.data_dir / "secrets") == "0o700"


def _mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


def test_the_marketplace_measures_the_models_again_itself(market: ThrowAwayMarketplace) -> None:
    wanted = {
        "atelier/breast-cancer-boosting",
        "atelier/breast-cancer-logistic",
        "atelier/diabetes-ridge",
        "atelier/diabetes-svr",
        "atelier/digits-mlp",
        "atelier/digits-svm",
        "atelier/iris-neighbours",
        "atelier/wine-forest",
    }
    listings = {address: one for address, one in _listings(market).items() if address in wanted}
    with Souk(market.base_url) as souk:
        until = time.monotonic() + 60
        verified: dict[str, set[str]] = {}
        while verified.keys() != wanted and time.monotonic() < until:
            for address, listing in listings.items():
                found = souk.evaluations.metrics(listing.id).metrics
                names = {one.metric.name for one in found if one.verified}
                if names:
                    verified[address] = names
            time.sleep(0.2)
    assert verified.keys() == wanted
    assert verified["atelier/digits-mlp"] == {"accuracy", "macro F1"}
    assert verified["atelier/diabetes-ridge"] == {
        "R²",
        "mean absolute error",
        "root mean squared error",
    }
