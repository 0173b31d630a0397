"""Plug-ins of Ada's, in the open and in a draft, and a private workspace of hers."""

import secrets

from tests.security.world import Person
from tests.works.plugins.samples import manifest, wasm


def make_plugins(ada: Person, secret: str) -> dict[str, str]:
    """Ids and slugs of what was made; the secret names the workspace and is in the draft."""
    published = _plugin(ada, "Cuts texts into words.")
    ada.do("POST", f"/listings/{published['id']}/publish")
    draft = _plugin(ada, secret)
    workspace = ada.do("POST", "/workspaces", {"name": secret})
    change = {"install": [{"plugin": published["address"]}]}
    ada.do("POST", f"/workspaces/{workspace['id']}/changes", change)
    return {
        "plugin": published["address"],
        "plugin_slug": published["slug"],
        "plugin_listing": published["id"],
        "draft_plugin_slug": draft["slug"],
        "workspace_id": workspace["id"],
    }


def _plugin(ada: Person, description: str) -> dict[str, str]:
    """A draft with one version."""
    slug = f"plugin-{secrets.token_hex(5)}"
    listing: dict[str, str] = ada.draft(kind="plugin", slug=slug, title=slug, price_minor=0)
    text = manifest(listing["address"], description=description)
    files = {"plugin.toml": text.encode(), "run.wasm": wasm("run", custom=secrets.token_bytes(8))}
    entries = [
        {"path": path, "sha256": ada.upload(content, path)} for path, content in files.items()
    ]
    ada.do("POST", f"/listings/{listing['id']}/versions", {"version": "1.0.0", "files": entries})
    return listing
