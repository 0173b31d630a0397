"""`souk keys`: a new key signs, and the old one still verifies."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.serving import SECRET

from souk.apps.cli.group import main


@pytest.fixture
def settings(owner_dsn: str, tmp_path: Path) -> dict[str, str]:
    return {
        "SOUK_DATABASE_URL": owner_dsn,
        "SOUK_SECRET": SECRET,
        "SOUK_DATA_DIR": str(tmp_path),
    }


def keys(settings: dict[str, str], *arguments: str) -> str:
    result = CliRunner().invoke(main, ["keys", *arguments], env=settings)
    assert result.exit_code == 0, result.output
    return result.stdout


def listed(settings: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for line in keys(settings, "list").splitlines():
        purpose, kid, use = line.split("\t")
        found.setdefault(purpose, []).append((kid, use))
    return found


@pytest.mark.parametrize("purpose", ["access", "licence"])
def test_a_new_key_signs_and_the_old_one_still_verifies(
    settings: dict[str, str], purpose: str
) -> None:
    before = listed(settings)
    assert set(before) - {"storage"} == {"access", "credential", "licence", "log", "urls"}
    ((old, use),) = before[purpose]
    assert use == "signs"
    said = keys(settings, "rotate", purpose)
    after = listed(settings)
    (kept, new) = after.pop(purpose)
    assert kept == (old, "verifies")
    assert new[1] == "signs" and f"{purpose}: {new[0]} signs from now on." in said
    del before[purpose]
    assert after == before


def test_the_key_that_wraps_all_others_is_changed(settings: dict[str, str]) -> None:
    keys(settings, "rotate", "storage")
    ((old, use),) = listed(settings)["storage"]
    assert use == "wraps 0 keys"
    said = keys(settings, "rotate", "storage")
    ((new, use),) = listed(settings)["storage"][1:]
    assert new != old and f"storage: {new} wraps 0 keys from now on." in said


def test_an_unknown_purpose_is_named(settings: dict[str, str]) -> None:
    result = CliRunner().invoke(main, ["keys", "rotate", "doors"], env=settings)
    assert result.exit_code == 2
    assert "'doors' is not one of" in result.output
