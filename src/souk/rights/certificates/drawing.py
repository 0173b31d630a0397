"""A certificate on paper: one PDF of A4, with the machine-readable proof attached."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from html import escape
from io import BytesIO
from typing import Final

from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, TextStringObject
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from souk.rights.certificates.qr import qr_modules
from souk.rights.provenance.api import InclusionProof
from souk_client.proofs import ATTACHMENT, CertificateFacts

MAX_FILES: Final = 12
"""More of them are counted; the attached proof names all."""
_INK: Final = colors.HexColor("#1d2146")
_FAINT: Final = colors.HexColor("#5a5d78")
_GOLD: Final = colors.HexColor("#a86b00")
_LINE: Final = colors.HexColor("#d9d6cf")
_MARGIN: Final = 20 * mm
_WIDTH: Final = A4[0] - 2 * _MARGIN - 12
"""Of the text: the frame of a page has six points of padding on each side."""
_FONTS: Final = {"Vera": "Vera.ttf", "Vera-Bold": "VeraBd.ttf"}
_MISSING: Final = "□"


def certificate_pdf(
    facts: CertificateFacts, proof: InclusionProof, *, bundle: bytes, market_name: str
) -> bytes:
    """The certificate's PDF; `bundle` is attached as it is. Takes a tenth of a second."""
    _register_fonts()
    file = BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=f"Certificate of ownership: {facts.title} {facts.version}",
        author=market_name,
        subject=facts.licence_id,
        invariant=True,
    )
    frame = partial(_frame, facts=facts, market_name=market_name)
    document.build(list(_parts(facts, proof)), onFirstPage=frame, onLaterPages=frame)
    return _with_attachment(file.getvalue(), bundle)


def _parts(facts: CertificateFacts, proof: InclusionProof) -> Iterator[Flowable]:
    yield _words("CERTIFICATE OF OWNERSHIP", _style(9, color=_GOLD, bold=True, after=5))
    yield _words(facts.title, _style(21, bold=True, after=3))
    yield _words(f"{facts.address}, version {facts.version}", _style(10, color=_FAINT, after=9))
    yield _beside_qr(facts)
    yield from _section("What is licensed", _licence_rows(facts))
    yield from _section("Its files, by SHA-256", _file_rows(facts), mono=True)
    yield from _section("On record in the public log", _log_rows(proof))
    yield from _section("On a chain, where nobody can change it", _chain_rows(proof))
    yield Spacer(1, 4 * mm)
    yield _words(
        f"The proof of all this is attached to this PDF ({ATTACHMENT}). Check it without the "
        f"marketplace: mp verify <this file>. Whether the licence still holds today, only the "
        f"address above knows.{_about_missing(facts)}",
        _style(7.5, color=_FAINT),
    )


def _beside_qr(facts: CertificateFacts) -> Flowable:
    holder = facts.holder.name if facts.holder else "Not named, as the holder wishes"
    left = [
        _words("Held by", _style(8, color=_FAINT)),
        _words(holder, _style(13, bold=facts.holder is not None, after=7)),
        _words("Licensed by", _style(8, color=_FAINT)),
        _words(facts.licensor.name, _style(13, bold=True, after=7)),
        _words("See whether it still holds", _style(8, color=_FAINT)),
        _words(facts.check_url, _style(8.5, link=facts.check_url)),
    ]
    table = Table([[left, _Qr(facts.check_url, 36 * mm)]], colWidths=[_WIDTH - 40 * mm, 40 * mm])
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("ALIGN", (1, 0), (1, 0), "RIGHT"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ]
        )
    )
    return table


def _licence_rows(facts: CertificateFacts) -> list[tuple[str, str]]:
    rows = [("Licence", facts.licence_id), ("Kind", _kind(facts)), ("From", _day(facts.valid_from))]
    rows.append(("Until", _day(facts.valid_until) if facts.valid_until else "for good"))
    rows.append(("Content licence", facts.spdx or "none named"))
    return rows


def _kind(facts: CertificateFacts) -> str:
    match facts.kind:
        case "counted":
            return f"for {facts.use_limit} uses"
        case "seats":
            return f"for {facts.seats} people at a time"
        case "timed":
            return "for a time"
        case "perpetual":
            return "perpetual"


def _file_rows(facts: CertificateFacts) -> list[tuple[str, str]]:
    files = sorted(facts.files, key=lambda file: file.path)
    rows = [(file.path, file.sha256) for file in files[:MAX_FILES]]
    if len(files) > MAX_FILES:
        rows.append((f"and {len(files) - MAX_FILES} more", "named in the attached proof"))
    return rows


def _log_rows(proof: InclusionProof) -> list[tuple[str, str]]:
    return [
        ("Entry", f"{proof.entry.id}, number {proof.leaf_index:,}"),
        ("Recorded", _minute(proof.entry.created_at)),
        ("Leaf hash", proof.entry.leaf_hash),
        ("Signed head", f"of {proof.head.tree_size:,} entries, {_minute(proof.head.created_at)}"),
        ("Root", proof.head.root_hash),
        ("Inclusion proof", f"{len(proof.path)} sibling hashes, in the attached proof"),
    ]


