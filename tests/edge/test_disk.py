"""Slices on disk: what was written comes back, or nothing does, whatever happened meanwhile."""

import os
from pathlib import Path

import pytest

from souk.edge.disk import Damaged, DiskFull, SliceDisk, SliceKey

KEY = SliceKey("ab" * 32, 3)
OTHER = SliceKey("ab" * 32, 4)


@pytest.fixture
def disk(tmp_path: Path) -> SliceDisk:
    made = SliceDisk(tmp_path, free_bytes_kept=0)
    made.scan()
    return made


def file_of(folder: Path, key: SliceKey) -> Path:
    return folder / key.sha256[:2] / f"{key.sha256}.{key.number:08d}"


@pytest.mark.parametrize("content", [b"", b"x", os.urandom(2**20)])
def test_what_was_written_comes_back(disk: SliceDisk, content: bytes) -> None:
    assert disk.read(KEY) is None
    disk.write(KEY, content)
    assert disk.read(KEY) == content
    assert [found.key for found in disk.scan()] == [KEY]
    assert disk.scan()[0].size_bytes == len(content)
    disk.drop(KEY)
    disk.drop(KEY)
    assert disk.read(KEY) is None


@pytest.mark.parametrize("at", [0, 500, 999, 1000, 1031])
def test_one_changed_byte_is_noticed(disk: SliceDisk, tmp_path: Path, at: int) -> None:
    disk.write(KEY, b"c" * 1000)
    path = file_of(tmp_path, KEY)
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    path.write_bytes(raw)
    with pytest.raises(Damaged):
        disk.read(KEY)


@pytest.mark.parametrize("length", [0, 31, 32, 500, 1031])
def test_a_cut_off_file_is_noticed(disk: SliceDisk, tmp_path: Path, length: int) -> None:
    disk.write(KEY, b"c" * 1000)
    os.truncate(file_of(tmp_path, KEY), length)
    with pytest.raises(Damaged):
        disk.read(KEY)


def test_a_slice_under_another_name_is_noticed(disk: SliceDisk, tmp_path: Path) -> None:
    disk.write(KEY, b"one")
    file_of(tmp_path, KEY).rename(file_of(tmp_path, OTHER))
    with pytest.raises(Damaged):
        disk.read(OTHER)


def test_an_interrupted_write_leaves_nothing_that_counts(disk: SliceDisk, tmp_path: Path) -> None:
    disk.write(KEY, b"one")
    half = file_of(tmp_path, OTHER).with_suffix(".00000004.abcd.new")
    half.write_bytes(b"half")
    (tmp_path / "ab" / "notes.txt").write_text("not ours")
    assert [found.key for found in disk.scan()] == [KEY]
    assert not half.exists()


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    disk = SliceDisk(tmp_path, free_bytes_kept=2**62)
    disk.scan()
    with pytest.raises(DiskFull):
        disk.write(KEY, b"content")
    assert list(tmp_path.glob("*/*")) == []
