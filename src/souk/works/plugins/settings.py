"""Limits of plug-ins and workspaces."""

from typing import Annotated

import msgspec
from msgspec import Meta


class PluginSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Plug-ins. Variables: `SOUK_PLUGINS_` + the field's name."""

    max_module_bytes: Annotated[int, Meta(ge=1024)] = 32 * 2**20
    """How large a WASM module that is an entry point may be."""
    max_workspaces: Annotated[int, Meta(ge=1)] = 100
    """How many workspaces an organisation may have."""
    max_plugins: Annotated[int, Meta(ge=1)] = 500
    """How many plug-ins a workspace may hold."""
    max_considered: Annotated[int, Meta(ge=1)] = 5000
    """How many plug-ins the choice of versions looks at, with all that they could need."""
    max_rounds: Annotated[int, Meta(ge=100)] = 20_000
    """After how many steps the choice of versions is given up."""
