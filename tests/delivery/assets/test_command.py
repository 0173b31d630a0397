"""`mp assets`: a file and a folder put, listed, refreshed and removed."""

from pathlib import Path

import httpx

from tests.client.journey import Person


def test_files_and_folders_are_put_listed_and_removed(base_url: str, tmp_path: Path) -> None:
    person = Person(tmp_path / "ada", base_url)
    slug = person.sign_up("Ada")
    site = person.home / "site"
    (site / "css").mkdir(parents=True)
    (site / "index.html").write_text("<!doctype html><title>Hi</title>")
    (site / "css" / "a.css").write_text("a { color : red }")
    (site / ".hidden").write_text("not to be shown")
    put = person.mp("assets", "put", "site", "--below", "www", "--as-is", "--json")
    assert put.code == 0, put.err
    assert [one["path"] for one in put.answer()["items"]] == ["www/css/a.css", "www/index.html"]
    assert httpx.get(f"{base_url}/a/{slug}/www/css/a.css").text == "a { color : red }"
    one = person.mp("assets", "put", "site/index.html", "start.html")
    assert one.code == 0, one.err
    assert f"{base_url}/a/{slug}/start.html" in one.out
    listed = person.mp("assets", "--prefix", "www/")
    assert "www/index.html" in listed.out
    assert "start.html" not in listed.out
    assert person.mp("assets", "refresh", "start.html").code == 0
    removed = person.mp("assets", "remove", "start.html")
    assert removed.code == 0
    assert removed.out.startswith("Removed start.html")
    assert httpx.get(f"{base_url}/a/{slug}/start.html").status_code == 404
