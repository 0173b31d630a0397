"""Licence expressions: SPDX ids joined by AND, OR, WITH, and LicenseRef- names of one's own."""

import re
from functools import cache
from typing import Final, cast

from license_expression import (  # type: ignore[import-untyped]  # it ships no types
    ExpressionError,
    Licensing,
    get_spdx_licensing,
)

from souk.kernel.errors import Invalid

_OWN: Final = re.compile(r"(DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+")


def check_licence(expression: str) -> str:
    """The expression with the ids spelled as SPDX does.

    Raises:
        Invalid: `licence_invalid` names what is not known.
    """
    licensing = _licensing()
    try:
        parsed = licensing.parse(expression, strict=True)
        if parsed is None:
            raise _invalid(expression, "it is empty")
        unknown = [key for key in licensing.unknown_license_keys(parsed) if not _OWN.fullmatch(key)]
    except (ExpressionError, ValueError) as error:
        raise _invalid(expression, str(error).splitlines()[0][:200]) from error
    if unknown:
        raise _invalid(expression, f"{', '.join(unknown)} is no SPDX id")
    return cast(str, parsed.render())


def _invalid(expression: str, why: str) -> Invalid:
    return Invalid(
        "licence_invalid",
        f"{expression!r} is not an SPDX licence expression: {why}. Use ids such as MIT, Apache-2.0 "
        "or GPL-3.0-only (spdx.org/licenses), or LicenseRef-… for terms of your own.",
    )


@cache
def _licensing() -> Licensing:
    """The SPDX list: read once, when it is first needed."""
    return get_spdx_licensing()
