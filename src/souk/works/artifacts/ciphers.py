"""What encrypts the parts of an upload as they arrive."""

from souk.infra.blobs.segments import SegmentCipher
from souk.infra.blobs.store import BlobStore
from souk.works.artifacts.model import UploadRow, blob_name


async def cipher_of(upload: UploadRow, blobs: BlobStore) -> SegmentCipher | None:
    """The cipher of the upload's staging file; None when it holds plaintext."""
    if upload.data_key_id is None:
        return None
    return await blobs.cipher(
        blob_name(upload.sha256), key_id=upload.data_key_id, size_bytes=upload.size_bytes
    )
