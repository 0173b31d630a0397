"""`souk worker`."""

import runpy

import click


@click.command()
def command() -> None:
    """Run only the worker, on the database of SOUK_DATABASE_URL."""
    runpy.run_module("souk.apps.worker", run_name="__main__")
