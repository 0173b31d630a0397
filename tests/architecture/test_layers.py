"""The linter's rules hold, and each of them notices a module that breaks it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# For each rule: a module that breaks it, and what that module imports.
OFFENCES = {
    "Wings import only downwards": ("souk/kernel/offence.py", "souk.infra.settings"),
    "People: identity": ("souk/people/identity/offence.py", "souk.people.organisations.api"),
    "Treasury: payments": ("souk/treasury/ledger/offence.py", "souk.treasury.payments"),
    "Works: artifacts": ("souk/works/artifacts/offence.py", "souk.works.listings.api"),
    "Rights: a licence": ("souk/rights/provenance/offence.py", "souk.rights.licences.api"),
    "Commerce: a sale": ("souk/commerce/promotions/offence.py", "souk.commerce.orders.api"),
    "Delivery: downloads": ("souk/delivery/downloads/offence.py", "souk.delivery.xet.api"),
    "Insight: analytics": ("souk/insight/analytics/offence.py", "souk.insight.notifications.api"),
    "Discovery: reviews": ("souk/discovery/reviews/offence.py", "souk.discovery.search.api"),
    "Trust: what": ("souk/trust/moderation/offence.py", "souk.trust.fraud.watch"),
    "Contexts are entered only": ("souk/web/offence.py", "souk.people.identity.store"),
    "The client stands alone": ("souk_client/proofs/offence.py", "souk.kernel.clock"),
    "The server takes only": ("souk/web/other_offence.py", "souk_client.sdk.offered"),
    "An edge node knows neither": ("souk/edge/offence.py", "souk.infra.keyring"),
    "The kernel and the contexts' models": ("souk/kernel/other_offence.py", "psycopg"),
}

pytestmark = pytest.mark.slow


def lint(*, source: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--config", ROOT / "pyproject.toml", "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(source), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, for breaking rules in."""
    source = tmp_path_factory.mktemp("source")
    leave_out = shutil.ignore_patterns("static", "__pycache__")
    shutil.copytree(ROOT / "src" / "souk", source / "souk", ignore=leave_out)
    shutil.copytree(ROOT / "client/src/souk_client", source / "souk_client", ignore=leave_out)
    return source


def test_every_rule_is_kept_as_the_code_stands(copy: Path) -> None:
    result = lint(source=copy)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_rule_notices_its_offence(copy: Path) -> None:
    offered = copy / "souk_client" / "sdk" / "offered.py"
    offered.parent.mkdir(exist_ok=True)
    (offered.parent / "__init__.py").touch()
    offered.touch()
    for place, imported in OFFENCES.values():
        (copy / place).write_text(f"import {imported}\n")
    result = lint(source=copy)
    assert result.returncode == 1
    verdicts = [line for line in result.stdout.splitlines() if line.endswith(("KEPT", "BROKEN"))]
    assert len(verdicts) == len(OFFENCES)
    for name in OFFENCES:
        (verdict,) = [line for line in verdicts if line.startswith(name)]
        assert verdict.endswith("BROKEN"), verdict
