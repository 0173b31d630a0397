"""The static analyser finds nothing that is not answered in contracts/analysis.json."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chain import CONTRACTS

SLITHER = Path(sys.executable).parent / "slither"


@pytest.fixture(scope="module")
def findings(contracts: None, tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    folder = tmp_path_factory.mktemp("slither")
    sources = sorted(str(path.relative_to(CONTRACTS)) for path in CONTRACTS.glob("src/**/*.sol"))
    given = {
        "language": "Solidity",
        "sources": {path: {"urls": [path]} for path in sources},
        "settings": {},
    }
    (folder / "input.json").write_text(json.dumps(given))
    command = [
        str(SLITHER),
        str(folder / "input.json"),
        *("--compile-force-framework", "Solc-json"),
        *("--solc", "./scripts/solc.mjs"),
        *("--filter-paths", "@openzeppelin|test/"),
        *("--json", str(folder / "found.json")),
    ]
    ended = subprocess.run(command, cwd=CONTRACTS, capture_output=True, text=True, check=False)
    answer = (
        json.loads((folder / "found.json").read_text()) if (folder / "found.json").exists() else {}
    )
    assert answer.get("success"), ended.stderr
    return {(found["check"], _where(found)) for found in answer["results"].get("detectors", [])}


def _where(found: dict[str, object]) -> str:
    first = found["elements"][0]  # type: ignore[index] # the analyser's own JSON
    parent = first.get("type_specific_fields", {}).get("parent", {}).get("name", "")
    return f"{parent}.{first['name']}"


def test_every_finding_is_answered_and_every_answer_has_a_finding(
    findings: set[tuple[str, str]],
) -> None:
    answers = json.loads((CONTRACTS / "analysis.json").read_text())
    answered = {(entry["check"], where) for entry in answers for where in entry["where"]}

    assert findings == answered
    assert all(len(entry["answer"]) > 20 for entry in answers)
