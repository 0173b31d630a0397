"""mp import"""

from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from souk_client.cli import output
from souk_client.cli.archive import unpacked
from souk_client.cli.failures import USAGE, Failure
from souk_client.cli.folder import CARD, read_folder
from souk_client.cli.publish_work import FIRST_VERSION, minor_of, publish_work, seller_of
from souk_client.cli.publishing import Wanted
from souk_client.cli.shell import Shell, with_shell
from souk_client.contracts.works import Listing
from souk_client.sdk.client import Souk
from souk_client.sdk.errors import SoukApiError

EPILOG = """\b
Examples:
  mp import ./models
  mp import everything.zip --draft --price 0
"""


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one folder."""

    folder: str
    address: str | None = None
    version: str | None = None
    problem: str | None = None


@click.command(name="import", epilog=EPILOG)
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--price", metavar="AMOUNT", help="Of new listings whose card names none.")
@click.option("--organisation", metavar="SLUG", help="Who sells; you when left out.")
@click.option("--draft", is_flag=True, help="Do everything but make them public.")
@click.option("--parallel", type=click.IntRange(1, 16), default=4, show_default=True)
@with_shell
def command(
    shell: Shell,
    path: Path,
    price: str | None,
    organisation: str | None,
    draft: bool,
    parallel: int,
) -> None:
    """Publish every work in a folder or an archive, each a folder with a README.md of its own.

    One that fails does not stop the others; run it again and only what is missing is done.
    """
    results: list[Imported] = []
    with unpacked(path) as root, shell.souk() as souk:
        folders = list(_works(root))
        if not folders:
            raise Failure(
                f"{path} holds no folder with a {CARD}.",
                exit_code=USAGE,
                hint="To publish one work, give its own folder to `mp publish`.",
            )
        seller = seller_of(souk, organisation)
        for number, folder in enumerate(folders, start=1):
            shell.say(f"{number} of {len(folders)}: {folder.name}")
            name = folder.relative_to(root).as_posix()
            try:
                wanted, listing = _one(
                    shell,
                    souk,
                    folder,
                    seller=seller,
                    price=price,
                    parallel=parallel,
                    is_draft=draft,
                )
            except Failure as failure:
                results.append(Imported(folder=name, problem=failure.message))
            except SoukApiError as error:
                results.append(Imported(folder=name, problem=error.detail))
            else:
                results.append(
                    Imported(folder=name, address=listing.address, version=wanted.version)
                )
    shell.emit(results, lambda: _print(results))
    failed = sum(result.problem is not None for result in results)
    if failed:
        raise Failure(
            f"{failed} of {len(results)} could not be published; mend them and run it again."
        )


def _works(root: Path) -> Iterator[Path]:
    for folder in sorted(root.iterdir()):
        if folder.is_dir() and not folder.name.startswith(".") and (folder / CARD).is_file():
            yield folder


def _one(
    shell: Shell,
    souk: Souk,
    folder: Path,
    *,
    seller: tuple[str, str],
    price: str | None,
    parallel: int,
    is_draft: bool,
) -> tuple[Wanted, Listing]:
    work = read_folder(folder)
    owner, organisation_id = seller
    currency = (work.word("currency") or "USD").upper()
    wanted = Wanted(
        owner=owner,
        organisation_id=organisation_id,
        kind=work.word("kind"),
        slug=work.slug(),
        title=work.title(),
        summary=None,
        licence=None,
        tags=[],
        version=work.word("version") or FIRST_VERSION,
        notes="",
        price_minor=minor_of(work.word("price") or price, currency),
        currency=currency,
        edition="standard",
    )
    return wanted, publish_work(shell, souk, work, wanted, parallel=parallel, is_draft=is_draft)


def _print(results: list[Imported]) -> None:
    for result in results:
        if result.problem is None:
            click.echo(f"{result.folder}: {result.address} {result.version}")
        else:
            click.echo(f"{result.folder}: {output.plain(result.problem)}")
