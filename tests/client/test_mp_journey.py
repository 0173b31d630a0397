"""The command `mp` against a real marketplace: the whole journey, and where it can go wrong."""

import json
import stat
import time
from pathlib import Path

import pytest

from tests.client.journey import PASSWORD, Person, make_work, random_word

pytestmark = pytest.mark.database


@pytest.fixture
def seller(base_url: str, tmp_path: Path) -> Person:
    return Person(tmp_path / "seller", base_url)


@pytest.fixture
def buyer(base_url: str, tmp_path: Path) -> Person:
    return Person(tmp_path / "buyer", base_url)


@pytest.fixture
def address(seller: Person) -> str:
    """A published work, in the folder `work` of its seller."""
    owner = seller.sign_up("Ada’s Models")
    slug, _ = make_work(seller.home / "work")
    ran = seller.mp("publish", "work")
    assert ran.code == 0, ran.err
    return f"{owner}/{slug}"


def find(person: Person, word: str) -> list[dict[str, object]]:
    """What a search finds, at the latest after the second that a new listing may take."""
    for _ in range(30):
        ran = person.mp("search", word, "--json")
        assert ran.code == 0, ran.err
        hits = [hit["listing"] for hit in ran.answer()["items"] if word in hit["listing"]["title"]]
        if hits:
            return hits
        time.sleep(0.1)
    return []


def test_publish_find_buy_download_verify(seller: Person, buyer: Person) -> None:
    owner = seller.sign_up("Ada’s Models")
    slug, word = make_work(seller.home / "work")
    published = seller.mp("publish", "work")
    assert published.code == 0, published.err
    address = f"{owner}/{slug}"
    assert f"Published {address} 1.0.0" in published.out

    buyer.sign_up("Böttcher & Söhne")
    assert [hit["address"] for hit in find(buyer, word)] == [address]
    shown = buyer.mp("show", address)
    assert "$12.50" in shown.out
    assert "model.safetensors" in shown.out
    assert ".git" not in shown.out

    poor = buyer.mp("buy", address, "--yes")
    assert poor.code == 5, poor.err
    assert "mp wallet deposit" in poor.err
    assert buyer.mp("library", "--json").answer()["items"] == []

    assert buyer.mp("wallet", "deposit", "20").code == 0
    bought = buyer.mp("buy", address, "--yes", "--json")
    assert bought.code == 0, bought.err
    order = bought.answer()
    assert (order["price_minor"], order["state"]) == (1250, "paid")
    assert buyer.mp("wallet").out.strip() == "$7.50"
    assert "-$12.50" in buyer.mp("wallet", "statement").out
    held = buyer.mp("library", "--json").answer()["items"]
    assert [licence["id"] for licence in held] == [order["licence_id"]]

    fetched = buyer.mp("download", address)
    assert fetched.code == 0, fetched.err
    folder = buyer.home / slug
    assert sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()) == [
        "README.md",
        "data/iris.csv",
        f"{slug}-1.0.0.souk.json",
        "model.safetensors",
    ]
    for path in ("README.md", "data/iris.csv", "model.safetensors"):
        assert (folder / path).read_bytes() == (seller.home / "work" / path).read_bytes()

    nowhere = {"SOUK_API_URL": "http://127.0.0.1:9"}
    good = buyer.mp("verify", slug, **nowhere)
    assert good.code == 0, good.out + good.err
    assert f"Good: {address} 1.0.0, licensed to Böttcher & Söhne by Ada’s Models." in good.out
    (folder / "data/iris.csv").write_text("a,b\n9,9\n")
    bad = buyer.mp("verify", slug, **nowhere)
    assert bad.code == 7
    assert "file data/iris.csv: has the sha256" in bad.out

    again = buyer.mp("download", address, "--json").answer()["download"]
    received = {file["path"]: file["received_bytes"] for file in again["files"]}
    assert received["model.safetensors"] == received["README.md"] == 0
    assert received["data/iris.csv"] > 0
    assert buyer.mp("verify", slug).code == 0


def test_signing_in_and_out(buyer: Person) -> None:
    slug = buyer.sign_up("Grace")
    email = json.loads(buyer.mp("whoami", "--json").out)["user"]["email"]
    said = buyer.mp("whoami").out
    assert f"{slug} (owner)" in said
    assert email in said
    file = buyer.home / "config" / "credentials.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert PASSWORD not in file.read_text()

    assert buyer.mp("logout").code == 0
    assert buyer.mp("whoami").code == 3
    kept = json.loads(file.read_text())["by_url"][buyer.base_url]
    assert kept["session"] is None
    assert kept["keys"]["keys"]

    wrong = buyer.mp(
        "login", "--email", email, "--password-stdin", "--json", stdin="not the password\n"
    )
    assert wrong.code == 3
    assert json.loads(wrong.err)["code"] == "credentials_wrong"
    assert buyer.mp("login", "--email", email, "--password-stdin", stdin=PASSWORD).code == 0
    assert buyer.mp("whoami").code == 0


