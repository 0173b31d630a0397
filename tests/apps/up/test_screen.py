"""What `souk up` says at the end: where it is, who can sign in, how to stop it."""

import re
from pathlib import Path

import pytest

from souk.apps.catalogue.accounts import demo_accounts
from souk.apps.catalogue.build import CATALOGUE_VERSION
from souk.apps.up.screen import Screen
from souk.apps.up.starting_catalogue import sign_ins
from souk.infra.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"SOUK_DATA_DIR": str(tmp_path / "data"), "SOUK_PORT": "8123"})


def loaded(settings: Settings) -> None:
    """As it is once the catalogue was loaded."""
    note = settings.data_path / "catalogue" / "loaded"
    note.parent.mkdir(parents=True)
    note.write_text(CATALOGUE_VERSION)


def test_the_banner_says_where_and_how(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sign_ins(settings) == []
    Screen().ready(settings, [])
    said = capsys.readouterr().out
    assert re.search(r"^  Souk is ready: http://127\.0\.0\.1:8123   \(in \d+\.\d s\)$", said, re.M)
    assert f"  Data and logs  {settings.data_path}\n" in said
    assert "  Stop it        Ctrl-C\n" in said
    assert "Sign in" not in said and not (settings.data_path / "secrets").exists()


def test_with_the_catalogue_it_names_the_accounts_that_can_sign_in(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded(settings)
    Screen().ready(settings, sign_ins(settings))
    lines = capsys.readouterr().out.splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("  Sign in as     "))
    told = [line[17:].split() for line in lines[first : first + 4]]
    accounts = demo_accounts(settings.data_path).values()
    assert told == [[one.role, one.email, one.password] for one in accounts]
    assert [role for role, _, _ in told] == ["seller", "seller", "buyer", "admin"]
    passwords = {password for _, _, password in told}
    assert len(passwords) == 4 and all(re.fullmatch("[0-9a-f]{16}", one) for one in passwords)
    for kept in (settings.data_path / "secrets").iterdir():
        assert kept.stat().st_mode & 0o077 == 0
    assert sign_ins(settings) == sign_ins(settings)  # the same at every start


def test_a_catalogue_of_another_version_is_not_promised(settings: Settings) -> None:
    loaded(settings)
    (settings.data_path / "catalogue" / "loaded").write_text("0")
    assert sign_ins(settings) == []


def test_a_terminal_that_is_gone_stops_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone:
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr("sys.stdout", Gone())
    screen = Screen()
    screen.say("Waiting")
    screen.ready(settings, ["seller  a@b"])
