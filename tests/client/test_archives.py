"""Works that come as archives: what is inside is published, and a hostile one harms nobody."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from souk_client.cli import archive
from souk_client.cli.archive import unpacked
from souk_client.cli.failures import Failure
from tests.client.journey import Person, make_work


def packed(path: Path, **files: bytes | str) -> Path:
    """An archive of these files, by its ending."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
            for name, content in files.items():
                target.writestr(name, content)
        return path
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def all_files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("name", ["iris.zip", "iris.tar.gz", "IRIS.TGZ"])
def test_an_archive_is_its_files_for_as_long_as_it_is_used(tmp_path: Path, name: str) -> None:
    files = {"README.md": b"# Iris", "data/iris.csv": b"1,2"}
    with unpacked(packed(tmp_path / name, **files)) as folder:
        assert all_files(folder) == files
        assert folder.name.lower() == "iris"
    assert not folder.exists()


def test_the_only_folder_of_an_archive_stands_for_it(tmp_path: Path) -> None:
    with unpacked(packed(tmp_path / "a.zip", **{"iris/README.md": "# Iris"})) as folder:
        assert folder.name == "iris"
        assert list(all_files(folder)) == ["README.md"]


@pytest.mark.parametrize("ending", ["zip", "tar.gz"])
@pytest.mark.parametrize("name", ["../out.txt", "/out.txt", "a/../../out.txt", "a\\..\\out.txt"])
def test_nothing_is_written_outside(tmp_path: Path, name: str, ending: str) -> None:
    hostile = packed(tmp_path / f"a.{ending}", **{"README.md": "# A", name: "gone"})
    with pytest.raises(Failure, match="leads out of it"), unpacked(hostile):
        pass
    assert not list(tmp_path.parent.rglob("out.txt"))


def test_links_and_devices_are_refused(tmp_path: Path) -> None:
    for kind, target in ((tarfile.SYMTYPE, "/etc/passwd"), (tarfile.LNKTYPE, "README.md")):
        path = tmp_path / "a.tar"
        with tarfile.open(path, "w") as tar:
            info = tarfile.TarInfo("link")
            info.type, info.linkname = kind, target
            tar.addfile(info)
        with pytest.raises(Failure, match="link or no file"), unpacked(path):
            pass
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as target_zip:
        linked = zipfile.ZipInfo("link")
        linked.external_attr = 0o120777 << 16
        target_zip.writestr(linked, "/etc/passwd")
    with pytest.raises(Failure, match="link or no file"), unpacked(path):
        pass


def test_a_bomb_stops_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "FREE_BYTES", 2**20)
    bomb = packed(tmp_path / "bomb.zip", **{"zeros": bytes(64 * 2**20)})
    with pytest.raises(Failure, match="unpacks to more than"), unpacked(bomb):
        pass
    monkeypatch.setattr(archive, "MAX_FILES", 10)
    many = packed(tmp_path / "many.zip", **{str(number): b"" for number in range(11)})
    with pytest.raises(Failure, match="more than 10 files"), unpacked(many):
        pass


@pytest.mark.parametrize("name", ["iris.txt", "iris.zip", "iris.tar.gz"])
def test_what_is_no_archive_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"no archive")
    with pytest.raises(Failure, match=r"neither a folder nor|cannot be unpacked"), unpacked(path):
        pass


@pytest.fixture
def seller(base_url: str, tmp_path: Path) -> Person:
    person = Person(tmp_path / "seller", base_url)
    person.sign_up("Ada")
    return person


def archived(folder: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w") as made:
        for path in folder.rglob("*"):
            made.write(path, path.relative_to(folder.parent))


@pytest.mark.database
def test_an_archive_is_published_as_its_folder_would_be(seller: Person) -> None:
    slug, _ = make_work(seller.home / "work")
    archived(seller.home / "work", seller.home / "work.zip")
    ran = seller.mp("publish", "work.zip")
    assert ran.code == 0, ran.err
    assert f"/{slug} 1.0.0" in ran.out
    again = seller.mp("publish", "work")
    assert again.code == 0 and "there already, with these files" in again.err


@pytest.mark.database
def test_an_import_publishes_what_it_can_and_names_what_it_cannot(seller: Person) -> None:
    works = seller.home / "works"
    slugs = [make_work(works / name)[0] for name in ("one", "two")]
    broken = works / "broken"
    broken.mkdir()
    (broken / "README.md").write_text("---\nkind: model\n---\n# No price\n")
    (works / "notes").mkdir()
    ran = seller.mp("import", "works", "--json")
    assert ran.code == 1
    found = {result["folder"]: result for result in ran.answer()}
    assert set(found) == {"one", "two", "broken"}
    assert "Say its price" in found["broken"]["problem"]
    assert [found[name]["address"].split("/")[1] for name in ("one", "two")] == slugs
    mended = seller.mp("import", "works", "--price", "0", "--draft")
    assert mended.code == 0, mended.err
    assert mended.out.count("1.0.0") == 3


@pytest.mark.database
def test_a_folder_without_works_says_what_to_do(seller: Person) -> None:
    (seller.home / "empty").mkdir()
    ran = seller.mp("import", "empty")
    assert ran.code == 2
    assert "mp publish" in ran.err
