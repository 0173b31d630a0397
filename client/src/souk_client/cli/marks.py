"""Marked copies in a folder, known again by their statements."""

from pathlib import Path

from souk_client.proofs import Check, KeySet, ProofError, is_certificate, read_bundle, read_licence
from souk_client.proofs.marked_copy import MARK_SUFFIX, verify_marked_copy
from souk_client.sdk.paths import safe_path


def without_marks(
    folder: Path, hashes: dict[str, str], data: bytes, trusted: KeySet
) -> tuple[dict[str, str], list[Check]]:
    """The files' hashes as they were published, and a check for each marked copy among them.

    A statement counts for its own licence and for exactly the bytes it names. One that does not
    hold leaves the file's own hash, and says why.
    """
    if is_certificate(data):
        return hashes, []
    licence_id = read_licence(read_bundle(data).licence)[0].licence_id
    published, checks = dict(hashes), []
    for path, sha256 in hashes.items():
        statement = safe_path(folder, f"{path}{MARK_SUFFIX}")
        if not statement.is_file():
            continue
        try:
            facts = verify_marked_copy(statement.read_text("utf-8", "replace"), trusted)
            if (facts.licence_id, facts.path) != (licence_id, path) or facts.sha256 != sha256:
                raise ProofError("it is about another licence or other bytes.")
        except ProofError as error:
            checks.append(Check(name=f"mark {path}", ok=False, detail=str(error)))
            continue
        published[path] = facts.source_sha256
        said = f"a copy marked for {licence_id}, of the file as it was published"
        checks.append(Check(name=f"mark {path}", ok=True, detail=said))
    return published, checks
