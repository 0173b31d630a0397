"""The operator's command, `souk`. Each subcommand is loaded only when it is called."""

from souk.apps.cli.group import main

__all__ = ["main"]
