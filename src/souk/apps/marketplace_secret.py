"""The one secret that seals all others: the operator's own, or one made at the first start."""

from souk.infra.secret_files import read_or_create_secret
from souk.infra.settings import Settings


def marketplace_secret(settings: Settings) -> str:
    """64 hex digits, from SOUK_SECRET or else from the data folder."""
    kept = settings.data_path / "secrets" / "marketplace"
    return settings.secret or read_or_create_secret(kept)
