"""A backup holds everything, notices damage, and a restore makes the same marketplace again."""

import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from souk.apps.application_role import app_dsn, app_password
from souk.apps.backup import BackupError, back_up, restore
from souk.apps.migrations.run import current_revision, migrate
from souk.infra.postgres.embedded import EmbeddedPostgres
from tests.apps.backup.rows import contents

SECRET = "ab" * 32

pytestmark = [pytest.mark.database, pytest.mark.slow]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A running marketplace's folder with rows, blobs and secrets, and its owner's address."""
    data_dir = tmp_path_factory.mktemp("original")
    (data_dir / "blobs" / "ab").mkdir(parents=True)
    (data_dir / "blobs" / "ab" / "abcd").write_bytes(bytes(range(256)) * 4096)
    (data_dir / "blobs" / "empty").touch()
    (data_dir / "souk.toml").write_text('souk_log_level = "info"\n')
    (data_dir / "catalogue").mkdir()
    (data_dir / "catalogue" / "loaded").write_text("1.0.0")
    with EmbeddedPostgres(data_dir) as server:
        migrate(server.dsn(), app_password=app_password(SECRET))
        with psycopg.connect(server.dsn()) as connection:
            connection.execute(
                "INSERT INTO infra.events SELECT 'evt_' || n, 'topic', jsonb_build_object('n', n, "
                "'text', 'Ünïcödé'), now() FROM generate_series(1, 5000) AS n"
            )
        yield data_dir, server.dsn()


@pytest.fixture
def archive(original: tuple[Path, str], tmp_path: Path) -> Path:
    data_dir, dsn = original
    target = tmp_path / "marketplace.backup"
    back_up(
        target,
        data_dir=data_dir,
        owner_dsn=dsn,
        secret=SECRET,
        blobs_url="",
        progress=lambda _line: None,
    )
    return target


def say_nothing(_line: str) -> None:
    return


def test_a_restored_marketplace_is_the_same(original: tuple[Path, str], archive: Path) -> None:
    data_dir, dsn = original
    copy = archive.parent / "copy"
    manifest = restore(archive, data_dir=copy, database_url="", progress=say_nothing)
    assert manifest.schema_revision == current_revision(dsn)
    with EmbeddedPostgres(copy) as server:
        assert len(contents(dsn)) > 20
        assert contents(server.dsn()) == contents(dsn)
        with psycopg.connect(app_dsn(server.dsn(), SECRET)) as connection:
            found = connection.execute("SELECT count(*) FROM infra.events").fetchone()
    assert found == (5000,)
    for name in ("blobs/ab/abcd", "blobs/empty", "souk.toml", "catalogue/loaded"):
        assert (copy / name).read_bytes() == (data_dir / name).read_bytes()
    assert (copy / "secrets" / "marketplace").read_text().strip() == SECRET
    here, there = (folder / "secrets" / "postgres-owner" for folder in (data_dir, copy))
    assert here.read_text() != there.read_text()


def test_the_archive_is_private_and_nothing_else_is_left_beside_it(archive: Path) -> None:
    assert archive.stat().st_mode & 0o777 == 0o600
    assert list(archive.parent.iterdir()) == [archive]


def test_an_existing_file_is_not_written_over(original: tuple[Path, str], archive: Path) -> None:
    data_dir, dsn = original
    before = archive.read_bytes()
    with pytest.raises(BackupError, match="exists"):
        back_up(
            archive,
            data_dir=data_dir,
            owner_dsn=dsn,
            secret=SECRET,
            blobs_url="",
            progress=say_nothing,
        )
    assert archive.read_bytes() == before


def test_a_folder_that_is_not_empty_is_left_alone(archive: Path) -> None:
    target = archive.parent / "full"
    target.mkdir()
    (target / "precious").write_text("mine")
    with pytest.raises(BackupError, match="not empty"):
        restore(archive, data_dir=target, database_url="", progress=say_nothing)
    assert [path.name for path in target.iterdir()] == ["precious"]


def test_a_database_that_holds_a_marketplace_is_left_alone(
    original: tuple[Path, str], archive: Path
) -> None:
    _, dsn = original
    before = contents(dsn)
    with pytest.raises(BackupError, match="holds a marketplace already"):
        restore(archive, data_dir=archive.parent / "new", database_url=dsn, progress=say_nothing)
    assert contents(dsn) == before
    assert not (archive.parent / "new").exists()


@pytest.mark.parametrize("at", [0.1, 0.6, 0.95])
def test_one_changed_byte_is_noticed_and_nothing_is_left(archive: Path, at: float) -> None:
    damaged = bytearray(archive.read_bytes())
    with tarfile.open(archive) as tar:
        blob = tar.getmember("blobs/ab/abcd")
    damaged[blob.offset_data + int(blob.size * at)] ^= 1
    archive.write_bytes(damaged)
    with pytest.raises(BackupError, match=r"damaged.*blobs/ab/abcd"):
        restore(archive, data_dir=archive.parent / "new", database_url="", progress=say_nothing)
    assert list(archive.parent.iterdir()) == [archive]


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9, 0.9999])
def test_a_backup_that_was_cut_off_is_refused(archive: Path, kept: float) -> None:
    whole = archive.read_bytes()
    with tarfile.open(archive) as tar:
        end = tar.getmember("manifest.json").offset_data
    archive.write_bytes(whole[: int(end * kept)])
    with pytest.raises(BackupError, match=r"cut off|is not a backup"):
        restore(archive, data_dir=archive.parent / "new", database_url="", progress=say_nothing)
    assert list(archive.parent.iterdir()) == [archive]


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "a/../../outside"])
def test_a_name_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "evil.backup"
    with tarfile.open(archive, "w") as tar:
        tar.addfile(tarfile.TarInfo(name))
    with pytest.raises(BackupError, match="no backup of Souk"):
        restore(archive, data_dir=tmp_path / "new", database_url="", progress=say_nothing)
    assert list(tmp_path.iterdir()) == [archive]


def test_an_empty_database_has_nothing_to_back_up(tmp_path: Path) -> None:
    with (
        EmbeddedPostgres(tmp_path / "data") as server,
        pytest.raises(BackupError, match="nothing to back up"),
    ):
        back_up(
            tmp_path / "file",
            data_dir=tmp_path / "data",
            owner_dsn=server.dsn(),
            secret=SECRET,
            blobs_url="",
            progress=say_nothing,
        )
    shutil.rmtree(tmp_path / "data")
    assert not any(tmp_path.iterdir())
