"""`souk serve`."""

import runpy

import click


@click.command()
def command() -> None:
    """Run only the HTTP server, on the database of SOUK_DATABASE_URL."""
    runpy.run_module("souk.apps.api", run_name="__main__")
