"""`souk check`."""

import sys
from collections.abc import Callable

import click

from souk.apps.checks import Finding, check_marketplace
from souk.apps.cli.failures import settings_or_exit

_SIGNS: dict[bool, Callable[[], str]] = {
    True: lambda: click.style("ok  ", fg="green"),
    False: lambda: click.style("MEND", fg="red"),
}


@click.command()
def command() -> None:
    """Say whether the settings make sense and what they refer to works.

    Exit status 0 when everything holds, 1 when something has to be mended.
    """
    findings = check_marketplace(settings_or_exit())
    for finding in findings:
        click.echo(_line(finding))
    sys.exit(0 if all(finding.holds for finding in findings) else 1)


def _line(finding: Finding) -> str:
    return f"{_SIGNS[finding.holds]()}  {finding.subject:<12}  {finding.detail}"