def _chain_rows(proof: InclusionProof) -> list[tuple[str, str]]:
    if proof.anchored is None:
        return [("Anchor", "no head with this entry stood on a chain when this was made")]
    anchor = proof.anchored.anchor
    rows = [
        ("Chain", f"{anchor.chain}, id {anchor.chain_id}"),
        ("Contract", anchor.contract),
        ("Written by", anchor.account),
        ("Head", f"of {anchor.tree_size:,} entries, root {anchor.root_hash}"),
    ]
    if anchor.transaction_hash is not None:
        rows.append(("Transaction", anchor.transaction_hash))
    if anchor.block_number is not None and anchor.block_time is not None:
        rows.append(("Block", f"{anchor.block_number:,}, {_minute(anchor.block_time)}"))
    return rows


def _section(title: str, rows: list[tuple[str, str]], *, mono: bool = False) -> Iterator[Flowable]:
    yield Spacer(1, 3.2 * mm)
    yield _words(title, _style(9.5, bold=True, after=2))
    first = 0.36 if mono else 0.2
    name, value = _style(7.5, color=_FAINT), _style(6.4 if mono else 7.5, breaks=True)
    cells = [[_words(one, name), _words(two, value)] for one, two in rows]
    table = Table(cells, colWidths=[_WIDTH * first, _WIDTH * (1 - first)])
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEABOVE", (0, 0), (-1, -1), 0.4, _LINE),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
                ("TOPPADDING", (0, 0), (-1, -1), 1.6),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.2),
            ]
        )
    )
    yield table


class _Qr(Flowable):
    """A QR code that links to what it says."""

    def __init__(self, text: str, side: float) -> None:
        super().__init__()
        self._text = text
        self.width = self.height = side

    def draw(self) -> None:
        """Draws each dark module as a square."""
        count, dark = qr_modules(self._text)
        module = self.width / count
        self.canv.setFillColor(colors.black)
        for x, y in dark:
            at = (x * module, self.height - (y + 1) * module)
            self.canv.rect(*at, module, module, stroke=0, fill=1)
        self.canv.linkURL(self._text, (0, 0, self.width, self.height), relative=1)


def _frame(
    canvas: Canvas, _document: SimpleDocTemplate, *, facts: CertificateFacts, market_name: str
) -> None:
    width, height = A4
    canvas.saveState()
    canvas.setStrokeColor(_GOLD)
    canvas.setLineWidth(1.2)
    canvas.rect(10 * mm, 10 * mm, width - 20 * mm, height - 20 * mm)
    canvas.setFont("Vera", 7)
    canvas.setFillColor(_FAINT)
    made = f"{_shown(market_name)} · made {_minute(facts.made_at)} · {facts.certificate_id}"
    canvas.drawString(_MARGIN + 6, 12.5 * mm, made)
    canvas.drawRightString(width - _MARGIN - 6, 12.5 * mm, f"page {canvas.getPageNumber()}")
    canvas.restoreState()


def _with_attachment(pdf: bytes, bundle: bytes) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf)))
    writer.add_attachment(ATTACHMENT, bundle)
    writer.root_object[NameObject("/Lang")] = TextStringObject("en")
    file = BytesIO()
    writer.write(file)
    return file.getvalue()


def _style(
    size: float,
    *,
    color: colors.Color = _INK,
    bold: bool = False,
    after: float = 0,
    breaks: bool = False,
    link: str = "",
) -> ParagraphStyle:
    return ParagraphStyle(
        link or "plain",
        fontName="Vera-Bold" if bold else "Vera",
        fontSize=size,
        leading=size * 1.3,
        textColor=color,
        spaceAfter=after,
        splitLongWords=True,
        wordWrap="CJK" if breaks else None,
    )


def _words(text: str, style: ParagraphStyle) -> Paragraph:
    plain = escape(_shown(text))
    if style.name != "plain":
        plain = f'<a href="{escape(style.name)}">{plain}</a>'
    return Paragraph(plain, style)


def _shown(text: str) -> str:
    """The text with a mark for each letter that the font lacks."""
    font = pdfmetrics.getFont("Vera")
    assert isinstance(font, TTFont)
    known = font.face.charToGlyph
    return "".join(letter if ord(letter) in known else _MISSING for letter in text)


def _about_missing(facts: CertificateFacts) -> str:
    names = (facts.title, facts.licensor.name, facts.holder.name if facts.holder else "")
    if not any(_MISSING in _shown(name) for name in names):
        return ""
    return f" {_MISSING} stands for a letter that this paper's font lacks; the proof has it."


def _register_fonts() -> None:
    for name, file in _FONTS.items():
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, file))


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
