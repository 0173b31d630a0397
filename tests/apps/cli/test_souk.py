"""The operator's command: what it lists, and what it says when something is wrong."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from souk.apps.cli.group import COMMANDS, main

ROOT = Path(__file__).parents[3]


def invoke(*arguments: str, **settings: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments, env=settings)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def test_every_command_is_there_and_documented() -> None:
    guide = (ROOT / "docs" / "guides" / "operate.md").read_text()
    status, listed = invoke("--help")
    assert status == 0
    for name in COMMANDS:
        assert name in listed
        assert f"souk {name}" in guide or name == "demo"
        status, text = invoke(name, "--help")
        assert status == 0
        assert text.startswith(f"Usage: main {name}")


def test_help_loads_no_command() -> None:
    code = (
        "import sys; from souk.apps.cli import main; main(['--help'], standalone_mode=False);"
        "print([name for name in sys.modules if name.startswith('souk.') and 'cli' not in name])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "['souk.apps']"


@pytest.mark.parametrize("command", ["up", "check", "migrate", "backup"])
def test_a_wrong_setting_is_named(command: str, tmp_path: Path) -> None:
    arguments = [command, str(tmp_path / "file")] if command == "backup" else [command]
    status, said = invoke(*arguments, SOUK_PORT="many", SOUK_DATA_DIR=str(tmp_path))
    assert status == 1
    assert said.startswith("Error: SOUK_PORT:")
    assert list(tmp_path.iterdir()) == []


def test_check_tells_what_to_mend(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, said = invoke(
            "check",
            SOUK_PORT=str(port),
            SOUK_DATA_DIR=str(tmp_path / "new"),
            SOUK_SECRET="short",
            SOUK_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none",
        )
    assert status == 1
    verdicts = {line.split()[1]: line.split()[0] for line in said.splitlines() if line[:4].strip()}
    assert verdicts["Python"] == verdicts["Data"] == "ok"
    assert verdicts["Secret"] == verdicts["Address"] == verdicts["Database"] == "MEND"
    assert "openssl rand -hex 32" in said
    assert f"Port {port} is in use" in said
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://root:hush@db.example/souk", "begins with 'mysql'"),
        ("sqlite:///souk.db", "begins with 'sqlite'"),
        ("host=db.example password=hush dbname=souk", "is no URL"),
        ("db.example:5432/hush", "is no URL"),
    ],
)
def test_check_says_plainly_what_is_no_url_of_postgresql(
    url: str, words: str, tmp_path: Path
) -> None:
    status, said = invoke("check", SOUK_DATA_DIR=str(tmp_path / "new"), SOUK_DATABASE_URL=url)
    assert status == 1
    assert f"SOUK_DATABASE_URL {words}: it must be a postgresql:// URL" in said
    assert "hush" not in said


def test_check_is_content_before_a_first_start(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    status, said = invoke(
        "check",
        SOUK_PORT=str(port),
        SOUK_DATA_DIR=str(tmp_path / "new"),
        SOUK_SECRET="",
        SOUK_DATABASE_URL="",
    )
    assert (status, "MEND" in said) == (0, False)
    assert not (tmp_path / "new").exists()