def test_a_session_that_ran_out_renews_itself(buyer: Person) -> None:
    buyer.sign_up("Grace")
    file = buyer.home / "config" / "credentials.json"
    kept = json.loads(file.read_text())
    session = kept["by_url"][buyer.base_url]["session"]
    spoiled = session["access_token"][:-8] + "AAAAAAAA"
    kept["by_url"][buyer.base_url]["session"]["access_token"] = spoiled
    file.write_text(json.dumps(kept))
    assert buyer.mp("whoami").code == 0
    renewed = json.loads(file.read_text())["by_url"][buyer.base_url]["session"]
    assert renewed["refresh_token"] != session["refresh_token"]
    assert renewed["access_token"] != spoiled
    assert buyer.mp("whoami").code == 0


def test_a_key_stands_in_for_signing_in(buyer: Person, tmp_path: Path) -> None:
    from souk_client.sdk import Souk

    with Souk(buyer.base_url) as souk:
        souk.auth.register(email=f"{random_word()}@example.org", password=PASSWORD, name="Key")
        key = souk.api_keys.create(name="for mp").key
    program = Person(tmp_path / "program", buyer.base_url)
    ran = program.mp("whoami", "--json", SOUK_API_KEY=key, SOUK_API_URL=buyer.base_url)
    assert ran.answer()["user"]["name"] == "Key"
    kept = Person(tmp_path / "kept", buyer.base_url)
    assert kept.mp("login", "--api-key", key, "--api-url", buyer.base_url).code == 0
    assert kept.mp("whoami").code == 0
    wrong = program.mp("whoami", SOUK_API_KEY="vk_x_y", SOUK_API_URL=buyer.base_url)
    assert wrong.code == 3


def test_publishing_again_goes_on_where_it_stopped(seller: Person, address: str) -> None:
    again = seller.mp("publish", "work")
    assert again.code == 0, again.err
    assert "is there already" in again.err
    model = seller.home / "work" / "data" / "iris.csv"
    model.write_text(model.read_text() + "5,6\n")
    clash = seller.mp("publish", "work")
    assert clash.code == 5
    assert "--version" in clash.err
    later = seller.mp("publish", "work", "--version", "1.1.0", "--notes", "More data")
    assert later.code == 0, later.err
    versions = seller.mp("show", address, "--json").answer()["versions"]
    assert [version["version"] for version in versions] == ["1.1.0", "1.0.0"]


def test_a_draft_is_seen_by_its_seller_only(seller: Person, buyer: Person) -> None:
    owner = seller.sign_up("Ada")
    slug, _ = make_work(seller.home / "work")
    ran = seller.mp("publish", "work", "--draft", "--json")
    assert ran.code == 0, ran.err
    assert ran.answer()["state"] == "draft"
    assert seller.mp("show", f"{owner}/{slug}").code == 0
    buyer.sign_up("Eve")
    assert buyer.mp("show", f"{owner}/{slug}").code == 4
    assert buyer.mp("buy", f"{owner}/{slug}", "--yes").code == 4


def test_what_the_scan_refuses_is_told(seller: Person) -> None:
    import pickle

    seller.sign_up("Mallory")
    make_work(seller.home / "work")

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            import os

            return os.system, ("true",)

    (seller.home / "work" / "model.pkl").write_bytes(pickle.dumps(Evil()))
    ran = seller.mp("publish", "work")
    assert ran.code == 5, ran.err
    assert "model.pkl" in ran.err


def test_nothing_is_bought_without_an_answer(buyer: Person, address: str) -> None:
    buyer.sign_up("Grace")
    ran = buyer.mp("buy", address)
    assert ran.code == 2
    assert "--yes" in ran.err
    assert "$12.50" in ran.err
    assert buyer.mp("library").out == ""


def test_what_is_not_held_cannot_be_downloaded(buyer: Person, address: str) -> None:
    buyer.sign_up("Grace")
    ran = buyer.mp("download", address)
    assert ran.code == 4
    assert f"mp buy {address}" in ran.err
    assert buyer.mp("download", "lic_" + "0" * 26).code == 4


