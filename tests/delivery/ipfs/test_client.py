"""The Python client and `mp` with content by its CID."""

import asyncio
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from souk_client.contracts.commerce import OrderRequest
from souk_client.proofs import ProofError
from souk_client.proofs.ipfs import CarReader
from souk_client.sdk import AsyncSouk, IntegrityError, Souk
from tests.delivery.ipfs.checker import files_below, read_car
from tests.delivery.ipfs.market import await_cid, file_cid, folder_cid, key_of, publish_files
from tests.delivery.ipfs.vectors import car_of, content, recorded
from tests.market import connect, funded, refused, sign_up

FILES = {"README.md": b"# Named\n", "data/x.bin": secrets.token_bytes(3000)}


@pytest.fixture(scope="module")
def seller(base_url: str) -> Souk:
    return sign_up(base_url)


def test_a_published_version_tells_its_cid_and_is_fetched_by_it(
    base_url: str, seller: Souk, tmp_path: Path
) -> None:
    listing = publish_files(seller, FILES)
    await_cid(base_url, folder_cid(FILES))
    anybody = connect(base_url)
    known = anybody.ipfs.version(listing.id, "1.0.0")
    assert known.cid == folder_cid(FILES)
    assert known.by_all and known.remote_pin is None
    assert known.size_bytes == sum(map(len, FILES.values()))
    assert known.car_url == f"{base_url}/ipfs/{known.cid}?format=car"
    place = tmp_path / "work.car"
    assert anybody.fetch_car(known.cid, place) == place.stat().st_size
    roots, blocks = read_car(place.read_bytes())
    assert files_below(roots[0], dict(blocks)) == FILES
    assert anybody.ipfs.block(file_cid(FILES["README.md"])) == FILES["README.md"]
    with refused("version_unknown", 404):
        anybody.ipfs.version(listing.id, "9.9.9")
    with refused("listing_unknown", 404):
        anybody.ipfs.version("lst_x", "1.0.0")
    with pytest.raises(ProofError):
        anybody.fetch_car("no cid", place)


def test_a_licensed_version_is_fetched_with_the_licence(
    base_url: str, seller: Souk, tmp_path: Path
) -> None:
    files = {"paid": secrets.token_bytes(100)}
    listing = publish_files(seller, files, price_minor=50)
    cid = folder_cid(files)
    await_cid(base_url, cid, key_of(seller))
    buyer = funded(base_url)
    assert not buyer.ipfs.version(listing.id, "1.0.0").by_all
    with refused("licence_needed", 403):
        buyer.fetch_car(cid, tmp_path / "a.car")
    assert list(tmp_path.iterdir()) == []
    buyer.orders.create(OrderRequest(listing_id=listing.id))

    async def fetch() -> int:
        async with AsyncSouk(base_url, api_key=key_of(buyer)) as souk:
            return await souk.fetch_car(cid, tmp_path / "a.car")

    assert asyncio.run(fetch()) == (tmp_path / "a.car").stat().st_size


def test_a_car_file_is_sent(seller: Souk, tmp_path: Path) -> None:
    case = recorded()["cars"][1]
    path = tmp_path / "foreign.car"
    path.write_bytes(car_of(case))
    imported = seller.import_car(path)
    assert imported.cid == case["root"]
    assert {file.path: file.cid for file in imported.files} == {
        name: file_cid(content(name, size)) for name, size in case["files"].items()
    }
    path.write_bytes(car_of(case)[:-1])
    with refused("car_invalid", 422):
        seller.import_car(path)


def test_what_arrives_wrong_leaves_no_file(
    base_url: str, seller: Souk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"a": secrets.token_bytes(20)}
    publish_files(seller, files)
    await_cid(base_url, folder_cid(files))
    monkeypatch.setattr(CarReader, "feed", lambda _self, _piece: iter(()))
    monkeypatch.setattr(CarReader, "finish", lambda _self: None)
    with pytest.raises(IntegrityError):
        seller.fetch_car(folder_cid(files), tmp_path / "a.car")
    assert list(tmp_path.iterdir()) == []


def mp(folder: Path, *words: str) -> tuple[int, str]:
    """Exit code and output of the command."""
    done = subprocess.run(
        [sys.executable, "-c", "from souk_client.cli.main import main; main()", *words],
        env={**os.environ, "SOUK_CONFIG_DIR": str(folder / "config")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout


def test_mp_checks_a_folder_against_its_cid(tmp_path: Path) -> None:
    work = tmp_path / "work"
    for name, body in FILES.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_bytes(body)
    (work / ".hidden").write_text("left out")
    (work / "x.souk.json").write_text("left out")
    code, said = mp(tmp_path, "verify", str(work), "--cid", folder_cid(FILES))
    assert code == 0 and said.startswith("Good")
    file = str(work / "data/x.bin")
    assert mp(tmp_path, "verify", file, "--cid", file_cid(FILES["data/x.bin"]))[0] == 0
    (work / "README.md").write_text("changed")
    code, said = mp(tmp_path, "verify", str(work), "--cid", folder_cid(FILES))
    assert code == 7 and said.startswith("NOT good")
    assert mp(tmp_path, "verify", file, "--cid", "no cid")[0] == 7
