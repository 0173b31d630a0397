"""The proof that a certificate's PDF carries."""

from io import BytesIO

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from souk_client.proofs import ATTACHMENT, MAX_BUNDLE_BYTES, ProofError

BEGINS = b"%PDF-"


def certificate_in(pdf: bytes) -> bytes:
    """The certificate's bundle that is attached to a PDF, without checking it.

    Raises:
        ProofError: the PDF cannot be read, or carries no certificate.
    """
    try:
        attached = PdfReader(BytesIO(pdf), strict=True).attachments.get(ATTACHMENT, [])
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError, OSError) as error:
        raise ProofError(f"The PDF cannot be read: {error}.") from error
    if len(attached) != 1:
        raise ProofError(f"The PDF carries no certificate ({ATTACHMENT}), or more than one.")
    if len(attached[0]) > MAX_BUNDLE_BYTES:
        raise ProofError("The PDF's certificate is too long.")
    return attached[0]