def test_evidence_of_another_marketplace_is_not_taken(buyer: Person, address: str) -> None:
    buyer.sign_up("Grace")
    buyer.mp("wallet", "deposit", "20")
    assert buyer.mp("buy", address, "--yes").code == 0
    file = buyer.home / "config" / "credentials.json"
    kept = json.loads(file.read_text())
    kept["by_url"][buyer.base_url]["keys"]["origin"] = "elsewhere.example"
    file.write_text(json.dumps(kept))
    ran = buyer.mp("download", address, "--to", "work")
    assert ran.code == 7, ran.err
    assert not list((buyer.home / "work").glob("*.souk.json"))


def test_a_newer_version_than_the_one_bought(seller: Person, buyer: Person, address: str) -> None:
    buyer.sign_up("Grace")
    buyer.mp("wallet", "deposit", "20")
    assert buyer.mp("buy", address, "--yes").code == 0
    (seller.home / "work" / "data" / "iris.csv").write_text("a,b\n3,4\n")
    assert seller.mp("publish", "work", "--version", "1.1.0").code == 0
    for version, folder in (("1.0.0", "old"), (None, "new")):
        words = ["download", address, "--to", folder]
        ran = buyer.mp(*words, *(["--version", version] if version else []))
        assert ran.code == 0, ran.err
        verified = buyer.mp("verify", folder)
        assert verified.code == 0, verified.out
    assert (buyer.home / "new/data/iris.csv").read_text() == "a,b\n3,4\n"
    assert (buyer.home / "old/data/iris.csv").read_text() != "a,b\n3,4\n"


def test_signing_in_by_hand_asks_for_what_is_left_out(buyer: Person) -> None:
    """At a terminal: name, address and password are asked for, and the password is not shown."""
    import os
    import pty
    import subprocess
    import sys

    buyer.home.mkdir(parents=True)
    controller, terminal = pty.openpty()
    start = "from souk_client.cli.main import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", start, "login", "--create", "--api-url", buyer.base_url],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        env={**os.environ, "SOUK_CONFIG_DIR": str(buyer.home / "config")},
    )
    os.close(terminal)
    email = f"{random_word()}@example.org"
    shown = ""
    try:
        for question, reply in (
            ("E-mail: ", email),
            ("Your name: ", "Hand Made"),
            ("Password: ", PASSWORD),
            ("Repeat for confirmation: ", PASSWORD),
        ):
            while question not in shown:
                shown += os.read(controller, 4096).decode()
            before, _, shown = shown.partition(question)
            assert PASSWORD not in before
            os.write(controller, f"{reply}\n".encode())
        while "Pinned" not in shown:
            shown += os.read(controller, 4096).decode()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(controller)
    assert PASSWORD not in shown
    assert f"as Hand Made <{email}>" in shown
    assert buyer.mp("whoami", "--json").answer()["user"]["email"] == email


def test_works_are_compared_without_an_account(seller: Person, buyer: Person) -> None:
    owner = seller.sign_up("Ada’s Models")
    addresses = []
    for folder in ("one", "two"):
        slug, _ = make_work(seller.home / folder)
        assert seller.mp("publish", folder).code == 0
        addresses.append(f"{owner}/{slug}")
    here = {"SOUK_API_URL": buyer.base_url}
    compared = buyer.mp("compare", *addresses, **here)
    assert compared.code == 0, compared.err
    assert all(address[:20] in compared.out for address in addresses)
    assert "$12.50 *" in compared.out
    answer = buyer.mp("compare", *addresses, "--json", **here).answer()
    assert [one["address"] for one in answer["listings"]] == addresses
    assert buyer.mp("compare", *(f"a/b{n}" for n in range(7)), **here).code == 2
    assert buyer.mp("compare", "nobody/nothing", addresses[0], **here).code == 4


def test_searches_are_kept_paused_and_dropped(buyer: Person) -> None:
    buyer.sign_up("Grace Hopper")
    assert "no searches yet" in buyer.mp("searches").err
    kept = buyer.mp("searches", "add", "kind:model", "iris", "--name", "Irises", "--json")
    assert kept.code == 0, kept.err
    made = kept.answer()
    assert (made["name"], made["query"], made["paused"]) == ("Irises", "kind:model iris", False)
    assert "Irises" in buyer.mp("searches").out
    assert buyer.mp("searches", "pause", made["id"]).code == 0
    assert "paused" in buyer.mp("searches").out
    assert buyer.mp("searches", "resume", made["id"]).code == 0
    assert buyer.mp("searches", "remove", made["id"]).code == 0
    assert buyer.mp("searches", "--json").answer()["items"] == []
    assert buyer.mp("searches", "pause", made["id"]).code == 4
