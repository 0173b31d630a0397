"""Words that people write, brought into one form before they are kept."""

import re
import unicodedata
from typing import Final

from souk.kernel.errors import Invalid

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_DIRECTION_OVERRIDES: Final = re.compile("[\u202a-\u202e]")
"""They could turn around the words of a page after them; right-to-left text needs none."""

_JOINERS: Final = frozenset("\u200c\u200d")
"""Control characters by class, but words of several scripts and many emoji need them."""
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's classes of what steers text instead of being seen."""
_BLANKS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs that look like nothing."""


def clean_name(text: str, *, name: str) -> str:
    """What a person or an organisation is called: one visible line, no blanks around it.

    Args:
        name: what the text is, for the error.

    Raises:
        Invalid: `text_invalid` for control and direction characters, and for what nobody sees.
    """
    cleaned = text.strip()
    if any(unicodedata.category(sign) in _HIDDEN and sign not in _JOINERS for sign in cleaned):
        raise Invalid(
            "text_invalid", f"The {name} must be one line without control or direction characters."
        )
    if not any(unicodedata.category(sign)[0] in "LNPS" and sign not in _BLANKS for sign in cleaned):
        raise Invalid("text_invalid", f"The {name} must have something that can be seen.")
    return cleaned


def clean_text(text: str, *, name: str, at_least: int = 0, at_most: int) -> str:
    """What a person wrote: line feeds, no blanks around it, no direction overrides.

    Args:
        name: what the text is, for the error.
        at_least: the fewest characters that must be left.
        at_most: the most.

    Raises:
        Invalid: `text_invalid`, with the position of a control character.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    bad = _CONTROL.search(lines)
    if bad is not None:
        raise Invalid(
            "text_invalid",
            f"The {name} holds the control character U+{ord(bad[0]):04X} at position "
            f"{bad.start() + 1}; take it out.",
            position=bad.start(),
        )
    cleaned = _DIRECTION_OVERRIDES.sub("", lines).strip()
    if not at_least <= len(cleaned) <= at_most:
        limit = f"at least {at_least}" if len(cleaned) < at_least else f"at most {at_most}"
        raise Invalid("text_invalid", f"The {name} must have {limit} characters.")
    return cleaned
