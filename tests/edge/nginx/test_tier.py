"""nginx's cache files: found by their keys, and worthless also to who has one open."""

import hashlib
from pathlib import Path

from souk.edge.nginx.tier import cache_file, drop, slice_keys
from souk.edge.slices import SLICE_BYTES

SHA = "ab" * 32


def test_a_key_leads_to_the_file_that_nginx_writes(tmp_path: Path) -> None:
    digest = hashlib.md5(b"some key").hexdigest()
    assert cache_file(tmp_path, "some key") == tmp_path / digest[-2:] / digest


def test_every_slice_of_a_file_has_its_key() -> None:
    keys = list(slice_keys("07", SHA, 2 * SLICE_BYTES + 1))
    assert keys == [
        f"07/{SHA}/bytes={n * SLICE_BYTES}-{(n + 1) * SLICE_BYTES - 1}" for n in range(3)
    ]
    assert len(list(slice_keys("07", SHA, 0))) == 1
    assert len(list(slice_keys("07", SHA, SLICE_BYTES))) == 1


def test_what_is_dropped_has_no_head_for_who_has_it_open(tmp_path: Path) -> None:
    path = cache_file(tmp_path, "a")
    path.parent.mkdir()
    path.write_bytes(b"\x05" + bytes(40) + b"body")
    with path.open("rb") as held:
        assert drop(tmp_path, ["a", "b"]) == 1
        assert held.read() == bytes(41) + b"body"
    assert not path.exists()
    assert drop(tmp_path, ["a"]) == 0
