"""mp open"""

import sys
from pathlib import Path

import click
import msgspec

from souk_client.cli.device_notes import DeviceNote, DeviceNotes
from souk_client.cli.device_sync import chain_of, now
from souk_client.cli.failures import NOT_ALLOWED, USAGE, Failure
from souk_client.cli.shell import Shell, with_shell
from souk_client.proofs import ProofError
from souk_client.proofs.device_key import (
    DeviceKeyFacts,
    check_offline,
    unwrap_key,
    verify_device_key,
)
from souk_client.proofs.protected_file import MAX_HEADER_BYTES, PROTECTED_SUFFIX, read_header
from souk_client.proofs.receipts import write_receipt
from souk_client.sdk.protected import open_protected

EPILOG = """\b
Examples:
  mp open iris/model.onnx.protected
  mp open iris/model.onnx.protected --to - | other-program
  mp open iris/model.onnx.protected --uses 5
"""


@click.command(name="open", epilog=EPILOG)
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--to", "target", metavar="PATH", help="Where; beside it when left out, - for stdout."
)
@click.option(
    "--uses",
    type=click.IntRange(1, 1_000_000),
    default=1,
    show_default=True,
    help="How many uses of a counted licence this is.",
)
@with_shell
def command(shell: Shell, path: Path, target: str | None, uses: int) -> None:
    """Open a protected file on this device, with no connection.

    PATH is a file that `mp download --protected` fetched. Of a counted licence a signed receipt is
    written first, and sent with the next `mp devices sync`.
    """
    if target is None and path.suffix != PROTECTED_SUFFIX:
        raise Failure("Say with --to where the opened file shall be.", exit_code=USAGE)
    with path.open("rb") as stream:
        header, _ = read_header(stream.read(MAX_HEADER_BYTES))
    notes = DeviceNotes(shell.store, shell.api_url)
    note = notes.seen(now())
    facts = _released(shell, note, header.licence_id)
    key = unwrap_key(facts, note.exchange_key)
    if facts.kind == "counted":
        first = next(open_protected(path, key))  # a file that does not open costs no use
        del first
        _count(notes, facts, uses)
    if target == "-":
        for plain in open_protected(path, key):
            sys.stdout.buffer.write(plain)
        sys.stdout.buffer.flush()
        return
    place = Path(target) if target is not None else path.with_suffix("")
    _write(path, key, place)
    answer = {"opened": str(place), "licence_id": facts.licence_id, "until": facts.expires_at}
    shell.emit(answer, lambda: click.echo(f"{place} is open."))


def _released(shell: Shell, note: DeviceNote, licence_id: str) -> DeviceKeyFacts:
    document = note.documents.get(licence_id)
    trusted = shell.profile.keys
    if document is None or trusted is None:
        raise Failure(
            "This device has no key of the file's licence.",
            exit_code=NOT_ALLOWED,
            hint="Get it with `mp download LICENCE --protected`.",
        )
    facts = verify_device_key(document, trusted)
    check_offline(facts, max(now(), note.latest_at or now()))
    return facts


def _count(notes: DeviceNotes, facts: DeviceKeyFacts, uses: int) -> None:
    """Writes the receipt, durably, before anything is opened."""

    def counted(note: DeviceNote) -> DeviceNote:
        chain = chain_of(note, facts.licence_id)
        left = (facts.uses_granted or 0) - chain.place.total
        if uses > left:
            raise Failure(
                f"{left} uses are left on this device, {uses} are asked for.",
                hint="Get more with `mp devices sync`.",
            )
        text, place = write_receipt(
            note.signing_key,
            chain.place,
            licence_id=facts.licence_id,
            device_id=note.id,
            uses=uses,
            used_at=now(),
        )
        longer = msgspec.structs.replace(chain, place=place, waiting=(*chain.waiting, text))
        return msgspec.structs.replace(note, chains=note.chains | {facts.licence_id: longer})

    notes.change(counted)


def _write(path: Path, key: bytes, place: Path) -> None:
    part = place.with_name(f".{place.name}.part")
    try:
        with part.open("wb") as stream:
            for plain in open_protected(path, key):
                stream.write(plain)
        part.replace(place)
    except (OSError, ProofError):
        part.unlink(missing_ok=True)
        raise
