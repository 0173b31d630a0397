"""What a browser makes of a page: the scores of Lighthouse, and the bytes of a first visit."""

import json
import os
import shutil
import statistics
import subprocess
from collections import Counter
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

FOLDER: Final = Path(__file__).parent / "_lighthouse"
CATEGORIES: Final = ("performance", "accessibility", "best-practices", "seo")
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS: Final = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage")
TIME_LIMIT_S: Final = 180


def browser() -> str:
    """The system's Chromium: SOUK_CHROMIUM, or the first of the usual names."""
    named = os.environ.get("SOUK_CHROMIUM")
    path = named or next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        raise FileNotFoundError("this bench needs Chromium; `make browser` installs it")
    return path


def lighthouse() -> Path:
    """The auditor, installed where it is missing."""
    program = FOLDER / "node_modules" / ".bin" / "lighthouse"
    if not program.exists():
        subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=FOLDER, check=True
        )
    return program


def scores(url: str, *, runs: int) -> dict[str, float]:
    """The median of each category's score over several runs, from 0 to 100, on its own phone."""
    found: dict[str, list[float]] = {name: [] for name in CATEGORIES}
    for _ in range(runs):
        report = _audit(url)
        for name in CATEGORIES:
            found[name].append(100 * float(report["categories"][name]["score"] or 0))
    return {name: statistics.median(values) for name, values in found.items()}


def _audit(url: str) -> dict[str, dict[str, dict[str, float]]]:
    done = subprocess.run(
        [
            lighthouse(),
            url,
            "--output=json",
            "--quiet",
            f"--only-categories={','.join(CATEGORIES)}",
            f"--chrome-flags={' '.join(FLAGS)}",
        ],
        env={**os.environ, "CHROME_PATH": browser()},
        capture_output=True,
        timeout=TIME_LIMIT_S,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"Lighthouse ended with: {done.stderr.decode()[-1000:]}")
    report: dict[str, dict[str, dict[str, float]]] = json.loads(done.stdout)
    return report


def transferred_bytes(url: str) -> Counter[str]:
    """Bytes over the line for a first visit, headers included, by the kind of resource."""
    sizes: Counter[str] = Counter()
    kinds: dict[str, str] = {}
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser(), args=list(FLAGS))
        page = opened.new_page()
        network = page.context.new_cdp_session(page)
        network.on(
            "Network.responseReceived",
            lambda event: kinds.update({event["requestId"]: event["type"]}),
        )
        network.on(
            "Network.loadingFinished",
            lambda event: sizes.update(
                {kinds.get(event["requestId"], "Other"): int(event["encodedDataLength"])}
            ),
        )
        network.send("Network.enable")
        page.goto(url, wait_until="networkidle")
        opened.close()
    return sizes
