"""Decoding pictures in a child: what comes out is small, upright and says nothing of its source."""

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from souk.kernel.errors import SoukError
from souk.works.galleries.decoding import Decoder
from souk.works.galleries.errors import AltMissing
from souk.works.galleries.model import MAX_ALT, WIDTHS, check_alt, sizes_of
from souk.works.galleries.settings import GallerySettings
from tests.works.galleries.pictures import bomb, liar, photo_with_place, picture


async def decode(folder: Path, content: bytes, **settings: Any) -> list[bytes]:
    """The files that are made of it, smallest first."""
    decoder = Decoder(GallerySettings(**settings), folder=folder / "work")
    async with decoder.decoded(content) as made:
        return [path.read_bytes() for _, path in made]


async def test_a_picture_is_kept_in_three_widths(tmp_path: Path) -> None:
    made = await decode(tmp_path, picture(1600, 900, kind="JPEG"))
    sizes = []
    for content in made:
        with Image.open(io.BytesIO(content)) as image:
            assert image.format == "WEBP"
            sizes.append(image.size)
    assert sizes == [(320, 180), (640, 360), (1280, 720)]
    assert not list((tmp_path / "work").iterdir())


async def test_metadata_is_gone_and_the_picture_stands_upright(tmp_path: Path) -> None:
    (large,) = await decode(tmp_path, photo_with_place())
    assert b"Spy Camera" not in large
    assert b"secret place" not in large
    with Image.open(io.BytesIO(large)) as image:
        assert image.size == (200, 400)
        assert not image.getexif()
        assert {"exif", "icc_profile", "xmp", "comment"}.isdisjoint(image.info)


async def test_transparency_and_palettes_survive(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (40, 40), (255, 0, 0, 0)).save(buffer, "PNG")
    (made,) = await decode(tmp_path, buffer.getvalue())
    with Image.open(io.BytesIO(made)) as image:
        assert image.convert("RGBA").getpixel((5, 5))[3] == 0  # type: ignore[index]  # a tuple


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "image_unreadable"),
        (b"GIF89a" + b"\0" * 50, "image_unreadable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image_unreadable"),
        (picture()[:2000], "image_unreadable"),
        (b"\x89PNG\r\n\x1a\n" + b"\xff" * 500, "image_unreadable"),
        (bomb(), "image_too_large"),
        (picture(20_000, 4), "image_too_large"),
    ],
    ids=["empty", "gif", "svg", "cut", "noise", "bomb", "long"],
)
async def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(SoukError) as caught:
        await decode(tmp_path, content)
    assert caught.value.code == code
    assert not list((tmp_path / "work").iterdir())


async def test_a_picture_that_unpacks_to_more_than_it_says_costs_little(tmp_path: Path) -> None:
    try:
        made = await decode(tmp_path, liar())
    except SoukError as error:
        assert error.code in {"image_unreadable", "image_too_large"}
    else:
        assert sum(map(len, made)) < 10_000


async def test_one_that_needs_more_memory_or_time_than_allowed_is_refused(tmp_path: Path) -> None:
    big = picture(6000, 6000, kind="JPEG")
    with pytest.raises(SoukError) as caught:
        await decode(tmp_path, big, memory_bytes=256 * 2**20)
    assert caught.value.code == "image_too_large"
    with pytest.raises(SoukError) as caught:
        await decode(tmp_path, big, timeout_s=0.01)
    assert caught.value.code == "image_too_large"


async def test_past_the_queue_one_is_told_to_come_back(tmp_path: Path) -> None:
    content = picture(50, 50)
    decoder = Decoder(GallerySettings(at_once=1, waiting=0), folder=tmp_path / "work")
    async with decoder.decoded(content):
        with pytest.raises(SoukError) as caught:
            async with decoder.decoded(content):
                raise AssertionError("there was no room")
    assert (caught.value.code, caught.value.status) == ("images_busy", 503)


@given(st.integers(1, 16_000), st.integers(1, 16_000))
def test_sizes_are_never_larger_than_the_source_and_keep_its_shape(width: int, height: int) -> None:
    sizes = sizes_of(width, height)
    assert 1 <= len(sizes) <= 3
    assert sizes == sorted(sizes)
    for wide, high in sizes:
        assert 1 <= wide <= min(width, WIDTHS[-1])
        assert 1 <= high <= min(height, 2 * WIDTHS[-1])
        if wide > 50 and high > 50:
            assert abs(wide / high - width / height) < 0.05 * width / height


@pytest.mark.parametrize("words", ["", "  ", "\0", "a\u202eb", "x" * (MAX_ALT + 1)])
def test_a_picture_needs_words(words: str) -> None:
    with pytest.raises(AltMissing):
        check_alt(words)


def test_words_stand_on_one_line() -> None:
    assert check_alt(" A \n confusion\tmatrix ") == "A confusion matrix"
