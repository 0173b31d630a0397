"""mp verify"""

from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from souk_client.cli import output
from souk_client.cli.failures import NOT_FOUND, WRONG, Failure
from souk_client.cli.profiles import ProfileStore
from souk_client.cli.shell import Shell, with_shell
from souk_client.proofs import (
    MAX_BUNDLE_BYTES,
    SUFFIX,
    Check,
    KeySet,
    ProofError,
    Verification,
    read_bundle,
    read_jwks,
    read_licence,
    verify_bundle,
)
from souk_client.proofs.ipfs import parse_cid
from souk_client.sdk.cids import cid_of_path
from souk_client.sdk.paths import safe_path
from souk_client.sdk.progress import silent
from souk_client.sdk.uploads import hash_file

EPILOG = """\b
Examples:
  mp verify iris
  mp verify iris/iris-1.0.0.souk.json --json
  curl -o keys.json https://souk.example/.well-known/souk-keys.json
  mp verify iris --keys keys.json
  mp verify iris --cid bafybei…
  mp verify iris --rpc http://127.0.0.1:8545
"""


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """One bundle and what was found."""

    bundle: str
    ok: bool
    result: Verification


@click.command(name="verify", epilog=EPILOG)
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--keys",
    "keys_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The marketplace's published key set (JWKS), in the place of the pinned one.",
)
@click.option("--rpc", help="A node of the chain: asks it whether the log's head stands there.")
@click.option("--cid", help="Check that the file or folder has this CID (IPFS), nothing else.")
@with_shell
def command(
    shell: Shell, path: Path, keys_file: Path | None, rpc: str | None, cid: str | None
) -> int:
    """Check files, licence and provenance proof, with no server.

    PATH is a folder that `mp download` made, or an evidence bundle (*.souk.json) in it. Leaves with
    exit code 7 when anything is wrong. Whether a licence was revoked since, only the marketplace
    knows.

    With --rpc the chain is asked as well: that a head of the log with this entry was written there,
    when, and by which account. Nobody can have made the entry up later than that.

    With --cid any file or folder is checked, as IPFS names it; evidence bundles and hidden files
    are left out.
    """
    if cid is not None:
        return _check_cid(shell, path, cid)
    bundles = [path] if path.is_file() else sorted(path.glob(f"*{SUFFIX}"))
    if not bundles:
        raise Failure(f"There is no evidence bundle (*{SUFFIX}) in {path}.", exit_code=NOT_FOUND)
    found = [_verify(shell.store, bundle, keys_file, rpc) for bundle in bundles]
    is_good = all(verified.ok for verified in found)
    shell.emit({"ok": is_good, "bundles": found}, lambda: _print(found))
    return 0 if is_good else WRONG


def _check_cid(shell: Shell, path: Path, cid: str) -> int:
    actual = cid_of_path(path)
    is_good = parse_cid(cid).digest == actual.digest
    said = f"Good: this is {actual}." if is_good else f"NOT good: this is {actual}."
    shell.emit({"ok": is_good, "cid": str(actual)}, lambda: click.echo(said))
    return 0 if is_good else WRONG


def _verify(store: ProfileStore, bundle: Path, keys_file: Path | None, rpc: str | None) -> Verified:
    if bundle.stat().st_size > MAX_BUNDLE_BYTES:
        raise ProofError(f"{bundle} is too long for an evidence bundle.")
    data = bundle.read_bytes()
    trusted = _trusted(store, data, keys_file)
    hashes = _hashes(bundle.parent, data)
    result = verify_bundle(data, file_hashes=hashes, trusted=trusted, now=datetime.now(UTC))
    if rpc is not None:
        result = replace(result, checks=(*result.checks, _check_chain(data, rpc)))
    return Verified(bundle=str(bundle), ok=result.ok, result=result)


def _check_chain(data: bytes, rpc: str) -> Check:
    """Asks a node of the chain; what it is asked for was checked against the entry before."""
    from souk_client.sdk.chains import ChainProblem, anchored_at  # httpx is slow to import

    try:
        anchor = read_bundle(data).anchor
    except ProofError:
        return Check(name="chain", ok=False, detail="not asked: the bundle cannot be read.")
    if anchor is UNSET:
        return Check(name="chain", ok=False, detail="the bundle names no head that is on a chain.")
    try:
        at = anchored_at(rpc, anchor)
    except ChainProblem as error:
        return Check(name="chain", ok=False, detail=str(error))
    if at is None:
        return Check(name="chain", ok=False, detail=f"chain {anchor.chain_id} has no such head.")
    words = f"the head stands on chain {anchor.chain_id} since {at:%Y-%m-%d %H:%M:%S} UTC, written "
    return Check(name="chain", ok=True, detail=f"{words}by {anchor.account}")


def _trusted(store: ProfileStore, data: bytes, keys_file: Path | None) -> KeySet:
    origin = read_bundle(data).keys.origin
    if keys_file is not None:
        return read_jwks(keys_file.read_bytes(), origin=origin)
    for profile in store.load().by_url.values():
        if profile.keys is not None and profile.keys.origin == origin:
            return profile.keys
    raise Failure(
        f"No keys of {origin} are pinned here, so its proofs cannot be trusted.",
        exit_code=WRONG,
        hint="Sign in there once with `mp login`, or give its key set with --keys.",
    )


def _hashes(folder: Path, data: bytes) -> dict[str, str]:
    """The hash of each licensed file that is there, by path."""
    facts, _ = read_licence(read_bundle(data).licence)
    places = {file.path: safe_path(folder, file.path) for file in facts.files}
    return {
        path: hash_file(place, name=path, on_progress=silent)
        for path, place in places.items()
        if place.is_file()
    }


def _print(found: list[Verified]) -> None:
    for verified in found:
        click.echo(verified.bundle)
        for check in verified.result.checks:
            mark = "ok    " if check.ok else "FAILED"
            click.echo(f"  {mark}  {output.plain(check.name)}: {output.plain(check.detail)}")
        licence = verified.result.licence
        if verified.ok and licence is not None:
            click.echo(
                f"Good: {licence.address} {licence.version}, licensed to "
                f"{output.plain(licence.licensee.name)} by {output.plain(licence.licensor.name)}."
            )
        else:
            click.echo("NOT good: do not rely on these files.")
