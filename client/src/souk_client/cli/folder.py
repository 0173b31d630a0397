"""A folder to publish: its card, what the card says, and its files."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
import yaml

from souk_client.cli.failures import USAGE, Failure
from souk_client.proofs import SUFFIX

CARD: Final = "README.md"
MAX_CARD_BYTES: Final = 200_000
_FRONT_MATTER: Final = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_HEADING: Final = re.compile(r"^#\s+(.+?)\s*#*\s*$", re.MULTILINE)


class WorkFolder(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder holds."""

    path: Path
    card: str
    front_matter: Mapping[str, object]
    """Scalars are text as written."""
    files: list[str]
    """Relative paths with forward slashes, in order; the card is one of them."""

    def word(self, *names: str) -> str | None:
        """The first of these members of the front matter that is plain text."""
        for name in names:
            value = self.front_matter.get(name)
            if isinstance(value, str) and value.strip():
                return value.strip()
        return None

    def title(self) -> str:
        """From the front matter, else the card's first heading, else the folder's name."""
        heading = _HEADING.search(_FRONT_MATTER.sub("", self.card))
        return self.word("title") or (heading.group(1) if heading else self.path.resolve().name)

    def slug(self) -> str:
        """From the front matter, else made from the folder's name."""
        given = self.word("slug", "name")
        return given or re.sub(r"[^a-z0-9._-]+", "-", self.path.resolve().name.lower()).strip("-._")


def read_folder(path: Path) -> WorkFolder:
    """Reads the card and lists the files; hidden files and evidence bundles are left out.

    Raises:
        Failure: no card, a card that cannot be read, no files, or a link that leads out.
    """
    card_file = path / CARD
    if not card_file.is_file():
        raise Failure(
            f"{path} has no {CARD}.",
            exit_code=USAGE,
            hint="It is the listing's card: say in it what this is and how it was measured.",
        )
    data = card_file.read_bytes()
    if len(data) > MAX_CARD_BYTES:
        raise Failure(f"{card_file} is longer than {MAX_CARD_BYTES} bytes.", exit_code=USAGE)
    try:
        card = data.decode()
    except UnicodeDecodeError as error:
        raise Failure(f"{card_file} is not UTF-8 text.", exit_code=USAGE) from error
    return WorkFolder(
        path=path, card=card, front_matter=_front_matter(card, card_file), files=_files(path)
    )


def _front_matter(card: str, card_file: Path) -> Mapping[str, object]:
    found = _FRONT_MATTER.match(card)
    if found is None:
        return {}
    try:
        # BaseLoader makes text, lists and mappings only: "1.10" stays as written.
        value = yaml.load(found.group(1), Loader=yaml.BaseLoader)  # noqa: S506
    except yaml.YAMLError as error:
        raise Failure(f"The front matter of {card_file} is not YAML: {error}") from error
    return value if isinstance(value, dict) else {}


def _files(path: Path) -> list[str]:
    root = path.resolve()
    names: list[str] = []
    for place in sorted(path.rglob("*")):
        relative = place.relative_to(path)
        if any(part.startswith(".") for part in relative.parts) or not place.is_file():
            continue
        if place.name.endswith(SUFFIX):
            continue
        if not place.resolve().is_relative_to(root):
            raise Failure(f"{place} is a link that leads out of {path}.", exit_code=USAGE)
        names.append(relative.as_posix())
    return names
