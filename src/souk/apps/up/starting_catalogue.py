"""The starting catalogue: loaded once, after the first start, through the public API."""

from collections.abc import Callable, Mapping
from pathlib import Path

from souk.apps.catalogue.accounts import demo_accounts
from souk.apps.catalogue.build import CATALOGUE_VERSION
from souk.apps.up.errors import UpError
from souk.apps.up.steps import run_step
from souk.infra.settings import Settings


async def ensure_catalogue(
    settings: Settings, *, environment: Mapping[str, str], say: Callable[[str], None]
) -> None:
    """Loads it unless that is done; what fails now is tried again at the next start."""
    if settings.is_production or _is_loaded(settings):
        return
    say("Loading the starting catalogue (once; its models are trained on this machine)")
    try:
        await run_step(
            "souk.apps.catalogue",
            environment=environment,
            purpose="load the starting catalogue",
            report=say,
        )
    except UpError as error:
        say(f"{error}\nThe marketplace goes on without it; the next start tries again.")
        return
    _note(settings).write_text(CATALOGUE_VERSION)


def sign_ins(settings: Settings) -> list[str]:
    """One line for each demo account, once they are there."""
    if not _is_loaded(settings):
        return []
    return [
        f"{account.role:<8}{account.email:<26}{account.password}"
        for account in demo_accounts(settings.data_path).values()
    ]


def _is_loaded(settings: Settings) -> bool:
    try:
        return _note(settings).read_text() == CATALOGUE_VERSION
    except FileNotFoundError:
        return False


def _note(settings: Settings) -> Path:
    return settings.data_path / "catalogue" / "loaded"
