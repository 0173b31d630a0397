"""The map in ARCHITECTURE.md shows what is there, and CONTRIBUTING.md explains with what is not."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "souk"


def drawn() -> dict[str, set[str]]:
    """What the map says of each package of souk."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    block = text.partition("```\nsrc/souk/\n")[2].partition("\n```")[0]
    lines = re.findall(r"^  (\w+)/ +((?:\w+ ?)+)", block, re.MULTILINE)
    return {wing: set(names.split()) for wing, names in lines}


def packages(folder: Path) -> set[str]:
    return {init.parent.name for init in folder.glob("*/__init__.py")}


def test_every_context_stands_in_the_map() -> None:
    wings = drawn()
    assert wings.keys() == packages(SOURCE)
    missing = {wing: packages(SOURCE / wing) - names for wing, names in wings.items()}
    assert {wing: names for wing, names in missing.items() if names} == {}


def test_the_map_shows_nothing_that_is_not_there() -> None:
    for wing, names in drawn().items():
        there = {path.stem for path in (SOURCE / wing).iterdir()}
        assert names <= there, wing


def test_the_example_of_a_next_context_is_not_there_yet() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    (example,) = set(re.findall(r"`(src/souk/\w+/\w+)/`", text))
    assert not (ROOT / example).exists()
    assert (ROOT / example).parent.is_dir()
