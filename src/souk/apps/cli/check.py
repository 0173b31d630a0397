"""`souk check`."""

import sys
from collections.abc import Callable

import click

from souk.apps.books import check_books
from souk.apps.checks import Finding, check_marketplace
from souk.apps.cli.failures import settings_or_exit

_SIGNS: dict[bool, Callable[[], str]] = {
    True: lambda: click.style("ok  ", fg="green"),
    False: lambda: click.style("MEND", fg="red"),
}


@click.command()
@click.option("--books", is_flag=True, help="Also look over the ledger, posting by posting.")
def command(*, books: bool) -> None:
    """Say whether the settings make sense and what they refer to works.

    Exit status 0 when everything holds, 1 when something has to be mended.
    """
    settings = settings_or_exit()
    findings = check_marketplace(settings)
    if books:
        findings += check_books(settings)
    for finding in findings:
        click.echo(_line(finding))
    sys.exit(0 if all(finding.holds for finding in findings) else 1)


def _line(finding: Finding) -> str:
    return f"{_SIGNS[finding.holds]()}  {finding.subject:<12}  {finding.detail}"
