"""An edge node as an HTTP cache, by the public cache-tests suite, beside nginx and Varnish.

The suite (https://github.com/http-tests/cache-tests) is not part of this project: SOUK_CACHE_TESTS
names a folder with it; without that it is cloned. It needs Node; the peers are Debian's packages
`nginx-light` and `varnish`, and one that is not installed is left out.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

import httpx

from bench._harness import Line, Section, Table, bearer, bench_marketplace, signed_up

REPOSITORY: Final = "https://github.com/http-tests/cache-tests.git"
ROOT: Final = Path(__file__).resolve().parent.parent
CLONE: Final = ROOT / "var" / "bench" / "cache-tests"
REQUIRED_GOAL: Final = 138 / 150
OPTIONAL_GOAL: Final = 75 / 98
MARKET: Final = {
    "SOUK_CDN_LOCAL_REGIONS": "eu-west",
    "SOUK_CDN_PRIVATE_UPSTREAMS": "true",
}
RULES: Final = {
    "methods": ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "M-SEARCH"],
    "stale_if_error_s": 86_400,
}
HOW: Final = """
The public suite [cache-tests](https://github.com/http-tests/cache-tests) (revision {revision},
{required} required and {optional} optional checks for caches other than browsers), run against an
edge node with the suite's origin as a site (every method allowed, stale answers allowed for a day
when the origin fails), and in the same run against nginx and Varnish from Debian's packages
(nginx as the suite's own configuration has it; Varnish with its built-in rules, nothing kept that
does not say so, no grace). A check counts as passed when those that it depends on pass as well. The
promise was made of an older revision with 150 and 98 checks; its shares are held to this one.
"""
SCORE: Final = """
import fs from 'fs'
import tests from '%(suite)s/tests/index.mjs'
import {determineTestResult, resultTypes} from '%(suite)s/test-engine/lib/results.mjs'
const results = JSON.parse(fs.readFileSync(0))
const found = {}
for (const suite of tests) for (const test of suite.tests) {
  if (test.browser_only) continue
  const result = determineTestResult(tests, test.id, results)
  found[test.id] = [test.kind || 'required', result === resultTypes.pass]
}
console.log(JSON.stringify(found))
"""
VCL: Final = """
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{port}"; }}
sub vcl_recv {{ if (req.method == "M-SEARCH") {{ return (pass); }} }}
"""
NGINX: Final = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/temp;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  proxy_cache_path {folder}/cache levels=1:2 keys_zone=k:8m max_size=1000m inactive=600m;
  server {{
    listen 127.0.0.1:{own};
    location / {{
      proxy_pass http://127.0.0.1:{port};
      proxy_cache k; proxy_cache_revalidate on; proxy_http_version 1.1;
    }}
  }}
}}
"""

T = TypeVar("T")
Verdicts = dict[str, tuple[str, bool]]
"""By check: whether it is required or optimal, and whether it passed."""


def run(*, quick: bool) -> Section:
    """Runs the suite against each; quickly, only against our own."""
    suite = _suite()
    found: dict[str, Verdicts] = {}
    with tempfile.TemporaryDirectory(prefix="souk-bench-") as folder, _origin(suite) as port:
        with _ours(port) as node:
            found["Souk"] = _checked(suite, node)
        if not quick:
            for name, peer in (("nginx", _nginx), ("Varnish", _varnish)):
                with contextlib.ExitStack() as stack:
                    base = stack.enter_context(peer(Path(folder), port))
                    if base is not None:
                        found[name] = _checked(suite, base)
    return _section(suite, found)


def _section(suite: Path, found: dict[str, Verdicts]) -> Section:
    totals = {kind: _count(found["Souk"], kind) for kind in ("required", "optimal")}
    lines = []
    for kind, goal in (("required", REQUIRED_GOAL), ("optimal", OPTIONAL_GOAL)):
        passed, total = totals[kind]
        beside = ", ".join(f"{name} {_count(v, kind)[0]}" for name, v in found.items() if v)
        lines.append(
            Line(
                what=f"{'required' if kind == 'required' else 'optional'} checks passed",
                measured=f"{passed} of {total} ({passed / total:.0%})",
                promised=f"≥ {goal:.0%}",
                reached=passed >= goal * total,
                beside=beside.replace(f"Souk {passed}, ", "").replace(f"Souk {passed}", ""),
            )
        )
    missed = [
        ("required" if kind == "required" else "optional", name)
        for name, (kind, passed) in found["Souk"].items()
        if not passed and kind != "check"
    ]
    revision = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=suite,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return Section(
        title="CDN: HTTP caching",
        how=HOW.format(
            revision=revision or "of the folder",
            required=totals["required"][1],
            optional=totals["optimal"][1],
        ),
        lines=lines,
        tables=[Table("Checks not passed", ["kind", "check"], sorted(missed, reverse=True))],
    )


