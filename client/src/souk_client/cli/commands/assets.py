"""mp assets"""

from pathlib import Path

import click

from souk_client.cli import output
from souk_client.cli.bars import bars
from souk_client.cli.shell import Shell, with_shell
from souk_client.contracts.assets import Asset, AssetPurged
from souk_client.sdk import Souk

EPILOG = """\b
Examples:
  mp assets
  mp assets put logo.svg img/logo.svg
  mp assets put site/ --below www
  mp assets remove img/logo.svg
"""


@click.group(name="assets", invoke_without_command=True, epilog=EPILOG)
@click.option("--organisation", help="Whose; your own organisation when left out.")
@click.option("--prefix", help="Only paths that begin so.")
@click.pass_context
@with_shell
def command(
    shell: Shell, context: click.Context, organisation: str | None, prefix: str | None
) -> None:
    """List your files at public addresses; put, delete or refresh one."""
    if context.invoked_subcommand is not None:
        return
    with shell.souk() as souk:
        found = list(souk.each(souk.assets.list, organisation_id=organisation, prefix=prefix))
        usage = souk.assets.usage(organisation_id=organisation)
    shell.emit({"items": found, "usage": usage}, lambda: _print_all(shell, found))
    shell.say(
        f"{usage.assets} asset(s), {output.size(usage.used_bytes)} of "
        f"{output.size(usage.max_bytes)}."
    )


@command.command(name="put")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.argument("path", required=False)
@click.option("--below", default="", help="For a folder: the path that comes before its files'.")
@click.option("--organisation", help="Whose; your own organisation when left out.")
@click.option("--type", "media_type", help="Such as image/png; by the path's ending otherwise.")
@click.option("--as-is", is_flag=True, help="Serve HTML, CSS, scripts and SVG as they are.")
@with_shell
def put(
    shell: Shell,
    source: Path,
    path: str | None,
    below: str,
    organisation: str | None,
    media_type: str | None,
    as_is: bool,
) -> None:
    """Put a file, or every file of a folder, at public addresses.

    What is at a path already is replaced, and edge nodes forget it.
    """
    if source.is_dir():
        if path is not None:
            raise click.UsageError("A folder's files keep their names; use --below.")
        files = {
            str(Path(below, file.relative_to(source).as_posix())): file
            for file in sorted(source.rglob("*"))
            if file.is_file() and not any(part.startswith(".") for part in file.parts)
        }
    else:
        files = {path or source.name: source}
    done = []
    with shell.souk() as souk, bars(is_quiet=shell.is_quiet) as on_progress:
        for target, file in files.items():
            done.append(
                souk.put_asset(
                    file,
                    target,
                    organisation_id=organisation,
                    media_type=media_type,
                    optimise=not as_is,
                    on_progress=on_progress,
                )
            )
    shell.emit({"items": done}, lambda: _print_all(shell, done))


@command.command(name="remove")
@click.argument("asset")
@click.option("--organisation", help="Whose; your own organisation when left out.")
@with_shell
def remove(shell: Shell, asset: str, organisation: str | None) -> None:
    """Delete ASSET (its path or id), here and at every edge node."""
    with shell.souk() as souk:
        gone = souk.assets.delete(_id_of(souk, asset, organisation))
    shell.emit(gone, lambda: _print_told(gone, "Removed"))


@command.command(name="refresh")
@click.argument("asset")
@click.option("--organisation", help="Whose; your own organisation when left out.")
@with_shell
def refresh(shell: Shell, asset: str, organisation: str | None) -> None:
    """Have every edge node fetch ASSET (its path or id) anew."""
    with shell.souk() as souk:
        told = souk.assets.purge(_id_of(souk, asset, organisation))
    shell.emit(told, lambda: _print_told(told, "Refreshed"))


def _id_of(souk: Souk, asset: str, organisation: str | None) -> str:
    if asset.startswith("ast_") and "/" not in asset and "." not in asset:
        return asset
    for one in souk.each(souk.assets.list, organisation_id=organisation, prefix=asset):
        if one.path == asset:
            return one.id
    raise click.ClickException(f"There is no asset {asset!r}; `mp assets` lists them.")


def _print_told(told: AssetPurged, done: str) -> None:
    nodes = f", confirmed by {sum(node.confirmed for node in told.nodes)} node(s)"
    click.echo(f"{done} {output.plain(told.path)}{nodes if told.nodes else ''}.")
    if not told.confirmed:
        click.echo("Nodes that do not answer now hear of it before they serve again.", err=True)


def _print_all(shell: Shell, found: list[Asset]) -> None:
    if not found:
        shell.say("No assets yet; put one there with `mp assets put`.")
        return
    rows = [(one.path, output.size(one.size_bytes), one.state, one.url) for one in found]
    output.table(("PATH", "SIZE", "STATE", "ADDRESS"), rows)
