"""Tiles are the same for the same name, well-formed, and hold nothing from outside."""

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from souk.web import tiles
from souk.web.words import KINDS


@given(st.sampled_from(sorted(KINDS)), st.text(max_size=60))
def test_a_tile_is_a_small_picture_of_its_name(kind: str, name: str) -> None:
    svg = tiles.tile(kind, name)
    assert svg == tiles.tile(kind, name)
    assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
    assert len(svg) < 40_000


def test_names_differ_and_kinds_have_their_colours() -> None:
    drawn = {tiles.tile("model", str(number)) for number in range(50)}
    assert len(drawn) == 50
    assert set(tiles.PALETTES) == set(KINDS)
