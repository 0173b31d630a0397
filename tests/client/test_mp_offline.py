"""The command `mp` without a marketplace: help, errors, verifying, what it keeps."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from souk_client import proofs
from souk_client.cli.main import COMMANDS, cli, run
from souk_client.cli.profiles import Profile, ProfileStore
from tests.client.evidence import CONTENTS, TRUSTED, make_bundle

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "mp.md"
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProfileStore:
    folder = tmp_path / "config"
    monkeypatch.setenv("SOUK_CONFIG_DIR", str(folder))
    for name in ("SOUK_API_URL", "SOUK_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return ProfileStore(folder)


@pytest.fixture
def work(tmp_path: Path, config: ProfileStore) -> Path:
    """A downloaded work with its evidence, from a marketplace whose keys are pinned."""
    config.change("https://souk.example", keys=TRUSTED)
    folder = tmp_path / "iris"
    for path, content in CONTENTS.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    (folder / "iris-1.0.0.souk.json").write_bytes(proofs.write_bundle(make_bundle()))
    return folder


def mp(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from souk_client.cli.main import main; main()", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
        timeout=60,
    )


def test_a_true_download_verifies(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", str(work)]) == 0
    shown = capsys.readouterr().out
    assert "Good: ada/iris 1.0.0, licensed to Böttcher & Söhne by Ada’s Models." in shown
    assert "FAILED" not in shown


def test_what_was_verified_is_told_to_programs(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify", str(work / "iris-1.0.0.souk.json"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is True
    checks = answer["bundles"][0]["result"]["checks"]
    assert {"name": "file README.md", "ok": True, "detail": "has the licensed content"} in checks
    assert answer["bundles"][0]["result"]["licence"]["address"] == "ada/iris"


@pytest.mark.parametrize("fault", ["changed", "missing", "bundle"])
def test_a_false_download_fails_with_its_reason(
    work: Path, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    model, bundle = work / "weights/iris.onnx", work / "iris-1.0.0.souk.json"
    if fault == "changed":
        model.write_bytes(b"x" + model.read_bytes()[1:])
    elif fault == "missing":
        model.unlink()
    else:
        bundle.write_bytes(bundle.read_bytes().replace(b'"leaf_index":5', b'"leaf_index":4'))
    assert run(["verify", str(work)]) == 7
    shown = capsys.readouterr().out
    assert "NOT good" in shown
    expected = {"changed": "has the sha256", "missing": "is missing", "bundle": "do not lead"}
    assert re.search(rf"FAILED .*{expected[fault]}", shown)


def test_a_bundle_that_is_none_is_wrong(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (work / "iris-1.0.0.souk.json").write_bytes(b"{}\n")
    assert run(["verify", str(work)]) == 7
    assert "The bundle cannot be read" in capsys.readouterr().err


def test_a_folder_without_evidence_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify", str(tmp_path)]) == 4
    assert "no evidence bundle" in capsys.readouterr().err


def test_keys_that_are_not_pinned_are_not_trusted(
    work: Path, config: ProfileStore, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(config.folder)
    assert run(["verify", str(work), "--json"]) == 7
    assert "No keys of souk.example/log are pinned" in json.loads(capsys.readouterr().err)["detail"]


def test_a_published_key_set_can_be_given(work: Path, config: ProfileStore, tmp_path: Path) -> None:
    shutil.rmtree(config.folder)
    keys = tmp_path / "keys.json"
    keys.write_bytes(msgspec.json.encode({"keys": TRUSTED.keys}))
    assert run(["verify", str(work), "--keys", str(keys)]) == 0


def test_a_bundle_cannot_make_mp_read_other_files(work: Path, tmp_path: Path) -> None:
    from souk_client.proofs import LicensedFile
    from tests.client.evidence import licence_facts

    files = (LicensedFile(path="../config/credentials.json", sha256="0" * 64, size_bytes=1),)
    bundle = make_bundle(facts=licence_facts(files=files))
    (work / "iris-1.0.0.souk.json").write_bytes(proofs.write_bundle(bundle))
    assert run(["verify", str(work)]) == 7


def test_credentials_are_readable_by_their_owner_only(config: ProfileStore) -> None:
    config.change("https://souk.example", api_key="vk_1_secret")
    file = config.folder / "credentials.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(config.folder.stat().st_mode) == 0o700
    assert config.load().by_url["https://souk.example"] == Profile(
        api_url="https://souk.example", api_key="vk_1_secret"
    )
    assert [path.name for path in config.folder.glob("*.json*")] == ["credentials.json"]


def test_a_spoiled_credentials_file_is_named(
    config: ProfileStore, capsys: pytest.CaptureFixture[str]
) -> None:
    config.folder.mkdir()
    (config.folder / "credentials.json").write_text("{")
    assert run(["whoami"]) == 1
    assert "credentials.json cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["whoami"],
        ["publish", "."],
        ["buy", "ada/iris", "--yes"],
        ["library"],
        ["licences"],
        ["download", "ada/iris"],
        ["wallet"],
        ["wallet", "deposit", "5"],
        ["wallet", "statement"],
    ],
)
def test_what_needs_an_account_says_how_to_sign_in(
    arguments: list[str],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "README.md").write_text("# Iris\n")
    monkeypatch.chdir(tmp_path)
    assert run([*arguments, "--api-url", NOBODY, "--json"]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "mp login" in json.loads(said.err)["hint"]


def test_a_marketplace_that_does_not_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    assert run(["search", "x", "--api-url", NOBODY]) == 6
    assert "cannot be reached" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["serach"], "Did you mean `mp search`?"),
        (["nonsense"], "no command 'nonsense'"),
        (["search", "--price-max", "cheap"], "not an amount"),
        (["search", "--api-url", "ftp://x"], "not an address"),
        (["wallet", "deposit", "9.999"], "decimals"),
        (["completion", "tcsh"], "tcsh"),
        (["verify", "/does/not/exist"], "does not exist"),
        (["login", "--email", "a@b.c"], "nobody to ask"),
    ],
)
def test_wrong_usage_is_told(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples_and_a_place_in_the_reference(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Example" in shown
    section = REFERENCE.read_text().split(f"\n## mp {name}")[1].split("\n## ")[0]
    command = cli.get_command(None, name)  # type: ignore[arg-type]  # the context is not used
    nested = getattr(command, "commands", {}).values()
    documented = [option for part in (command, *nested) for option in part.params]
    common = {"as_json", "quiet", "api_url", "api_key"}
    for option in documented:
        if option.name not in common and option.opts[0].startswith("--"):
            assert f"`{option.opts[0]}" in section, f"mp {name} {option.opts[0]} is undocumented"


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in COMMANDS)
    assert "Exit codes" in shown


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    assert "_MP_COMPLETE" in capsys.readouterr().out


def test_completion_completes_commands_and_options() -> None:
    for words, expected in (("mp wh", "whoami"), ("mp verify --k", "--keys")):
        done = mp(
            _MP_COMPLETE="bash_complete",
            COMP_WORDS=words,
            COMP_CWORD=str(len(words.split()) - 1),
        )
        assert f"plain,{expected}" in done.stdout


def test_nothing_is_coloured_and_a_closed_pipe_is_no_crash(work: Path) -> None:
    done = mp("verify", str(work), NO_COLOR="1", TERM="xterm-256color")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr
    pipe = subprocess.run(
        f"{sys.executable} -c 'from souk_client.cli.main import main; main()' "
        f"verify {work} --json | true",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "Traceback" not in pipe.stderr


def test_it_imports_only_what_a_command_needs() -> None:
    """Starting fast is not importing: checked by what is loaded, which no busy machine changes."""
    listing = (
        "import sys\n"
        "from souk_client.cli.main import run, sys as s\n"
        "s.modules.setdefault('httpx._main', None)\n"
        "run(sys.argv[1:])\n"
        "print(*sorted(s.modules), file=sys.stderr)"
    )
    heavy = {"rich", "pygments", "yaml", "asyncio", "souk", "souk_client.sdk.aio"}
    for arguments, unwanted in (
        (["--help"], heavy | {"httpx", "msgspec", "cryptography", "souk_client.proofs"}),
        (["whoami", "--json"], heavy),
        (["verify", "--help"], heavy | {"httpx"}),
    ):
        done = subprocess.run(
            [sys.executable, "-c", listing, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        loaded = set(done.stderr.splitlines()[-1].split())
        assert not unwanted & loaded, (arguments, unwanted & loaded)
