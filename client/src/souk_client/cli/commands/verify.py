"""mp verify"""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from souk_client.cli import output
from souk_client.cli.failures import NOT_FOUND, WRONG, Failure
from souk_client.cli.marks import without_marks
from souk_client.cli.profiles import ProfileStore
from souk_client.cli.shell import Shell, with_shell
from souk_client.proofs import (
    CERTIFICATE_SUFFIX,
    MAX_BUNDLE_BYTES,
    SUFFIX,
    Check,
    KeySet,
    LicensedFile,
    ProofError,
    Proven,
    Verification,
    is_certificate,
    read_bundle,
    read_certificate,
    read_certificate_bundle,
    read_jwks,
    read_licence,
    verify_bundle,
    verify_certificate,
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
  mp verify certificate.pdf
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

    PATH is a folder that `mp download` made, an evidence bundle (*.souk.json) in it, or a
    certificate of ownership: its PDF, or the proof (*.certificate.json) that the PDF carries. Of a
    certificate the files that lie beside it are checked; none are needed. Leaves with exit code 7
    when anything is wrong. Whether a licence was revoked since, only the marketplace knows.

    With --rpc the chain is asked as well: that a head of the log with this entry was written there,
    when, and by which account. Nobody can have made the entry up later than that.

    With --cid any file or folder is checked, as IPFS names it; evidence bundles and hidden files
    are left out.
    """
    if cid is not None:
        return _check_cid(shell, path, cid)
    bundles = [path] if path.is_file() else _bundles_in(path)
    if not bundles:
        raise Failure(f"There is no evidence bundle (*{SUFFIX}) in {path}.", exit_code=NOT_FOUND)
    found = [_verify(shell.store, bundle, keys_file, rpc) for bundle in bundles]
    is_good = all(verified.ok for verified in found)
    shell.emit({"ok": is_good, "bundles": found}, lambda: _print(found))
    return 0 if is_good else WRONG


def _bundles_in(folder: Path) -> list[Path]:
    return sorted((*folder.glob(f"*{SUFFIX}"), *folder.glob(f"*{CERTIFICATE_SUFFIX}")))


def _check_cid(shell: Shell, path: Path, cid: str) -> int:
    actual = cid_of_path(path)
    is_good = parse_cid(cid).digest == actual.digest
    said = f"Good: this is {actual}." if is_good else f"NOT good: this is {actual}."
    shell.emit({"ok": is_good, "cid": str(actual)}, lambda: click.echo(said))
    return 0 if is_good else WRONG


def _verify(store: ProfileStore, bundle: Path, keys_file: Path | None, rpc: str | None) -> Verified:
    data = _read(bundle)
    proven = _proven(data)
    trusted = _trusted(store, proven.keys.origin, keys_file)
    hashes = _hashes(bundle.parent, _files(data))
    hashes, marks = without_marks(bundle.parent, hashes, data, trusted)
    check = verify_certificate if is_certificate(data) else verify_bundle
    result = check(data, file_hashes=hashes, trusted=trusted, now=datetime.now(UTC))
    result = replace(result, checks=(*result.checks, *marks))
    if rpc is not None:
        result = replace(result, checks=(*result.checks, _check_chain(proven, rpc)))
    return Verified(bundle=str(bundle), ok=result.ok, result=result)


def _read(bundle: Path) -> bytes:
    """The bundle in a file; of a PDF the one that is attached to it."""
    if bundle.stat().st_size > MAX_BUNDLE_BYTES:
        raise ProofError(f"{bundle} is too long for an evidence bundle.")
    data = bundle.read_bytes()
    if not data.startswith(b"%PDF-"):
        return data
    from souk_client.sdk.pdf import certificate_in  # pypdf is slow to import

    return certificate_in(data)


def _proven(data: bytes) -> Proven:
    return read_certificate_bundle(data) if is_certificate(data) else read_bundle(data)


def _files(data: bytes) -> Iterable[LicensedFile]:
    if is_certificate(data):
        return read_certificate(read_certificate_bundle(data).certificate)[0].files
    return read_licence(read_bundle(data).licence)[0].files


def _check_chain(proven: Proven, rpc: str) -> Check:
    """Asks a node of the chain; what it is asked for was checked against the entry before."""
    from souk_client.sdk.chains import ChainProblem, anchored_at  # httpx is slow to import

    anchor = proven.anchor
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


def _trusted(store: ProfileStore, origin: str, keys_file: Path | None) -> KeySet:
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


def _hashes(folder: Path, files: Iterable[LicensedFile]) -> dict[str, str]:
    """The hash of each of these files that is there, by path."""
    places = {file.path: safe_path(folder, file.path) for file in files}
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
        licence, certificate = verified.result.licence, verified.result.certificate
        if verified.ok and certificate is not None:
            holder = "a holder who is not named"
            if certificate.holder is not None:
                holder = output.plain(certificate.holder.name)
            click.echo(
                f"Good: {certificate.address} {certificate.version}, licensed to {holder} by "
                f"{output.plain(certificate.licensor.name)}. Whether it still holds: "
                f"{output.plain(certificate.check_url)}"
            )
        elif verified.ok and licence is not None:
            click.echo(
                f"Good: {licence.address} {licence.version}, licensed to "
                f"{output.plain(licence.licensee.name)} by {output.plain(licence.licensor.name)}."
            )
        else:
            click.echo("NOT good: do not rely on these files.")
