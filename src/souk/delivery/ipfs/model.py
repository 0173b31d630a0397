"""The rules of a request to the gateway: which form, how much of a tree, which name for the answer.

Sources: the Trustless Gateway and Path Gateway specifications, IPIP-402 (partial CARs), IPIP-412
(order and duplicates).
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Final, Literal

import msgspec

from souk.delivery.ipfs.errors import CidUnreadable, FormUnknown, GatewayQuestion
from souk_client.proofs import ProofError
from souk_client.proofs.ipfs import Cid, parse_cid

RAW_TYPE: Final = "application/vnd.ipld.raw"
CAR_TYPE: Final = "application/vnd.ipld.car"
FORMS: Final = {"raw": RAW_TYPE, "car": CAR_TYPE}
MAX_PATH_PARTS: Final = 256

Form = Literal["raw", "car"]
DagScope = Literal["block", "entity", "all"]

_SPAN: Final = re.compile(r"(-?\d{1,18}):(-?\d{1,18}|\*)", re.ASCII)
_FILENAME: Final = re.compile(r"[^A-Za-z0-9._ ()+-]")


class ByteSpan(msgspec.Struct, frozen=True):
    """`entity-bytes`: from the first to the last byte, both inside; negative is from the end."""

    first: int
    last: int | None
    """None is the end of the file."""

    def within(self, size_bytes: int) -> tuple[int, int]:
        """From which byte up to, not including, which of a file of this length.

        The same number twice when nothing of the file is asked for.

        Raises:
            Malformed: `gateway_request_invalid` when it begins behind the file's end.
        """
        start = self.first if self.first >= 0 else max(0, size_bytes + self.first)
        if start >= size_bytes and self.first > 0:
            raise GatewayQuestion(
                f"entity-bytes begins at {self.first}, but the file has {size_bytes} bytes."
            )
        if self.last is None:
            end = size_bytes
        else:
            end = (self.last if self.last >= 0 else size_bytes + self.last) + 1
        return start, max(start, min(end, size_bytes))


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a request asks the gateway for."""

    cid: Cid
    parts: tuple[str, ...] = ()
    """The path below the CID."""
    form: Form
    scope: DagScope = "all"
    span: ByteSpan | None = None
    duplicates: bool = False
    filename: str | None = None
    form_in_address: bool = True

    @property
    def etag(self) -> str:
        """The same for the same bytes of the same answer."""
        if self.form == "raw":
            return f'"{self.cid}.raw"'
        asked = "\n".join([*self.parts, "", self.scope, str(self.span), str(self.duplicates)])
        return f'"{self.cid}.car.{hashlib.sha256(asked.encode()).hexdigest()[:16]}"'

    @property
    def media_type(self) -> str:
        if self.form == "raw":
            return RAW_TYPE
        return f"{CAR_TYPE}; version=1; order=dfs; dups={'y' if self.duplicates else 'n'}"

    @property
    def saved_as(self) -> str:
        """The file name that the answer proposes."""
        if self.filename:
            return self.filename
        return f"{self.cid}.{'bin' if self.form == 'raw' else 'car'}"

    @property
    def path(self) -> str:
        """The content path as it was asked for."""
        return "/".join(["/ipfs", str(self.cid), *self.parts])


def read_question(cid: str, path: str, *, query: Mapping[str, str], accept: str | None) -> Question:
    """What is asked for.

    Raises:
        Malformed: `cid_invalid`, `gateway_request_invalid`.
        NotAcceptable: `form_not_served`.
    """
    form, options = _form(query.get("format"), accept)
    parts = tuple(part for part in path.split("/") if part)
    try:
        named = parse_cid(cid)
    except ProofError as error:
        raise CidUnreadable(str(error)) from None
    if form == "raw" and parts:
        raise GatewayQuestion("A raw block is asked for by its CID alone; a path needs format=car.")
    if len(parts) > MAX_PATH_PARTS:
        raise GatewayQuestion(f"A path has at most {MAX_PATH_PARTS} parts.")
    _check_option("car-version", query.get("car-version", options.get("version", "1")), {"1"})
    _check_option("car-order", query.get("car-order", options.get("order", "dfs")), {"dfs", "unk"})
    duplicates = query.get("car-dups", options.get("dups", "n"))
    _check_option("car-dups", duplicates, {"y", "n"})
    scope = query.get("dag-scope", "all")
    _check_option("dag-scope", scope, {"block", "entity", "all"})
    span = _span(query["entity-bytes"]) if "entity-bytes" in query and form == "car" else None
    return Question(
        cid=named,
        parts=parts,
        form=form,
        scope="entity" if span is not None else msgspec.convert(scope, DagScope),
        span=span,
        duplicates=duplicates == "y",
        filename=_FILENAME.sub("_", query.get("filename", ""))[:200] or None,
        form_in_address=query.get("format") == form,
    )


def is_known(if_none_match: str | None, etag: str) -> bool:
    """Whether the caller has this answer already (RFC 9110 section 13.1.2)."""
    tags = {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
    return "*" in tags or etag in tags


def _form(named: str | None, accept: str | None) -> tuple[Form, dict[str, str]]:
    """The form and its parameters: that of the address, else the best that the header takes."""
    accepted = dict(_accepted(accept or ""))
    if named is not None:
        if named not in FORMS:
            raise FormUnknown()
        form = msgspec.convert(named, Form)
        return form, accepted.get(FORMS[form], {})
    for media_type, options in accepted.items():
        for form, known in FORMS.items():
            if media_type == known:
                return msgspec.convert(form, Form), options
    if not accept or accept.strip() == "*/*":
        raise GatewayQuestion(
            "Say in which form: ?format=car or ?format=raw, or a matching Accept header."
        )
    raise FormUnknown()


def _accepted(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The media types that a header takes, the most wanted first, each in its first variant."""
    found: list[tuple[float, str, dict[str, str]]] = []
    for item in header.split(","):
        media_type, *parameters = (part.strip() for part in item.split(";"))
        options = dict(_option(parameter) for parameter in parameters)
        if _understood(options) and (weight := _weight(options.get("q", "1"))) > 0:
            found.append((-weight, media_type.lower(), options))
    best: dict[str, dict[str, str]] = {}
    for _, media_type, options in sorted(found, key=lambda one: one[0]):
        best.setdefault(media_type, options)
    return iter(best.items())


def _option(parameter: str) -> tuple[str, str]:
    name, _, value = parameter.partition("=")
    return name.strip().lower(), value.strip().strip('"').lower()


def _understood(options: Mapping[str, str]) -> bool:
    """Whether this variant of a CAR file is one that the gateway makes."""
    return (
        options.get("version", "1") == "1"
        and options.get("order", "dfs") in {"dfs", "unk", ""}
        and options.get("dups", "n") in {"y", "n", ""}
    )


def _weight(text: str) -> float:
    try:
        return float(text) if len(text) <= 5 else 0.0
    except ValueError:
        return 0.0


def _check_option(name: str, value: str, known: set[str]) -> None:
    if value not in known:
        raise GatewayQuestion(f"{name} is one of {', '.join(sorted(known))}, not {value[:40]!r}.")


def _span(text: str) -> ByteSpan:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise GatewayQuestion(
            "entity-bytes is from:to, such as 0:1023, -1024:* or 0:*; both ends are inside."
        )
    first, last = int(found[1]), None if found[2] == "*" else int(found[2])
    if last is not None and (first < 0) == (last < 0) and last < first:
        raise GatewayQuestion("entity-bytes ends before it begins.")
    return ByteSpan(first, last)
