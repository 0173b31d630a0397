"""The list of subcommands, and the loading of the one that is called."""

from importlib import import_module
from typing import Final, cast

import click

COMMANDS: Final = {
    "up": "Run a whole marketplace here: database, server and worker.",
    "serve": "Run only the HTTP server, on the database of SOUK_DATABASE_URL.",
    "worker": "Run only the worker, on the database of SOUK_DATABASE_URL.",
    "edge": "Run an edge node that serves downloads near those who fetch them.",
    "migrate": "Bring the database's schema up to date.",
    "check": "Say whether the settings make sense and what they refer to works.",
    "backup": "Write everything the marketplace holds into one file.",
    "restore": "Make a new marketplace from a backup.",
    "admin": "Make a user an admin.",
    "analytics": "Add the sums of views, searches and sales up again.",
    "chain": "Show how things stand on chains, or put contracts there.",
    "keys": "List the marketplace's keys, or make a new one.",
    "demo": "Run the whole journey on a throw-away marketplace, step by step.",
}
"""Name and summary; `souk.apps.cli.<name>` holds the command as `command`."""


class LazyGroup(click.Group):
    """Imports a subcommand when it is called, so that `souk --help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"souk.apps.cli.{cmd_name}")
        return cast(click.Command, module.command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="souk", prog_name="souk")
def main() -> None:
    """Run and look after a Souk marketplace.

    Settings come from SOUK_… variables and from souk.toml in the data folder.
    """