def _count(verdicts: Verdicts, kind: str) -> tuple[int, int]:
    of_kind = [passed for known, passed in verdicts.values() if known == kind]
    return sum(of_kind), len(of_kind)


def _suite() -> Path:
    """The suite's folder, with what it needs installed."""
    folder = Path(os.environ["SOUK_CACHE_TESTS"]) if "SOUK_CACHE_TESTS" in os.environ else CLONE
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "clone", "-q", "--depth", "1", REPOSITORY, folder], check=True)
    if not (folder / "node_modules" / "undici").exists():
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=folder, check=True)
    return folder


def _checked(suite: Path, base: str) -> Verdicts:
    """Runs every check against a cache; about a minute."""
    settings = {"npm_config_id": "", "npm_package_config_id": ""}
    done = subprocess.run(
        ["node", "--no-warnings", "test-engine/cli.mjs"],
        cwd=suite,
        env={**os.environ, **settings, "npm_config_base": base},
        capture_output=True,
        check=True,
        timeout=900,
    )
    scored = subprocess.run(
        ["node", "--input-type=module", "-e", SCORE % {"suite": suite}],
        input=done.stdout,
        capture_output=True,
        check=True,
    )
    return {name: (kind, passed) for name, (kind, passed) in json.loads(scored.stdout).items()}


@contextlib.contextmanager
def _origin(suite: Path) -> Iterator[int]:
    port = _free_port()
    settings = {"protocol": "http", "port": str(port), "pidfile": os.devnull}
    environ = {f"npm_config_{name}": value for name, value in settings.items()}
    with _running(
        ["node", "test-engine/server/server.mjs"], port, cwd=suite, env={**os.environ, **environ}
    ):
        yield port


@contextlib.contextmanager
def _ours(port: int) -> Iterator[str]:
    """A node of a marketplace, with the suite's origin as a site."""
    with (
        bench_marketplace(environment=MARKET) as (market, _),
        signed_up(market, "owner") as owner,
    ):
        api = f"{market.base_url}/api/v1"
        site = httpx.post(
            f"{api}/cdn/sites",
            json={"name": "suite", "upstream": f"http://127.0.0.1:{port}", "rules": RULES},
            headers={**bearer(owner), "idempotency-key": "suite"},
        )
        site.raise_for_status()
        path = site.json()["path"].rstrip("/")

        def there() -> str | None:
            for node in httpx.get(f"{api}/cdn/route").json()["nodes"]:
                if httpx.get(f"{node['url']}{path}/").status_code < 400:
                    return f"{node['url']}{path}"
            return None

        yield _until(there)


@contextlib.contextmanager
def _nginx(folder: Path, port: int) -> Iterator[str | None]:
    program, own = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"), _free_port()
    if program is None:
        yield None
        return
    file = folder / "nginx.conf"
    file.write_text(NGINX.format(folder=folder, port=port, own=own))
    with _running([program, "-c", str(file), "-p", str(folder)], own):
        yield f"http://127.0.0.1:{own}"


@contextlib.contextmanager
def _varnish(folder: Path, port: int) -> Iterator[str | None]:
    program, own = shutil.which("varnishd", path=f"{os.environ['PATH']}:/usr/sbin"), _free_port()
    if program is None:
        yield None
        return
    file = folder / "suite.vcl"
    file.write_text(VCL.format(port=port))
    command = [program, "-j", "none", "-F", "-f", str(file), "-a", f"127.0.0.1:{own}"]
    # What says nothing of its freshness is not kept: the suite looks at that first.
    command += ["-p", "default_ttl=0", "-p", "default_grace=0", "-p", "default_keep=3600"]
    with _running([*command, "-n", str(folder / "varnish")], own):
        yield f"http://127.0.0.1:{own}"


@contextlib.contextmanager
def _running(
    command: list[str], port: int, *, cwd: Path | None = None, env: dict[str, str] | None = None
) -> Iterator[None]:
    with subprocess.Popen(
        command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:

            def listens() -> bool:
                if process.poll() is not None:
                    raise RuntimeError(f"{command[0]} ended with {process.returncode}")
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    return True
                return False

            _until(listens)
            yield
        finally:
            process.terminate()


def _until(found: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + 90
    while not (value := found()):
        if time.monotonic() > deadline:
            raise RuntimeError("it did not happen in time")
        time.sleep(0.1)
    return value


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
