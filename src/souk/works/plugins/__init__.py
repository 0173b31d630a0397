"""Plug-ins: manifests, the choice of versions that fit together, and workspaces to install into."""
