"""A device's contact with the marketplace: receipts out, revocations in, keys made fresh."""

from datetime import UTC, datetime

import msgspec

from souk_client.cli.device_notes import Chain, DeviceNote, DeviceNotes
from souk_client.cli.shell import Shell
from souk_client.proofs.canonical import encode_base64url
from souk_client.proofs.device_key import DeviceKeyFacts, verify_device_key
from souk_client.proofs.errors import ProofError
from souk_client.sdk.client import Souk
from souk_client.sdk.errors import SoukApiError

BATCH = 500


class Synced(msgspec.Struct, frozen=True, kw_only=True):
    """What a contact changed."""

    device_id: str
    dropped: list[str]
    """Licences whose keys were dropped: revoked, ended, or taken from this device."""
    renewed: list[str]
    receipts_sent: int
    device_revoked: bool = False


def notes_of(shell: Shell) -> DeviceNotes:
    """What this machine keeps for the marketplace in use."""
    return DeviceNotes(shell.store, shell.api_url)


def take_key(
    shell: Shell, souk: Souk, licence_id: str, *, uses: int | None = None
) -> DeviceKeyFacts:
    """Asks for a licence's key and keeps it, once its signature is checked.

    Raises:
        ProofError: it is not by this marketplace, or not for this device.
    """
    notes = notes_of(shell)
    note = notes.require()
    document = souk.devices.key(licence_id, note.id, uses=uses).document
    facts = _checked(shell, souk, document)
    own = encode_base64url(note.exchange_key.public_key().public_bytes_raw())
    if (facts.licence_id, facts.device_id, facts.device_key) != (licence_id, note.id, own):
        raise ProofError("The released key is for another licence or device.")

    def kept(note: DeviceNote) -> DeviceNote:
        return msgspec.structs.replace(
            note, documents=note.documents | {licence_id: document}, latest_at=facts.issued_at
        )

    notes.change(kept)
    return facts


def sync(shell: Shell, souk: Souk) -> Synced:
    """Sends receipts, drops what was revoked, and asks for more time for the rest."""
    notes = notes_of(shell)
    note = notes.require()
    sent = sum(_send(notes, souk, note.id, licence_id) for licence_id in note.chains)
    device = souk.devices.contact(note.id)
    good = {item.licence_id for item in device.licences if item.state == "active"}
    if device.revoked_at is not None:
        good = set()
    dropped = sorted(set(note.documents) - good)
    _drop(notes, dropped)
    renewed = []
    for licence_id in sorted(set(note.documents) & good):
        take_key(shell, souk, licence_id)
        renewed.append(licence_id)
    return Synced(
        device_id=note.id,
        dropped=dropped,
        renewed=renewed,
        receipts_sent=sent,
        device_revoked=device.revoked_at is not None,
    )


def _send(notes: DeviceNotes, souk: Souk, device_id: str, licence_id: str) -> int:
    """Sends a licence's receipts; each stays here until the marketplace has it."""
    sent = 0
    while waiting := notes.require().chains[licence_id].waiting[:BATCH]:
        try:
            taken = souk.devices.send_receipts(licence_id, device_id, waiting)
        except SoukApiError as error:
            if error.code != "receipts_forked":
                raise
            _drop(notes, [licence_id])
            return sent
        sent += taken.accepted

        def shorter(note: DeviceNote, done: int = len(waiting)) -> DeviceNote:
            chain = note.chains[licence_id]
            left = msgspec.structs.replace(chain, waiting=chain.waiting[done:])
            return msgspec.structs.replace(note, chains=note.chains | {licence_id: left})

        notes.change(shorter)
    return sent


def _drop(notes: DeviceNotes, licence_ids: list[str]) -> None:
    def without(note: DeviceNote) -> DeviceNote:
        left = {one: text for one, text in note.documents.items() if one not in licence_ids}
        return msgspec.structs.replace(note, documents=left)

    if licence_ids:
        notes.change(without)


def _checked(shell: Shell, souk: Souk, document: str) -> DeviceKeyFacts:
    """The document's facts; a key that is new since the last contact is pinned first."""
    try:
        return verify_device_key(document, shell.trusted_keys(souk))
    except ProofError:
        return verify_device_key(document, shell.pin_keys(souk))


def chain_of(note: DeviceNote, licence_id: str) -> Chain:
    """The receipts of a licence on this machine."""
    return note.chains.get(licence_id, Chain())


def now() -> datetime:
    """The time that receipts say."""
    return datetime.now(UTC).replace(microsecond=0)
