"""Settings: frozen structs filled from the environment and one file, checked at start.

Every field of a settings struct is one variable: prefix + field name in capitals. The process's own
settings are here; a context keeps its own in its `settings.py` and the container loads them.
Order: environment, then `souk.toml` in the data folder (same names in lower case), then defaults.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

S = TypeVar("S", bound=msgspec.Struct)


class SettingsError(Exception):
    """A setting is wrong; the message names the variable, the problem and the mend."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How this process runs. Variables: `SOUK_` + the field's name."""

    env: Literal["development", "production"] = "development"
    """`production` refuses the test payment provider and insecure cookies."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    port: Annotated[int, Meta(ge=1, le=65535)] = 8000
    """The port to listen on."""
    public_url: str = ""
    """How browsers reach the marketplace; `http://host:port` when empty."""
    data_dir: str = "./var"
    """Where everything is kept: database, blobs, indexes, secrets, logs."""
    database_url: str = ""
    """A PostgreSQL 15 or newer, as its owner; the embedded one when empty."""
    database_pool: Annotated[int, Meta(ge=2, le=200)] = 16
    """Connections a process may hold."""
    workers: Annotated[int, Meta(ge=0, le=64)] = 0
    """HTTP processes; 0 means one a core, four at most."""
    worker_niceness: Annotated[int, Meta(ge=0, le=19)] = 5
    """How far the worker steps back from requests when the processor is short (`nice`)."""
    secret: str = ""
    """64 hex digits that seal stored secrets; made at first start and kept in the data folder."""
    trusted_proxies: str = ""
    """Comma-separated addresses whose X-Forwarded-For is believed."""
    cors_origins: str = ""
    """Comma-separated origins whose pages may call the API; none when empty."""
    max_body_bytes: Annotated[int, Meta(ge=1024)] = 4 * 2**20
    """The largest request body, except for upload parts."""
    rate_per_minute: Annotated[int, Meta(ge=1)] = 1000
    """Requests a minute for one key, user, or address that is not signed in."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """What is logged at least; `debug` logs every request."""
    log_format: Literal["json", "text"] = "text"
    """`json` for machines, `text` for people."""

    @property
    def data_path(self) -> Path:
        return Path(self.data_dir).resolve()

    @property
    def base_url(self) -> str:
        """Where the marketplace is reached, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def is_production(self) -> bool:
        return self.env == "production"


def load_settings(environ: Mapping[str, str]) -> Settings:
    """The process's settings.

    Raises:
        SettingsError: when a value is wrong.
    """
    return load(Settings, environ, prefix="SOUK_")


def load(kind: type[S], environ: Mapping[str, str], *, prefix: str) -> S:
    """Fills a settings struct.

    Raises:
        SettingsError: when a value does not fit its field.
    """
    names = {field.name: f"{prefix}{field.name.upper()}" for field in msgspec.structs.fields(kind)}
    from_file = _read_file(Path(environ.get("SOUK_DATA_DIR") or "./var") / "souk.toml")
    found = {
        name: value
        for name, variable in names.items()
        if (value := environ.get(variable, from_file.get(variable.lower()))) not in (None, "")
    }
    try:
        return msgspec.convert(found, kind, strict=False)
    except msgspec.ValidationError as error:
        where = str(error).partition("`$.")[2].rstrip("`")
        raise SettingsError(f"{names.get(where, where)}: {error}") from error


def _read_file(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: {error}") from error
