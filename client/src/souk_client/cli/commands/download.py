"""mp download"""

import platform
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from souk_client.cli import output
from souk_client.cli.bars import bars
from souk_client.cli.commands.devices import register_here
from souk_client.cli.device_sync import take_key
from souk_client.cli.failures import NOT_FOUND, USAGE, Failure
from souk_client.cli.marked_download import fetch_marked
from souk_client.cli.shell import Shell, with_shell
from souk_client.contracts.rights import Licence
from souk_client.proofs import SUFFIX, ProofError, read_bundle, verify_bundle
from souk_client.sdk.client import Souk
from souk_client.sdk.downloads import Downloaded
from souk_client.sdk.errors import IntegrityError
from souk_client.sdk.protected import fetch_protected

EPILOG = """\b
Examples:
  mp download ada/iris
  mp download lic_… --to models/iris
  mp download ada/iris --only model.onnx
"""


@click.command(name="download", epilog=EPILOG)
@click.argument("what", metavar="LISTING|LICENCE")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder; one named like the listing when left out.",
)
@click.option("--version", help="Another version than the newest.")
@click.option("--only", multiple=True, metavar="PATH", help="Only this file; may be repeated.")
@click.option(
    "--protected", is_flag=True, help="Encrypted for this device; open them with `mp open`."
)
@click.option(
    "--marked", is_flag=True, help="Copies with your licence's mark, where files have room for one."
)
@click.option("--parallel", type=click.IntRange(1, 16), default=4, show_default=True)
@with_shell
def command(
    shell: Shell,
    what: str,
    folder: Path | None,
    version: str | None,
    only: tuple[str, ...],
    parallel: int,
    protected: bool,
    marked: bool,
) -> None:
    """Fetch the files of a licence, with the evidence that it is yours.

    A broken download goes on where it stopped. Every file is checked by its hash before it gets its
    name; files that are there and right are left alone. The evidence bundle beside them lets
    `mp verify` check everything later with no server.

    With --marked, files that have room for it carry the licence's mark, with the marketplace's
    statement beside them, which `mp verify` checks as well.

    With --protected they come encrypted for the licence's devices, of which this machine becomes
    one, and the licence's key comes with them.
    """
    if protected and marked:
        raise Failure("Give --protected or --marked, not both.", exit_code=USAGE)
    with shell.souk() as souk:
        licence = _licence(souk, what, spent_too=protected)
        place = folder or Path(licence.listing_address.split("/")[-1])
        if protected:
            fetched = _protected(shell, souk, licence, place, version=version, only=only)
            shell.emit(fetched, lambda: _print_protected(shell, fetched))
            return
        with bars(is_quiet=shell.is_quiet or shell.as_json) as tell:
            done = souk.download(
                licence.id,
                place,
                version=version,
                only=only,
                parallel=parallel,
                on_progress=tell,
            )
        bundle = _keep_evidence(shell, souk, licence, done, place)
        if marked:
            _mark(shell, souk, licence, place, only=only)
    answer = {"download": done, "evidence": str(bundle)}
    shell.emit(answer, lambda: _print(shell, done, bundle))


class Protected(msgspec.Struct, frozen=True, kw_only=True):
    """Protected files that are there."""

    licence_id: str
    device_id: str
    files: list[str]
    offline_until: datetime


def _protected(
    shell: Shell,
    souk: Souk,
    licence: Licence,
    folder: Path,
    *,
    version: str | None,
    only: tuple[str, ...],
) -> Protected:
    """Makes this machine a device, takes the licence's key, and fetches the files encrypted."""
    device = register_here(shell, souk, name=platform.node() or "device")
    facts = take_key(shell, souk, licence.id)
    listed = souk.devices.files(licence.id, device.id, version=version).items
    unknown = set(only) - {file.path for file in listed}
    if unknown:
        raise IntegrityError(f"The licence has no file {', '.join(sorted(unknown))}.")
    folder.mkdir(parents=True, exist_ok=True)
    files = [
        str(fetch_protected(souk, file, folder)) for file in listed if not only or file.path in only
    ]
    return Protected(
        licence_id=licence.id, device_id=device.id, files=files, offline_until=facts.expires_at
    )


def _print_protected(shell: Shell, done: Protected) -> None:
    for file in done.files:
        click.echo(output.plain(file))
    shell.say(
        f"Open them with `mp open FILE`, until {done.offline_until:%Y-%m-%d} with no contact."
    )


def _mark(
    shell: Shell, souk: Souk, licence: Licence, folder: Path, *, only: tuple[str, ...]
) -> None:
    """Puts marked copies in the place of the files that have room for a mark."""
    for file in souk.licences.files(licence.id, version=licence.version).items:
        if (not only or file.path in only) and fetch_marked(souk, licence.id, file, folder):
            shell.say(f"{file.path} carries the mark of {licence.id}.")


def _licence(souk: Souk, what: str, *, spent_too: bool = False) -> Licence:
    """The licence of this id, or the newest good one for this address.

    Args:
        spent_too: also one whose uses are all set aside, as they may be for this device.
    """
    if "/" not in what:
        return souk.licences.get(what)
    held = [item for item in souk.each(souk.licences.list) if item.listing_address == what]
    states = {"active", "used_up"} if spent_too else {"active"}
    good = [item for item in held if item.state in states]
    if good:
        return good[0]
    if held:
        raise Failure(f"Your licence for {what} is {held[0].state}.", exit_code=NOT_FOUND)
    raise Failure(
        f"You hold no licence for {what}.",
        exit_code=NOT_FOUND,
        hint=f"Get one with `mp buy {what}`.",
    )


def _keep_evidence(
    shell: Shell, souk: Souk, licence: Licence, done: Downloaded, folder: Path
) -> Path:
    """Fetches the bundle, checks it against pinned keys and the files, and writes it."""
    data = souk.licences.evidence(licence.id, version=done.version)
    trusted = shell.trusted_keys(souk)
    offered = read_bundle(data).keys.keys
    if not set(offered) <= set(trusted.keys):
        trusted = shell.pin_keys(souk)
        shell.say(f"Pinned a new key of {trusted.origin}.")
    hashes = {file.path: file.sha256 for file in done.files}
    result = verify_bundle(data, file_hashes=hashes, trusted=trusted, now=datetime.now(UTC))
    missing = {f"file {file.path}" for file in result.licence.files} if result.licence else set()
    missing -= {f"file {path}" for path in hashes}
    wrong = [c for c in result.checks if not c.ok and c.name not in missing]
    if wrong:
        reasons = "; ".join(f"{check.name}: {check.detail}" for check in wrong)
        raise ProofError(f"The evidence of licence {licence.id} does not hold: {reasons}")
    name = licence.listing_address.split("/")[-1]
    path = folder / f"{name}-{done.version}{SUFFIX}"
    if path.name in hashes:
        raise IntegrityError(f"A file of this work is named like its evidence bundle: {path.name}.")
    path.write_bytes(data)
    return path


def _print(shell: Shell, done: Downloaded, bundle: Path) -> None:
    for file in done.files:
        note = "" if file.received_bytes or not file.size_bytes else "  (was there)"
        click.echo(f"{output.size(file.size_bytes):>10}  {output.plain(file.path)}{note}")
    shell.say(f"{done.listing_address} {done.version} is in {done.folder}; evidence in {bundle}.")
    shell.say(f"Check it any time with `mp verify {done.folder}`.")
