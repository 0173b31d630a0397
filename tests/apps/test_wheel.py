"""The wheels, as somebody installs them: nothing is needed that they do not carry."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.database]


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    result = subprocess.run(
        command,
        cwd=cwd,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("wheels")
    for distribution in (ROOT, ROOT / "client"):
        build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
        run(*build, cwd=distribution)
    return sorted(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheels: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment with the wheels, beside the dependencies of this one."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    (library,) = folder.glob("lib/python*/site-packages")
    (library / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet")
    run(*pip, "--no-deps", "--no-index", *wheels, cwd=folder)
    return folder / "bin"


def test_the_wheel_carries_schema_pages_and_their_built_parts(wheels: list[Path]) -> None:
    (souk,) = [wheel for wheel in wheels if wheel.name.startswith("souk-")]
    names = set(zipfile.ZipFile(souk).namelist())
    for needed in (
        "souk/py.typed",
        "souk/apps/migrations/script.py.mako",
        "souk/apps/migrations/versions/sql/0001_infra.sql",
        "souk/web/static/dist/manifest.json",
    ):
        assert needed in names
    assert any(name.startswith("souk/web/templates/") for name in names)
    sources = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "souk").rglob("*.py")
        if "node_modules" not in path.parts
    }
    assert sources <= names
    assert not [name for name in names if name.startswith(("tests", "node_modules"))]


def test_the_installed_commands_run_outside_the_repository(installed: Path, tmp_path: Path) -> None:
    where = run(installed / "python", "-c", "import souk; print(souk.__file__)", cwd=tmp_path)
    assert where.startswith(str(installed.parent))
    assert "souk, version" in run(installed / "souk", "--version", cwd=tmp_path)
    shown = run(installed / "souk", "check", cwd=tmp_path, SOUK_PORT="8199")
    assert "MEND" not in shown
    assert "Usage: mp" in run(installed / "mp", "--help", cwd=tmp_path)


def test_the_installed_marketplace_starts_and_serves_its_pages(
    installed: Path, tmp_path: Path
) -> None:
    code = (
        "from souk.apps.demo.marketplace import throw_away_marketplace\n"
        "import httpx\n"
        "with throw_away_marketplace() as marketplace:\n"
        "    home = httpx.get(marketplace.base_url)\n"
        "    assert home.status_code == 200, home.text\n"
        "    style = home.text.split('rel=\"stylesheet\" href=\"')[1].split('\"')[0]\n"
        "    styles = httpx.get(marketplace.base_url + style)\n"
        "    assert styles.status_code == 200 and 'css' in styles.headers['content-type'], style\n"
        "    print('served', len(styles.content))\n"
    )
    assert "served" in run(installed / "python", "-c", code, cwd=tmp_path)
