"""A process is up soon: what only some requests need is imported when the first of them comes."""

import subprocess
import sys

SELDOM = {"acme", "dbos", "implicit", "pypdf", "reportlab", "requests", "scipy", "segno", "web3"}


def test_importing_the_marketplace_leaves_out_what_few_requests_need() -> None:
    asked = (
        "import sys, souk.apps.container\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert "litestar" in loaded
    assert not SELDOM & loaded
