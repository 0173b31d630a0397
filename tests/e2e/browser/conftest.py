"""The system's Chromium, and visitors whose browsers must not complain."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Browser, ViewportSize, async_playwright, expect
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from tests.e2e.browser.visitor import DESK, Visitor

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

NewVisitor = Callable[..., Awaitable[Visitor]]


def chromium() -> str:
    """The system's browser: SOUK_CHROMIUM, or the first of the usual names."""
    named = os.environ.get("SOUK_CHROMIUM")
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    path = named or found
    assert path, "the browser tests need Chromium; `make browser` installs it"
    return path


# Limits are for what hangs: a busy machine is no defect.
expect.set_options(timeout=30_000)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def new_visitor(browser: Browser, base_url: str) -> AsyncIterator[NewVisitor]:
    """Makes visitors, each with cookies of their own; at the end none may have complaints."""
    visitors: list[Visitor] = []
    async with AsyncExitStack() as stack:

        async def make(*, size: ViewportSize = DESK, dark: bool = False) -> Visitor:
            context = await browser.new_context(
                viewport=size,
                color_scheme="dark" if dark else "light",
                reduced_motion="reduce",
                has_touch=size["width"] < 500,
            )
            context.set_default_timeout(30_000)
            stack.push_async_callback(context.close)
            visitor = Visitor(context, await context.new_page(), base_url)
            visitors.append(visitor)
            return visitor

        yield make
    for visitor in visitors:
        assert visitor.complaints == []


@pytest.fixture(scope="session")
def iris_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real classifier, trained on the iris data and exported to ONNX."""
    features, species = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=500).fit(features, species)
    path = tmp_path_factory.mktemp("works") / "iris.onnx"
    path.write_bytes(to_onnx(model, features[:1].astype(np.float32)).SerializeToString())
    return path


@pytest.fixture(scope="session")
def iris_bytes(iris_model: Path) -> bytes:
    """What stands in that file."""
    return iris_model.read_bytes()
